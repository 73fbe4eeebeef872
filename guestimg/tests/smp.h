/* SPDX-License-Identifier: BSD-2-Clause */
/* What smp.c and smp.S share: the second CPU's way from real mode to C. */
#ifndef GUESTIMG_TESTS_SMP_H
#define GUESTIMG_TESTS_SMP_H

#define AP_PAGES 0x8		/* where its first code may be: pages from here on, below 640 KiB */
#define AP_PAGE_COUNT 4

#ifndef __ASSEMBLER__
extern char ap_begin[], ap_end[];		/* runs at any page; KCODE is lib.c's GDT's */
extern char ap_gdtr[];				/* in it: what LGDT takes */
extern unsigned ap_cr0, ap_cr3, ap_cr4;		/* the first CPU's */
extern char ap_idtr[6];
/* Where it comes to, with its stack: what CS and EDX were at the start. */
__attribute__((noreturn)) void ap_main(unsigned cs, unsigned edx);
#endif
#endif
