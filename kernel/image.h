/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses that linker.ld defines. Declarations only: take their address, never their value. */
#ifndef KERNEL_IMAGE_H
#define KERNEL_IMAGE_H

#include "kernel/lib/types.h"

extern char image_start[], image_end[];
extern char image_text_start[], image_text_end[];
extern char image_bss_start[], image_bss_end[];

/* An instruction that may fault, and where to go on if it does (kernel/extable.h). */
struct extable_entry { u64 insn, fixup; };
extern struct extable_entry extable_start[], extable_end[];

struct ksyms {			/* made by tools/mksyms.py */
	u32 count;
	struct { u32 offset, name; } entry[];
};
extern const struct ksyms ksyms_start;
extern const char ksyms_end[];

#endif
