/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions of the monitor that are allowed to fault (accesses to guest memory by helpers),
 * and where each goes on if it does. Not a handler: a trap claimer asks, and decides.
 */
#ifndef KERNEL_EXTABLE_H
#define KERNEL_EXTABLE_H

#ifdef __ASSEMBLER__
/* The next instruction may fault; the claimer may then go on at \fixup. */
	.macro	MAY_FAULT fixup
	.pushsection .extable, "aw"
	.dword	771f, \fixup
	.popsection
771:
	.endm
#else
#include "kernel/lib/types.h"

/* Sort the table; before the first extable_find. */
void extable_init(void);

/* Where to go on if the instruction at pc faulted, or 0 if it may not fault. */
u64 extable_find(u64 pc);
#endif
#endif
