/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host exceptions: the frame, and who claims a fault. Translated code and C
 * both run at PLV0 with a valid monitor stack in sp and the per-core area in
 * tp, so the entry saves to the stack and needs no SAVE register (the TLB
 * refill handler has its own).
 *
 * Host interrupts do no device work: they note what came in struct cpu, and
 * set the kick register in the frame they return through. The run loop does
 * the rest.
 */
#ifndef KERNEL_TRAP_H
#define KERNEL_TRAP_H

#include "kernel/lib/types.h"

struct trap_frame {
	u64 gpr[32];		/* gpr[0] is always 0 */
	u64 pc;			/* ERA: where to go on */
	u64 badv;		/* faulting virtual address, where the cause has one */
	u64 cause;		/* ESTAT */
	u64 status;		/* PRMD */
	u32 insn;		/* BADI: the faulting instruction */
	u32 pad;
};

enum trap_kind {		/* host-neutral names of what a claimer may get */
	TRAP_LOAD_INVALID,	/* PIL: leaf with V = 0, load */
	TRAP_STORE_INVALID,	/* PIS */
	TRAP_FETCH_INVALID,	/* PIF */
	TRAP_STORE_READONLY,	/* PME: D = 0 */
	TRAP_NO_RIGHTS,		/* PNR, PNX, PPI */
	TRAP_ADDRESS,		/* ADEM, ADEF: address outside any map */
	TRAP_ALIGN,		/* ALE */
	TRAP_FP,		/* FPE */
	TRAP_ILLEGAL,		/* INE, IPE, FPD, SXD, ASXD */
	TRAP_BREAK,		/* BRK */
	TRAP_SYSCALL,
	TRAP_OTHER,
};

/*
 * Of this core's traps: called in the order registered until one returns true (the frame, which it
 * may have changed, is then returned through). None: a register dump and panic. Who is registered
 * on this core already is not once more.
 */
typedef bool (*trap_claimer)(struct trap_frame *f, enum trap_kind kind);
void trap_register(trap_claimer fn);

/* Describes a PC for dumps ("block …, guest eip …"); returns false if it is not the describer's. */
typedef bool (*trap_describer)(u64 pc, char *buf, size_t size);
void trap_register_describer(trap_describer fn);

#endif
