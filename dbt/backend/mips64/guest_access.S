/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory for helpers: one host access at the guest's linear address, which is zero-extended
 * first (regs.h: above, it would be physical memory). A fault that the guest must see goes on at
 * the fixup; the claimer has kept it. The access is never in a delay slot.
 */
#include "kernel/extable.h"

	.set	noreorder
	.text
	.macro	door name, insn, reg
	.globl	\name
	.type	\name, @function
\name:
	dext	$4, $4, 0, 32
	MAY_FAULT 1f
	\insn	\reg, 0($4)
1:	jr	$31
	nop
	.endm

/* u64 guest_ld_N(u64 addr) */
	door	guest_ld_1, lbu, $2
	door	guest_ld_2, lhu, $2
	door	guest_ld_4, lwu, $2
	door	guest_ld_8, ld, $2
/* void guest_st_N(u64 addr, u64 value) */
	door	guest_st_1, sb, $5
	door	guest_st_2, sh, $5
	door	guest_st_4, sw, $5
	door	guest_st_8, sd, $5

/* No guest of this host is in long mode: nothing is the same, nothing can be loaded or stored. */
	.globl	guest_same, guest_ld_frame, guest_st_frame
	.type	guest_same, @function
	.type	guest_ld_frame, @function
	.type	guest_st_frame, @function
guest_same:
guest_ld_frame:
guest_st_frame:
	jr	$31
	move	$2, $0

/* Of 32 bytes each. */
	.macro	try insn:vararg
	MAY_FAULT 2f
	\insn
	.endm

	.macro	sure insn:vararg
	\insn
	.endm

	.macro	each_bytes name, from, load, to, store
	.globl	\name
	.type	\name, @function
\name:
	dext	$4, $4, 0, 32
1:	\load	ld $8, 0(\from)
	\load	ld $9, 8(\from)
	\load	ld $10, 16(\from)
	\load	ld $11, 24(\from)
	\store	sd $8, 0(\to)
	\store	sd $9, 8(\to)
	\store	sd $10, 16(\to)
	\store	sd $11, 24(\to)
	daddiu	$6, $6, -32
	daddiu	$4, $4, 32
	bnez	$6, 1b
	daddiu	$5, $5, 32
2:	jr	$31
	nop
	.endm

/* void guest_ld_bytes(u64 addr, void *out, u64 size); guest_st_bytes(…, const void *in, …) */
	each_bytes guest_ld_bytes, $4, try, $5, sure
	each_bytes guest_st_bytes, $5, sure, $4, try
