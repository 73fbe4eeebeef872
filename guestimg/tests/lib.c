/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptor tables, traps and paging of the test programs. Reports are in
 * guestimg/base, timers in timers.c. Invariant: between runs interrupts are off.
 */
#include "guestimg/tests/lib.h"

struct tss {
	u32 link, esp0, ss0, rest[22];
	u16 trap, io_map;		/* io_map: beyond the limit, so no port is allowed */
};

handler on_trap[256];
struct stopped stopped;
u32 *kernel_pd;

static u64 gdt[9], idt[256];
static struct tss tss;
static u8 trap_stack[8192] __attribute__((aligned(16)));
static u8 user_stack[8192] __attribute__((aligned(16)));
static u32 tables_used, pages_used;

/* -- Traps -------------------------------------------------------------------- */

static u32 read_cr2(void)
{
	u32 v;

	__asm__ volatile("movl %%cr2, %0" : "=r"(v));
	return v;
}

/* Returns whether to go back to the code; else run() returns. */
u32 trap_c(struct trap *t)
{
	bool user = t->cs & 3;

	if (on_trap[t->vector] && on_trap[t->vector](t))
		return 1;
	if (!running)
		lost(t->vector, t->error, t->eip);
	running = 0;
	stopped = (struct stopped){
		.vector = t->vector, .error = t->error, .cr2 = read_cr2(),
		.r = { t->edi, t->esi, t->ebp, user ? t->esp : AT(&t->esp), t->ebx, t->edx,
		       t->ecx, t->eax, t->eip, t->cs, t->eflags, user ? t->ss : KDATA },
	};
	return 0;
}

struct regs user_regs(const void *eip)
{
	return (struct regs){ .eip = AT(eip), .cs = UCODE, .ss = UDATA, .eflags = 0x202,
			      .esp = AT(user_stack + sizeof(user_stack)) };
}

struct regs kernel_regs(const void *eip)
{
	return (struct regs){ .eip = AT(eip), .cs = KCODE, .ss = KDATA, .eflags = 0x202 };
}

void trap_stack_at(u32 esp0)
{
	tss.esp0 = esp0 ? esp0 : AT(trap_stack + sizeof(trap_stack));
}

void segment_base(u16 sel, u32 base) { gdt[sel >> 3] = descriptor(base, 0xfffff, 0xc0f3); }

static void tables_init(void)
{
	const struct pointer gdtr = { sizeof(gdt) - 1, AT(gdt) };
	const struct pointer idtr = { sizeof(idt) - 1, AT(idt) };

	gdt[KCODE >> 3] = descriptor(0, 0xfffff, 0xc09b);
	gdt[KDATA >> 3] = descriptor(0, 0xfffff, 0xc093);
	gdt[UCODE >> 3] = descriptor(0, 0xfffff, 0xc0fb);
	gdt[UDATA >> 3] = descriptor(0, 0xfffff, 0xc0f3);
	gdt[TSS >> 3] = descriptor(AT(&tss), 0x67, 0x89);
	gdt[USTACK16 >> 3] = descriptor(STACK16, 0xffff, 0x00f3);
	segment_base(UBASED, 0);
	segment_base(UBASED2, 0);
	for (u32 v = 0; v < 256; v++) {
		bool user = v == 3 || v == 4 || v >> 4 == 3;

		idt[v] = gate_low(AT(trap_stubs) + 16 * v, KCODE, user ? GATE_USER : GATE_INT);
	}
	trap_stack_at(0);
	tss.ss0 = KDATA;
	tss.io_map = 0x68;
	load_tables(&gdtr, &idtr);
}

/* -- Paging ------------------------------------------------------------------- */

u32 *table_new(void)
{
	u32 *t = (u32 *)(TABLES + PAGE * tables_used++);

	if (AT(t) >= PAGES)
		finish("out of page tables");
	return memset(t, 0, PAGE);
}

u32 page_new(void)
{
	u32 p = PAGES + PAGE * pages_used++;

	if (p >= STACK16)
		finish("out of pages");
	memset((void *)p, 0, PAGE);
	return p;
}

u32 *pte(u32 *pd, u32 va)
{
	return (u32 *)(pd[va >> 22] & ~0xfffu) + (va >> 12 & 0x3ff);
}

void map(u32 *pd, u32 va, u32 pa, u32 bits)
{
	u32 *pde = &pd[va >> 22];

	if (!*pde)
		*pde = AT(table_new()) | P | W | U;
	*pte(pd, va) = pa | bits;
}

u32 *pd_new(void)
{
	u32 *pd = table_new();

	for (u32 at = 0; at < RAM_SIZE; at += 0x400000)
		pd[at >> 22] = at | PS | P | W | U;
	pd[0xfee00000 >> 22] = 0xfec00000 | PS | PCD | P | W;
	return pd;
}

void lib_init(void)
{
	com1_init();
	tables_init();
	kernel_pd = pd_new();
	write_cr4(0x10);		/* PSE */
	load_cr3(kernel_pd);
	write_cr0((read_cr0() & 0x9fffffff) | 0x80010032);	/* PG WP NE MP ET */
}
