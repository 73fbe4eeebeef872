/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory for helpers: one host access at the guest's linear address. A
 * fault that the guest must see goes on at the fixup; the claimer has kept it.
 */
#include "kernel/extable.h"

	.text
	.macro	door name, insn, reg
	.globl	\name
	.type	\name, @function
\name:
	MAY_FAULT 1f
	\insn	\reg, $a0, 0
1:	jr	$ra
	.endm

/* u64 guest_ld_N(u64 addr) */
	door	guest_ld_1, ld.bu, $a0
	door	guest_ld_2, ld.hu, $a0
	door	guest_ld_4, ld.wu, $a0
	door	guest_ld_8, ld.d, $a0
/* void guest_st_N(u64 addr, u64 value) */
	door	guest_st_1, st.b, $a1
	door	guest_st_2, st.h, $a1
	door	guest_st_4, st.w, $a1
	door	guest_st_8, st.d, $a1

	.macro	try insn:vararg
	MAY_FAULT 2f
	\insn
	.endm

/* bool guest_same(const struct seen_word w[3]) */
	.globl	guest_same
	.type	guest_same, @function
guest_same:
	ld.d	$t0, $a0, 0
	ld.d	$t1, $a0, 16
	ld.d	$t2, $a0, 32
	ld.d	$t3, $a0, 8
	ld.d	$t4, $a0, 24
	ld.d	$t5, $a0, 40
	try ld.d	$t0, $t0, 0
	try ld.d	$t1, $t1, 0
	try ld.d	$t2, $t2, 0
	xor	$t0, $t0, $t3
	xor	$t1, $t1, $t4
	xor	$t2, $t2, $t5
	or	$t0, $t0, $t1
	or	$t0, $t0, $t2
	sltui	$a0, $t0, 1
	jr	$ra
2:	move	$a0, $zero
	jr	$ra

/* bool guest_ld_frame(u64 addr, u64 v[5]) */
	.globl	guest_ld_frame
	.type	guest_ld_frame, @function
guest_ld_frame:
	try ld.d	$t0, $a0, 0
	try ld.d	$t1, $a0, 8
	try ld.d	$t2, $a0, 16
	try ld.d	$t3, $a0, 24
	try ld.d	$t4, $a0, 32
	st.d	$t0, $a1, 0
	st.d	$t1, $a1, 8
	st.d	$t2, $a1, 16
	st.d	$t3, $a1, 24
	st.d	$t4, $a1, 32
	ori	$a0, $zero, 1
	jr	$ra
2:	move	$a0, $zero
	jr	$ra

/* bool guest_st_frame(u64 addr, u64 v0, … v4) */
	.globl	guest_st_frame
	.type	guest_st_frame, @function
guest_st_frame:
	try st.d	$a1, $a0, 0
	try st.d	$a2, $a0, 8
	try st.d	$a3, $a0, 16
	try st.d	$a4, $a0, 24
	try st.d	$a5, $a0, 32
	ori	$a0, $zero, 1
	jr	$ra
2:	move	$a0, $zero
	jr	$ra

/* Of 32 bytes each, by vector temporaries. */
	.macro	each_bytes name, load_from, load_may, store_to, store_may
	.globl	\name
	.type	\name, @function
\name:
1:	\load_may vld $vr0, \load_from, 0
	\load_may vld $vr1, \load_from, 16
	\store_may vst $vr0, \store_to, 0
	\store_may vst $vr1, \store_to, 16
	addi.d	$a2, $a2, -32
	addi.d	$a0, $a0, 32
	addi.d	$a1, $a1, 32
	bnez	$a2, 1b
2:	jr	$ra
	.endm

	.macro	sure insn:vararg
	\insn
	.endm

/* void guest_ld_bytes(u64 addr, void *out, u64 size); guest_st_bytes(…, const void *in, …) */
	each_bytes guest_ld_bytes, $a0, try, $a1, sure
	each_bytes guest_st_bytes, $a1, sure, $a0, try
