/* SPDX-License-Identifier: BSD-2-Clause */
/* Another CPU's way from real mode to C (cpus.S). */
#ifndef GUESTIMG_TESTS64_CPUS_H
#define GUESTIMG_TESTS64_CPUS_H

#include "guestimg/base/cpus.h"
#include "guestimg/tests64/lib.h"

extern char ap_begin[], ap_end[];		/* runs at any page; KCODE32 is lib.c's GDT's */
extern char ap_gdtr[];				/* in it: what LGDT takes */
extern u32 ap_cr0, ap_cr3, ap_cr4, ap_efer;	/* the first CPU's; EFER without LMA */
extern char ap_idtr[10];

#endif
