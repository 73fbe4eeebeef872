/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fuzz guest: from each reset on one round of unkind code, whose seed is the ROM's plus the
 * round's number. A round ends in a trap too many (one may be its watchdog's: the PIT's interrupt
 * as an NMI, through the PIC and LINT0), in a triple fault, or by whatever it does to the machine:
 * always a reset, after which the ROM begins the next one. The number is kept in CMOS and at NOTE.
 * Says "[round N seed S]"; who listens decides what silence means (qemu-test/fuzz/guest.py).
 */
#include "guestimg/base/mem.h"
#include "guestimg/fuzz/fuzz.h"

#define TRAPS 60			/* of one round */
#define WATCHDOG_US 4000
#define HANGS 5				/* ended by the watchdog before the round is over */
#define CMOS_NOTE 0x60

struct tss {
	u32 link, esp0, ss0, esp1, ss1, esp2, ss2, rest[18];
	u16 trap, io_map;
	u8 map[256];
};

struct bytes_rng rng;
u64 gdt[GDT_SIZE / 8], ldt[32], idt[256];

static struct tss tss, other[2];
static u8 trap_stack[4096] __attribute__((aligned(16)));
static u32 budget, hangs, code_base;		/* what EIP counts from, in the round's mode */

/* -- Printing: COM1 may be anything by now -- */

void print(const char *s)
{
	for (; *s; s++) {
		for (u32 n = 0; n < 10000 && !(inb(0x3fd) & 0x20); n++)
			;
		outb(0x3f8, (u8)*s);
	}
}

static void print_number(u32 v)
{
	char text[12], *p = text + sizeof(text) - 1;

	*p = 0;
	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	print(p);
}

/* -- Which round -- */

static u8 cmos(u32 n)
{
	outb(0x70, (u8)(CMOS_NOTE + n));
	return inb(0x71);
}

static void cmos_put(u32 n, u32 v)
{
	outb(0x70, (u8)(CMOS_NOTE + n));
	outb(0x71, (u8)v);
}

static u32 next_round(void)
{
	volatile u32 *note = (volatile u32 *)NOTE;
	u32 a = 0, b = 0, n;

	for (n = 0; n < 4; n++) {
		a |= (u32)cmos(n) << 8 * n;
		b |= (u32)(u8)~cmos(4 + n) << 8 * n;
	}
	n = a == b && a < 1u << 30 ? a : 0;
	if (note[0] == ~note[1] && note[0] == (note[2] ^ 0x5eed5eed) && note[0] > n &&
	    note[0] < 1u << 30)
		n = note[0];
	note[0] = n + 1;
	note[1] = ~(n + 1);
	note[2] = (n + 1) ^ 0x5eed5eed;
	for (u32 k = 0; k < 4; k++) {
		cmos_put(k, (n + 1) >> 8 * k);
		cmos_put(4 + k, ~((n + 1) >> 8 * k));
	}
	return n;
}

/* -- Descriptor tables -- */

static u16 code_selector(void)
{
	static const u16 codes[] = { KCODE, UCODE, CODE16_0, CODE16_3, TSS32_B, TSS16_B };

	return (u16)(one_in(4) ? rnd(GDT_SIZE) : codes[rnd(COUNT(codes))]);
}

u64 random_descriptor(void)
{
	u32 type = rnd(32), dpl = rnd(4), attr = type | dpl << 5 | (one_in(12) ? 0 : 0x80);

	if (!(type & 0x10) && (type & 4))
		return gate_low(one_in(2) ? CODE32 + rnd(CODE_SIZE) : rnd(CODE_SIZE),
				code_selector(), attr & 0xff) | (u64)rnd(4) << 32;
	if ((type & 0x15) == 1)
		return descriptor(AT(&other[rnd(2)]), one_in(4) ? edge() : 0x67 + rnd(0x40), attr);
	if (!(type & 0x10))
		return descriptor(AT(ldt), rnd(0x200), attr);
	return descriptor(one_in(2) ? 0 : one_in(2) ? CODE16 : edge(),
			  one_in(2) ? 0xfffff : edge() & 0xfffff, attr | rnd(16) << 12);
}

static void gdt_init(void)
{
	gdt[KCODE / 8] = descriptor(0, 0xfffff, 0xc09b);
	gdt[KDATA / 8] = descriptor(0, 0xfffff, 0xc093);
	gdt[UCODE / 8] = descriptor(0, 0xfffff, 0xc0fb);
	gdt[UDATA / 8] = descriptor(0, 0xfffff, 0xc0f3);
	gdt[TSS / 8] = descriptor(AT(&tss), sizeof(tss) - 1, 0x89);
	gdt[KCODE16 / 8] = descriptor(0, 0xffff, 0x9b);
	gdt[CODE16_0 / 8] = descriptor(CODE16, 0xffff, 0x9b);
	gdt[DATA16_0 / 8] = descriptor(CODE16, 0xffff, 0x93);
	gdt[CODE16_3 / 8] = descriptor(CODE16, 0xffff, 0xfb);
	gdt[DATA16_3 / 8] = descriptor(CODE16, 0xffff, 0xf3);
	gdt[LDT / 8] = descriptor(AT(ldt), sizeof(ldt) - 1, 0x82);
	gdt[TSS32_B / 8] = descriptor(AT(&other[0]), 0x67, 0x89);
	gdt[TSS16_B / 8] = descriptor(AT(&other[1]), 0x2b, 0x81);
	for (u32 n = RANDOM_FIRST / 8; n < COUNT(gdt); n++)
		gdt[n] = random_descriptor();
	for (u32 n = 0; n < COUNT(ldt); n++)
		ldt[n] = random_descriptor();
}

/* Vectors up to 31 come to us but for one now and then; NMI does always. */
static void idt_init(void)
{
	for (u32 v = 0; v < 256; v++)
		idt[v] = gate_low(AT(trap_stubs) + 16 * v, KCODE,
				  GATE_INT | (v >= 3 && v <= 4 ? 0x60 : 0) |
				  (v >= 32 ? rnd(4) << 5 : 0));
	for (u32 n = rnd(24); n; n--) {
		u32 v = one_in(4) ? rnd(32) : 32 + rnd(224);

		if (v == 2)
			continue;
		idt[v] = random_descriptor();
		if (one_in(4))			/* a task */
			idt[v] = gate_low(0, one_in(2) ? TSS32_B : TSS16_B, 0x85 | rnd(4) << 5);
	}
}

/* Tasks that can be switched to, if nothing is wrong by chance. */
static void tss_init(void)
{
	u32 *t = (u32 *)&other[0];
	u16 *s = (u16 *)&other[1];

	for (u32 n = 0; n < sizeof(other[0]) / 4; n++)
		t[n] = edge();
	t[0x1c / 4] = paging_cr3;
	t[0x20 / 4] = CODE32 + rnd(CODE_SIZE);
	t[0x24 / 4] = edge() & 0x4edd5;
	t[0x38 / 4] = DATA + 0x800;
	for (u32 n = 0x48 / 4; n < 0x60 / 4; n++)
		t[n] = one_in(8) ? edge() : KDATA;
	t[0x4c / 4] = one_in(8) ? UCODE : KCODE;
	t[0x60 / 4] = one_in(4) ? LDT : 0;
	for (u32 n = 0; n < sizeof(other[1]) / 2; n++)
		s[n] = (u16)edge();
	s[0x0e / 2] = (u16)rnd(CODE_SIZE);
	for (u32 n = 0x22 / 2; n < 0x2a / 2; n++)
		s[n] = DATA16_0;
	s[0x24 / 2] = CODE16_0;
	s[0x2a / 2] = 0;
	tss.esp0 = AT(trap_stack + sizeof(trap_stack));
	tss.ss0 = KDATA;
	tss.esp1 = tss.esp2 = DATA + 0x1000;
	tss.ss1 = one_in(2) ? edge() : KDATA;
	tss.io_map = (u16)(one_in(4) ? edge() : (u32)__builtin_offsetof(struct tss, map));
	for (u32 n = 0; n < sizeof(tss.map); n++)
		tss.map[n] = one_in(2) ? 0 : (u8)rnd(256);
	tss.map[0x3f8 / 8 % sizeof(tss.map)] = 0xff;
	tss.map[0xf4 / 8] = 0xff;
}

static void tables_init(void)
{
	const struct pointer gdtr = { sizeof(gdt) - 1, AT(gdt) };
	const struct pointer idtr = { sizeof(idt) - 1, AT(idt) };

	gdt_init();
	idt_init();
	tss_init();
	load_tables(&gdtr, &idtr);
}

/* -- The watchdog: once, as an NMI -- */

static void watchdog_init(void)
{
	static const u8 pic[] = { 0x11, 0x20, 4, 1 };
	u32 count = WATCHDOG_US * 1193 / 1000;

	outb(0x70, 0);				/* NMI on */
	outb(0x20, pic[0]);
	for (u32 n = 1; n < 4; n++)
		outb(0x21, pic[n]);
	outb(0x21, 0xfe);
	outb(0xa1, 0xff);
	*(volatile u32 *)0xfee000f0 = 0x1ff;
	*(volatile u32 *)0xfee00350 = 0x400;
	outb(0x43, 0x30);
	outb(0x40, (u8)count);
	outb(0x40, (u8)(count >> 8));
}

/* -- Traps -- */

static void new_registers(u32 *r)
{
	for (u32 n = 0; n < 8; n++)
		r[n] = one_in(3) ? edge() : (one_in(2) ? DATA : CODE32) + rnd(CODE_SIZE);
}

/* 1: guarded() is over. 0: on, somewhere else in the code. */
u32 trap_c(struct trap *t)
{
	if (!budget-- || (t->vector == 2 && ++hangs == HANGS))
		machine_reset(rnd(4));
	if (t->vector == 2)
		watchdog_init();
	if (guard_esp)
		return 1;
	if (t->vector >= 32)
		*(volatile u32 *)0xfee000b0 = 0;
	t->eip = one_in(2) ? t->eip + 1 + rnd(4) : code_base + rnd(CODE_SIZE);
	if (one_in(2))
		new_registers(&t->edi);
	if (one_in(4))
		t->eflags = (t->eflags & 0x20000) | 2 | (edge() & 0x57fd5);
	return 0;
}

/* -- Into the round -- */

static u32 some_flags(void)
{
	return 2 | (edge() & 0x8d5) | (one_in(2) ? 0x200 : 0) | (one_in(6) ? 0x100 : 0) |
	       (one_in(4) ? 0x400 : 0) | rnd(4) << 12 | (one_in(8) ? 0x4000 : 0) |
	       (one_in(6) ? 0x40000 : 0);
}

static void protected(int big, int user)
{
	struct entry e;
	u32 data = big ? (user ? UDATA : KDATA) : user ? DATA16_3 : DATA16_0;

	new_registers(&e.edi);
	code_base = big ? CODE32 : 0;
	e.eip = code_base + rnd(CODE_SIZE);
	e.cs = big ? (user ? UCODE : KCODE) : user ? CODE16_3 : CODE16_0;
	e.eflags = some_flags();
	e.ss = data;
	e.esp = big ? DATA + 0x10000 + rnd(0x1000) : 0x8000 + rnd(0x1000);
	e.ds = one_in(8) ? (rnd(GDT_SIZE) | (user ? 3 : 0)) : data;
	e.es = data;
	e.fs = e.gs = one_in(2) ? 0 : data;
	enter(&e);
}

static void v86(void)
{
	struct entry e;

	new_registers(&e.edi);
	code_base = 0;
	e.cs = CODE16 >> 4;
	e.eip = rnd(CODE_SIZE);
	e.eflags = some_flags() | 0x20000;
	e.ss = 0x3000;
	e.esp = one_in(4) ? rnd(0x10000) : 0xf000;
	e.ds = rnd(0x10000);
	e.es = CODE16 >> 4;
	e.fs = rnd(0x10000);
	e.gs = 0x2000;
	enter_v86(&e);
}

static void real_mode(void)
{
	volatile u16 *e = (volatile u16 *)LOW_ENTRY;
	volatile u32 *ivt = (volatile u32 *)0;

	__asm__ volatile("" : "+r"(ivt));
	for (u32 n = 0; n < 256; n++)
		ivt[n] = LOW;
	ivt[2] = ivt[8] = LOW + 0x20;
	for (u32 n = rnd(20); n; n--)
		ivt[32 + rnd(224)] = (CODE16 >> 4) << 16 | rnd(CODE_SIZE);
	e[0] = (u16)rnd(CODE_SIZE);
	e[1] = CODE16 >> 4;
	e[2] = (u16)(some_flags() & 0x7fff);
	e[3] = 0x3000;
	e[4] = (u16)(0xf000 + rnd(0x100));
	for (u32 n = 5; n < 9; n++)
		e[n] = (u16)(one_in(2) ? CODE16 >> 4 : rnd(0x10000));
	for (u32 n = 10; n < 24; n++)
		e[n] = (u16)edge();
	write_cr0(read_cr0() & 0x7fffffff);
	enter_real(one_in(2));
}

static void run_mode(u32 unused)
{
	(void)unused;
	guard_esp = 0;
	switch (rnd(8)) {
	case 0: real_mode(); break;
	case 1: v86(); break;
	default: protected(rnd(3) != 0, (int)rnd(2)); break;
	}
}

static void control_init(void)
{
	write_cr0((read_cr0() & 0x9fffffff & ~0xeu) | 0x20 | (one_in(4) ? rnd(8) << 1 : 2) |
		  (one_in(2) ? 0x40000 : 0));
	write_cr4(read_cr4() | (one_in(4) ? 0 : 0x600) | (one_in(4) ? rnd(16) : 0));
	__asm__ volatile("fninit");
}

void fuzz_main(void)
{
	u32 n = next_round();

	outb(0x3fb, 3);
	outb(0x3f9, 0);
	print("\n[round ");
	print_number(n);
	print(" seed ");
	print_number(seed + n);
	print("]\n");
	bytes_seed(&rng, seed + n);
	memcpy((void *)LOW, low_start, (u32)(low_end - low_start));
	bytes_fill(&rng, (u8 *)CODE16, CODE_SIZE, 0, (const u8 *)(real + 1), real[0]);
	memcpy((void *)CODE32, (const void *)CODE16, CODE_SIZE);
	budget = TRAPS;
	tables_init();
	paging_init();
	watchdog_init();
	if (one_in(4))
		guarded(op, 0);
	control_init();
	for (u32 k = rnd(30); k; k--)
		guarded(op, 0);
	guarded(run_mode, 0);
	machine_reset(rnd(4));
}
