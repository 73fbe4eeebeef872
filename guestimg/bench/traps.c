/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vectors and their handlers, and the PICs. Not for speed's sake clever: GCC's interrupt
 * functions, compiled for general registers only, so that they change no row's FP state.
 * Any vector that no row expects prints what happened and ends the run.
 */
#include "guestimg/bench/bench.h"

#define INTERRUPT __attribute__((interrupt, target("general-regs-only"))) static void

struct frame;

volatile u32 ticks, ipis, page_faults, soft_ints;

INTERRUPT on_other(struct frame *f)
{
	(void)f;
	put_text("\nUNEXPECTED INT\n");
	leave(3);
}

INTERRUPT on_exception(struct frame *f, unsigned long error)
{
	put_text("\nEXC err=");
	put_hex(error);
	put_text(" ip=");
	put_hex(*(unsigned long *)f);
	leave(4);
}

/* Maps the window's page again. */
INTERRUPT on_page_fault(struct frame *f, unsigned long error)
{
	unsigned long at;

	asm volatile("mov %%cr2, %0" : "=r"(at));
	if (at >> 22 != (unsigned long)WINDOW >> 22) {
		put_text("\n#PF addr=");
		put_hex(at);
		put_text(" err=");
		put_hex(error);
		put_text(" ip=");
		put_hex(*(unsigned long *)f);
		leave(5);
	}
	u32 i = (at >> 12) & 511;

	window_table[i] = (WINDOW_PHYS + (i << 12)) | 3;
	page_faults++;
}

INTERRUPT on_tick(struct frame *f)
{
	(void)f;
	ticks++;
	outb(0x20, 0x20);
}

INTERRUPT on_ipi(struct frame *f)
{
	(void)f;
	ipis++;
	LAPIC[LAPIC_EOI / 4] = 0;
}

INTERRUPT on_soft(struct frame *f)
{
	(void)f;
	soft_ints++;
}

/* IRQ 0 to 15 become vectors 0x20 to 0x2f; all are masked. */
static void pics_init(void)
{
	outb(0x20, 0x11);
	outb(0xa0, 0x11);
	outb(0x21, 0x20);
	outb(0xa1, 0x28);
	outb(0x21, 4);
	outb(0xa1, 2);
	outb(0x21, 1);
	outb(0xa1, 1);
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

void traps_init(void)
{
	pics_init();
	for (int i = 0; i < 256; i++)
		gate_set(i, on_other);
	for (int i = 8; i < 18; i++)		/* those with an error code */
		if (i != 9 && i != 15 && i != 16)
			gate_set(i, on_exception);
	gate_set(14, on_page_fault);
	gate_set(VECTOR_TICK, on_tick);
	gate_set(VECTOR_IPI, on_ipi);
	gate_set(VECTOR_SOFT, on_soft);
	gates_load();
}
