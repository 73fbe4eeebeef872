/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What glue.S and level.S share of the doors: saving what is pinned, going on. Macros only; C never
 * includes it.
 */
#ifndef DBT_BACKEND_LOONGARCH64_GLUE_ASM_H
#define DBT_BACKEND_LOONGARCH64_GLUE_ASM_H

#ifdef __ASSEMBLER__
	.macro	each_gpr insn, wide
	\insn	$r23, $tp, ST_GPR(0)
	\insn	$r24, $tp, ST_GPR(1)
	\insn	$r25, $tp, ST_GPR(2)
	\insn	$r26, $tp, ST_GPR(3)
	\insn	$r27, $tp, ST_GPR(4)
	\insn	$r28, $tp, ST_GPR(5)
	\insn	$r29, $tp, ST_GPR(6)
	\insn	$r30, $tp, ST_GPR(7)
	.if	\wide
	upper_gpr \insn
	.endif
	.endm

	.macro	upper_gpr insn
	\insn	$r12, $tp, ST_GPR(8)
	\insn	$r13, $tp, ST_GPR(9)
	\insn	$r14, $tp, ST_GPR(10)
	\insn	$r15, $tp, ST_GPR(11)
	\insn	$r16, $tp, ST_GPR(12)
	\insn	$r17, $tp, ST_GPR(13)
	\insn	$r18, $tp, ST_GPR(14)
	\insn	$r19, $tp, ST_GPR(15)
	.endm

/* rLIMIT = -2^62 */
	.macro	set_limit
	lu52i.d	$r11, $zero, -0x400
	.endm

/*
 * rCTX: of the context, or of nothing if the kick register is set. (An interrupt from here on
 * changes both: host_frame_kick.)
 */
	.macro	load_ctx
	ld.d	$r10, $tp, ST_CTX
	ctx_or_nothing
	.endm

	.macro	ctx_or_nothing
	beqz	$r21, .Lnot_kicked\@
	la.pcrel $r10, jump_nothing
.Lnot_kicked\@:
	.endm

/*
 * a1 = an entry of the jump cache: to its block if it is that of eip, a0, by either name, and not
 * closed; that of 64-bit code (wide: 1, else 0) looks at RSP. Else it falls through. Changes a1,
 * a2, a3.
 */
	.macro	enter_named wide
	ld.d	$a2, $a1, 0
	beq	$a2, $a0, .Lnamed\@
	lu52i.d	$a3, $a0, JUMP_TAG
	bne	$a2, $a3, .Lother\@
.Lnamed\@:
	ld.d	$a1, $a1, 8
	jirl	$a2, $a1, \wide * ENTRY_UNCHECKED_BYTES
.Lother\@:
	.endm

/* Everything pinned goes to struct vcpu. */
	.macro	save_pinned wide
	st.d	$r9, $tp, ST_PAGE
	.if	\wide
	each_gpr st.d, 1
	.else
	each_gpr st.w, 0
	.endif
	st.d	$r20, $tp, ST_CCOP
	st.d	$r22, $tp, ST_CCA
	st.d	$r31, $tp, ST_CCB
	.endm

	.macro	door name
	.globl	\name
	.type	\name, @function
\name:
	.endm

/* C's answer, a0, where to go on, if it is one. */
	.macro	go_on
	bltz	$a0, resume
	bnez	$a0, resume64
	.endm
#endif

#endif
