/* SPDX-License-Identifier: BSD-2-Clause */
/* The 32-bit image's IDT. Not the handlers (traps.c). Invariant: all gates are interrupt gates. */
#include "guestimg/bench/bench.h"

#define CODE_SELECTOR 0x08

struct gate {
	u16 low, selector;
	u8 zero, type;
	u16 high;
} __attribute__((packed));

static struct gate idt[256] __attribute__((aligned(16)));

void gate_set(int vector, void *handler)
{
	unsigned long a = (unsigned long)handler;

	idt[vector] = (struct gate){
		.low = a & 0xffff, .selector = CODE_SELECTOR, .type = 0x8e, .high = a >> 16,
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
