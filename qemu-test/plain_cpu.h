/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Has this machine the CPU that programs see elsewhere? A hypervisor that runs its guest's kernel
 * in user mode gives them segments of its own, and some instructions another outcome: then the CPU
 * is no oracle, and what would ask it is left out, visibly. Not what CPUs of two makers do
 * differently (vendor.h).
 */
#ifndef PLAIN_CPU_H
#define PLAIN_CPU_H

#include "kernel/lib/types.h"

#define PLAIN_CPU_REASON "this machine's hypervisor shows its programs no plain x86 CPU"

/* Every kernel of 64 bits has code of 32 bits for users as selector 23h, whatever it runs. */
static inline bool plain_cpu(void)
{
	u32 rights = 0;
	bool known;

	__asm__ volatile("lar %2, %0" : "+r"(rights), "=@ccz"(known) : "r"(0x23u));
	return known && (rights & 0xff00) == 0xfb00;
}

#endif
