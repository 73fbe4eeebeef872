/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptor tables, traps and paging of the 64-bit test programs. Reports are in guestimg/base.
 * Invariant: between runs interrupts are off, and the tables are as lib_init made them.
 */
#include "guestimg/tests64/lib.h"

handler on_trap[256];
struct stopped stopped;
struct tss tss;
u64 gdt[GDT_ENTRIES] __attribute__((aligned(16))), idt[512] __attribute__((aligned(16)));
u8 trap_stack[8192] __attribute__((aligned(16))), user_stack[8192] __attribute__((aligned(16)));
u8 code_stack[8192] __attribute__((aligned(16))), ist_stack[7][4096] __attribute__((aligned(16)));
const struct pointer gdt_pointer = { sizeof(gdt) - 1, AT(gdt) };
const struct pointer idt_pointer = { sizeof(idt) - 1, AT(idt) };

static u32 tables_used = 3, pages_used;		/* start.S made three tables */

/* -- Traps -------------------------------------------------------------------- */

static bool has_error(u64 vector)
{
	return vector == 8 || vector == 17 || (vector >= 10 && vector <= 14);
}

/* Returns whether to go back to the code; else run() returns. */
u32 trap_c(struct trap *t, u32 ss)
{
	if (on_trap[t->vector] && on_trap[t->vector](t))
		return 1;
	if (!running)
		lost(t->vector, t->error, t->rip);
	running = 0;
	stopped = (struct stopped){
		.vector = t->vector, .error = t->error, .cr2 = READ(cr2),
		.stack = has_error(t->vector) ? AT(&t->error) : AT(&t->rip), .handler_ss = ss,
		.r = { t->rax, t->rcx, t->rdx, t->rbx, t->rbp, t->rsi, t->rdi, t->r8, t->r9,
		       t->r10, t->r11, t->r12, t->r13, t->r14, t->r15, t->rsp, t->rip, t->cs,
		       t->rflags, t->ss },
	};
	return 0;
}

void run_to(const struct regs *r, u64 vector, u64 error)
{
	run(r);
	expect("vector", stopped.vector, vector);
	if (has_error(vector))
		expect("error code", stopped.error, error);
}

struct regs kernel_regs(const void *rip)
{
	return (struct regs){ .rip = AT(rip), .cs = KCODE64, .ss = KDATA, .rflags = 2,
			      .rsp = TOP(code_stack) };
}

struct regs user_regs(const void *rip)
{
	return (struct regs){ .rip = AT(rip), .cs = UCODE64, .ss = UDATA, .rflags = 2,
			      .rsp = TOP(user_stack) };
}

struct regs user32_regs(const void *rip)
{
	struct regs r = user_regs(rip);

	r.cs = UCODE32;
	return r;
}

struct regs user16_regs(u16 ip)
{
	return (struct regs){ .rip = ip, .cs = UCODE16, .ss = UDATA16, .rflags = 2, .rsp = 0xfff0 };
}

/* -- Descriptors -------------------------------------------------------------- */

void gate_set(u8 vector, u64 at, u16 selector, u8 type, u8 ist)
{
	idt[vector * 2] = gate_low(at, selector, type | (u32)ist << 8);
	idt[vector * 2 + 1] = at >> 32;
}

void gate_reset(u8 vector)
{
	bool user = vector == V_BP || vector == 4 || vector >> 4 == 3 || vector >> 4 == 5;

	gate_set(vector, AT(trap_stubs) + 16 * vector, KCODE64, user ? GATE_USER : GATE_INT,
		 vector == V_DF ? 7 : 0);
}

static void tables_init(void)
{
	gdt[KCODE32 >> 3] = descriptor(0, 0xfffff, 0xc09b);
	gdt[KCODE64 >> 3] = descriptor(0, 0xfffff, 0xa09b);
	gdt[KDATA >> 3] = descriptor(0, 0xfffff, 0xc093);
	gdt[UCODE32 >> 3] = descriptor(0, 0xfffff, 0xc0fb);
	gdt[UDATA >> 3] = gdt[UDATA64 >> 3] = descriptor(0, 0xfffff, 0xc0f3);
	gdt[UCODE64 >> 3] = descriptor(0, 0xfffff, 0xa0fb);
	gdt[TSS >> 3] = descriptor((u32)AT(&tss), sizeof(tss) - 1, 0x89);
	gdt[UCODE16 >> 3] = descriptor(DATA16, 0xffff, 0xfb);
	gdt[UDATA16 >> 3] = descriptor(DATA16, 0xffff, 0xf3);
	gdt[KCODE16 >> 3] = descriptor(DATA16, 0xffff, 0x9b);
	gdt[KDATA16 >> 3] = descriptor(DATA16, 0xffff, 0x93);
	for (u32 v = 0; v < 256; v++)
		gate_reset((u8)v);
	tss.rsp0 = TOP(trap_stack);
	for (u32 k = 0; k < 7; k++)
		tss.ist[k] = TOP(ist_stack[k]);
	tss.io_map = sizeof(tss);
	load_tables(&gdt_pointer, &idt_pointer);
}

/* -- Paging ------------------------------------------------------------------- */

static u64 table_new(void)
{
	u64 t = TABLES + PAGE * (u64)tables_used++;

	if (t >= PAGES)
		finish("out of page tables");
	memset((void *)t, 0, PAGE);
	return t;
}

u64 page_new(void)
{
	u64 p = PAGES + PAGE * (u64)pages_used++;

	if (p >= DATA16)
		finish("out of pages");
	memset((void *)p, 0, PAGE);
	return p;
}

u64 *entry(u64 va, u32 level)
{
	u64 *table = (u64 *)(READ(cr3) & ~0xffful);

	for (u32 l = 4; l > level; l--)
		table = (u64 *)(table[va >> (3 + 9 * l) & 511] & 0xffffffffff000);
	return &table[va >> (3 + 9 * level) & 511];
}

void map(u64 va, u64 pa, u64 bits)
{
	for (u32 level = 4; level > 1; level--)
		if (!*entry(va, level))
			*entry(va, level) = table_new() | P | W | U;
	*entry(va, 1) = pa | bits;
	invlpg(va);
}

/* -- Registers ---------------------------------------------------------------- */

u64 rdmsr(u32 msr)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" :: "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

CODE(code_wrmsr, "wrmsr")

u64 try_wrmsr(u32 msr, u64 v)
{
	struct regs r = kernel_regs(code_wrmsr);

	r.rcx = msr;
	r.rax = (u32)v;
	r.rdx = v >> 32;
	run(&r);
	if (stopped.vector != VEC_EXIT)
		expect("error code of WRMSR", stopped.error, 0);
	return stopped.vector;
}

struct cpuid cpuid(u32 leaf, u32 sub)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
			 : "0"(leaf), "2"(sub));
	return r;
}

void lib_init(void)
{
	com1_init();
	map(0xfee00000, 0xfee00000, PCD | P | W);
	tables_init();
}
