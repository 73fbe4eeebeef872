/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unkind things that C can do at CPL 0, one at a time: ports, MSRs, devices' memory, control and
 * debug registers, descriptors, tables, code that changes. Any of them may trap, and is over then.
 * Left out on purpose: COM1 and what powers the machine off, or nobody would hear of the round.
 */
#include "guestimg/fuzz/fuzz.h"

/* -- Ports -- */

static u16 some_port(void)
{
	static const u16 ports[] = {
		0x00, 0x08, 0x20, 0x21, 0x40, 0x43, 0x60, 0x61, 0x64, 0x70, 0x71, 0x80, 0x92, 0xa0,
		0xa1, 0xc0, 0xd6, 0xf0, 0x170, 0x177, 0x1f0, 0x1f1, 0x1f2, 0x1f6, 0x1f7, 0x376,
		0x3c0, 0x3c4, 0x3ce, 0x3d4, 0x3f6, 0x402, 0x404, 0x4d0, 0x510, 0x511, 0x514, 0x518,
		0xcf8, 0xcfc,
	};

	if (one_in(3))
		return (u16)rnd(0x10000);
	return (u16)(ports[rnd(COUNT(ports))] + (one_in(4) ? rnd(4) : 0));
}

static int forbidden(u16 port)
{
	return (port & ~7u) == 0x3f8 || (port & ~7u) == 0xf0 || (port & ~0x3fu) == 0x600 ||
	       (port & ~0x3fu) == 0xb000 || port == 0xcf9 || port == 0x92 || port == 0x64;
}

static void op_port(void)
{
	u16 port = some_port();

	if (forbidden(port))
		return;
	switch (rnd(6)) {
	case 0: inb(port); break;
	case 1: inw(port); break;
	case 2: inl(port); break;
	case 3: outb(port, (u8)edge()); break;
	case 4: outw(port, (u16)edge()); break;
	default: outl(port, edge()); break;
	}
}

static u32 some_address(void)
{
	static const u32 places[] = {
		DATA, CODE32, CODE32 + CODE_SIZE - 8, CODE16, 0xa0000, 0xb8000, 0xc0000, 0xe0000,
		0xfee00000, 0xfec00000, 0xfffff000, RAM_SIZE - 0x1000, TABLES, 0xd0000000,
	};

	return places[rnd(COUNT(places))] + rnd(0x1000);
}

static void op_port_string(void)
{
	u32 at = some_address(), count = one_in(4) ? edge() & 0xffff : rnd(600);
	u16 port = some_port();

	if (forbidden(port))
		return;
	if (one_in(4))
		__asm__ volatile("std");
	switch (rnd(6)) {
	case 0: __asm__ volatile("rep insb" : "+D"(at), "+c"(count) : "d"(port) : "memory"); break;
	case 1: __asm__ volatile("rep insw" : "+D"(at), "+c"(count) : "d"(port) : "memory"); break;
	case 2: __asm__ volatile("rep insl" : "+D"(at), "+c"(count) : "d"(port) : "memory"); break;
	case 3: __asm__ volatile("rep outsb" : "+S"(at), "+c"(count) : "d"(port)); break;
	case 4: __asm__ volatile("rep outsw" : "+S"(at), "+c"(count) : "d"(port)); break;
	default: __asm__ volatile("rep outsl" : "+S"(at), "+c"(count) : "d"(port)); break;
	}
	__asm__ volatile("cld");
}

static void op_pci(void)
{
	outl(0xcf8, 0x80000000 | rnd(4) << 11 | rnd(4) << 8 | (one_in(2) ? rnd(0x40) : 0x10) << 2);
	one_in(2) ? outl(0xcfc, edge()) : outb((u16)(0xcfc + rnd(4)), (u8)edge());
	inl(0xcfc);
}

/* -- MSRs and registers -- */

static void op_msr(void)
{
	static const u32 first[] = {
		0x10, 0x17, 0x1b, 0x2a, 0x79, 0x8b, 0xc1, 0xcd, 0xfe, 0x119, 0x174, 0x179, 0x186,
		0x198, 0x19a, 0x1a0, 0x1d9, 0x200, 0x208, 0x250, 0x258, 0x268, 0x277, 0x2ff, 0x3f1,
		0x400, 0xc0000080,
	};
	u32 n = one_in(4) ? edge() : first[rnd(COUNT(first))] + rnd(8);

	one_in(2) ? (void)rdmsr(n) : wrmsr(n, one_in(2) ? 0 : edge(), edge());
}

static void write_dr(u32 n, u32 v)
{
	switch (n) {
	case 0: __asm__ volatile("movl %0, %%dr0" :: "r"(v)); break;
	case 1: __asm__ volatile("movl %0, %%dr1" :: "r"(v)); break;
	case 2: __asm__ volatile("movl %0, %%dr2" :: "r"(v)); break;
	case 3: __asm__ volatile("movl %0, %%dr3" :: "r"(v)); break;
	case 4: __asm__ volatile("movl %0, %%db4" :: "r"(v)); break;
	case 6: __asm__ volatile("movl %0, %%dr6" :: "r"(v)); break;
	default: __asm__ volatile("movl %0, %%dr7" :: "r"(v)); break;
	}
}

static void op_debug(void)
{
	for (u32 n = 0; n < 4; n++)
		write_dr(n, one_in(2) ? CODE32 + rnd(CODE_SIZE) : edge());
	write_dr(7, edge() & 0xffffdfff);
	if (one_in(4))
		write_dr(rnd(8), edge());
}

static void op_control(void)
{
	u32 cr0 = read_cr0(), cr4 = read_cr4();

	switch (rnd(4)) {
	case 0: write_cr4(cr4 ^ 1u << rnd(11)); break;
	case 1: write_cr0(cr0 ^ (1u << rnd(6) & ~1u)); break;
	case 2: write_cr0(cr0 ^ (one_in(2) ? 0x10000 : 0x40000)); break;
	default: write_cr0(cr0 ^ (1u << rnd(32) & ~1u)); break;
	}
	*(volatile u32 *)(CODE32 + 0x3000 + rnd(0x2000)) += 1;
	if (one_in(2))
		write_cr4(cr4);
	if (one_in(2))
		write_cr0(cr0);
}

/* -- Memory -- */

static void op_memory(void)
{
	u32 at = some_address();

	for (u32 n = rnd(8); n; n--, at += rnd(16)) {
		if ((at & ~0xfu) == 0xfee00350)		/* the watchdog's way */
			continue;
		switch (rnd(6)) {
		case 0: *(volatile u8 *)at; break;
		case 1: *(volatile u16 *)at; break;
		case 2: *(volatile u32 *)at; break;
		case 3: *(volatile u8 *)at = (u8)edge(); break;
		case 4: *(volatile u64 *)at = edge(); break;
		default: *(volatile u32 *)at = edge(); break;
		}
	}
}

static void op_string(void)
{
	u32 to = some_address(), from = some_address(), count = rnd(3000);

	if ((to & ~0xfffu) == 0xfee00000)
		return;
	__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) :: "memory");
}

static void op_fpu(void)
{
	u32 at = (some_address() & ~15u) + (one_in(4) ? rnd(16) : 0);

	switch (rnd(6)) {
	case 0: __asm__ volatile("fxsave (%0)" :: "r"(at) : "memory"); break;
	case 1: __asm__ volatile("fxrstor (%0)" :: "r"(at)); break;
	case 2: __asm__ volatile("frstor (%0)" :: "r"(at)); break;
	case 3: __asm__ volatile("fnsave (%0)" :: "r"(at) : "memory"); break;
	case 4: __asm__ volatile("ldmxcsr (%0)" :: "r"(at)); break;
	default: __asm__ volatile("fldenv (%0)" :: "r"(at)); break;
	}
}

/* -- Descriptors -- */

static u32 some_selector(void) { return rnd(one_in(8) ? 0x10000 : GDT_SIZE) | (one_in(4) ? 4 : 0); }

static void op_segment(void)
{
	u32 s = some_selector(), v = edge();

	gdt[(s & 0x3ff & ~7u) / 8 < RANDOM_FIRST / 8 ? RANDOM_FIRST / 8 : (s & 0x3ff) / 8] =
		random_descriptor();
	switch (rnd(10)) {
	case 0: __asm__ volatile("movl %0, %%fs" :: "r"(s)); break;
	case 1: __asm__ volatile("movl %0, %%gs" :: "r"(s)); break;
	case 2: __asm__ volatile("lar %1, %0" : "+r"(v) : "r"(s)); break;
	case 3: __asm__ volatile("lsl %1, %0" : "+r"(v) : "r"(s)); break;
	case 4: __asm__ volatile("verr %w0" :: "r"(s)); break;
	case 5: __asm__ volatile("verw %w0" :: "r"(s)); break;
	case 6: __asm__ volatile("lldt %w0" :: "r"(s)); break;
	case 7: __asm__ volatile("ltr %w0" :: "r"(s)); break;
	case 8: __asm__ volatile("movl %0, %%es; movl %1, %%es" :: "r"(s), "r"(KDATA)); break;
	default: __asm__ volatile("movl %%fs:(%0), %0" : "+r"(v)); break;
	}
}

/* Gates, other tasks, far returns: whatever runs there ends in a trap, or by the watchdog. */
static void op_far(void)
{
	struct { u32 off; u16 sel; } __attribute__((packed)) to;
	u32 sel = some_selector(), off = CODE32 + rnd(CODE_SIZE);

	to.off = off;
	to.sel = (u16)sel;
	switch (rnd(4)) {
	case 0: __asm__ volatile("lcall *%0" :: "m"(to) : "memory"); break;
	case 1: __asm__ volatile("ljmp *%0" :: "m"(to) : "memory"); break;
	case 2: __asm__ volatile("pushl %0; pushl %1; lret" :: "r"(sel), "r"(off)); break;
	default: __asm__ volatile("pushfl; orl $0x4000, (%%esp); popfl; iretl" ::: "memory"); break;
	}
}

/* -- Code that changes under its own feet -- */

static void op_code(void)
{
	u32 at = CODE32 + rnd(CODE_SIZE - 64);
	void (*volatile f)(void) = (void (*)(void))at;
	u8 bytes[48];

	bytes_fill(&rng, bytes, sizeof(bytes), 0, 0, 0);
	for (u32 n = 0; n < sizeof(bytes); n++)
		((volatile u8 *)at)[n] = bytes[n];
	f();
}

static void op_paging(void)
{
	paging_disturb();
	*(volatile u32 *)(CODE32 + rnd(0x8000)) |= 1;
	*(volatile u32 *)(0x80000000 + rnd(0x60000000)) |= 1;
}

static void op_apic(void)
{
	volatile u32 *icr = (volatile u32 *)0xfee00300;

	switch (rnd(3)) {
	case 0: *(volatile u32 *)(0xfee00000 + rnd(0x40) * 16) = edge(); break;
	case 1: *icr = (edge() & 0xfffff8ff) | 0x40000; break;		/* to itself, a vector */
	default: *(volatile u32 *)0xfec00000 = rnd(0x40);
		*(volatile u32 *)0xfec00010 = edge() | 0x10000; break;
	}
}

void op(u32 unused)
{
	static void (*const ops[])(void) = {
		op_port, op_port, op_port_string, op_pci, op_msr, op_msr, op_debug, op_control,
		op_memory, op_memory, op_string, op_fpu, op_segment, op_segment, op_far, op_code,
		op_code, op_code, op_paging, op_paging, op_apic,
	};

	(void)unused;
	ops[rnd(COUNT(ops))]();
}
