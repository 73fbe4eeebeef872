/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 64-bit image's IDT, of 16-byte gates. Not the handlers (traps.c).
 * Invariant: all gates are interrupt gates without a stack of their own.
 */
#include "guestimg/bench/bench.h"

#define CODE_SELECTOR 0x18

struct gate {
	u16 low, selector;
	u8 stack, type;
	u16 middle;
	u32 high, zero;
} __attribute__((packed));

static struct gate idt[256] __attribute__((aligned(16)));

void gate_set(int vector, void *handler)
{
	unsigned long a = (unsigned long)handler;

	idt[vector] = (struct gate){
		.low = a & 0xffff, .selector = CODE_SELECTOR, .type = 0x8e,
		.middle = a >> 16 & 0xffff, .high = a >> 32,
	};
}

void gates_load(void)
{
	struct {
		u16 limit;
		unsigned long base;
	} __attribute__((packed)) table = { sizeof(idt) - 1, (unsigned long)idt };

	asm volatile("lidt %0" : : "m"(table));
}
