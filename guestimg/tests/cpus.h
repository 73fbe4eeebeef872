/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs for several CPUs: the other ones' way from real mode to C (cpus.S, cpus.c), and what all
 * such programs have (guestimg/base/cpus.h).
 */
#ifndef GUESTIMG_TESTS_CPUS_H
#define GUESTIMG_TESTS_CPUS_H

#include "guestimg/base/cpus.h"

#ifndef __ASSEMBLER__
#include "guestimg/tests/lib.h"

/* -- cpus.S -- */

extern char ap_begin[], ap_end[];		/* runs at any page; KCODE is lib.c's GDT's */
extern char ap_gdtr[];				/* in it: what LGDT takes */
extern unsigned ap_cr0, ap_cr3, ap_cr4;		/* the first CPU's */
extern char ap_idtr[6];

/* Serialise (SDM vol. 3, 9.3), by one way and the other. */
static inline void by_cpuid(void)
{
	u32 a = 0, c = 0;

	__asm__ volatile("cpuid" : "+a"(a), "+c"(c) :: "ebx", "edx", "memory");
}

static inline void by_iret(void)
{
	__asm__ volatile("pushfl\n\tpushl %%cs\n\tpushl $1f\n\tiretl\n1:" ::: "memory");
}
#endif
#endif
