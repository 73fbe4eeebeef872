/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaves of x87 helpers (dbt/ir/leaves.def): the common case of dbt/fp/x87*.c and softfp_fast.h in
 * the same steps: registers that are there, normal numbers, a normal result, 64 bits, to nearest,
 * P masked. Anything else goes to the C helper, with nothing changed. $a0 helper, $a1-$a3 its
 * arguments. Changed: $a0, $a4, $a7, $t0-$t7, $vr0, $vr1.
 * Invariant: no store before the last branch to label 9, which is the C helper; but what that
 * notes in the same way. A leaf of x87_again.def begins behind what it need not note.
 */
#include "dbt/backend/glue.h"

#define X_CW (ST_X87 + 128)
#define X_SW (ST_X87 + 130)
#define X_VALID (ST_X87 + 132)
#define X_PLAIN (X_VALID + 1)	/* bits 8 to 15 of it */
#define X_FCS (ST_X87 + 136)
#define X_MARK (ST_X87 + 140)
#define SEL 14			/* of a segment */

#define EXP_TOO_BIG 0x7ffd	/* less 1, and one less for a carry */

	.section .text.glue, "ax"

	.macro	label name
	.globl	leaf_x87_\name
	.type	leaf_x87_\name, @function
leaf_x87_\name:
	.endm

	.macro	top
	ld.hu	$t1, $tp, X_SW
	bstrpick.d $t0, $t1, 13, 11
	.endm

	.macro	leaf name
	label	\name
	note_place
	label	\name\()_again
	top
	.endm

/* With an operand in memory. */
	.macro	leaf_mem name
	label	\name
	note_place
	note_segment
	label	\name\()_again
	top
	.endm

	.macro	end
	jr	$ra
9:	b	glue_call
	.endm

/* -- The stack: t0 is TOP, t1 the status word -- */

	.macro	valid_or_slow reg, tmp, tmp2
	ld.hu	\tmp, $tp, X_VALID
	srl.d	\tmp2, \tmp, \reg
	andi	\tmp2, \tmp2, 1
	beqz	\tmp2, 9f
	.endm

/* A normal number, and the control word is plain. Changes \tmp. */
	.macro	plain_or reg, tmp, label
	ld.bu	\tmp, $tp, X_PLAIN
	srl.d	\tmp, \tmp, \reg
	andi	\tmp, \tmp, 1
	beqz	\tmp, \label
	.endm

/* \reg = both bits of register \n in X_VALID. */
	.macro	both_bits reg, n
	ori	\reg, $zero, 0x101
	sll.d	\reg, \reg, \n
	.endm

/* t1 = the status word with C1 = 0 and without ST(0), which is made empty. Changes a4, a7, t7. */
	.macro	pop
	bstrpick.d $a4, $t1, 13, 11
	ld.hu	$a7, $tp, X_VALID
	both_bits $t7, $a4
	andn	$a7, $a7, $t7
	st.h	$a7, $tp, X_VALID
	addi.d	$a4, $a4, 1
	bstrins.d $t1, $a4, 13, 11
	.endm

/* t0 = the register before TOP, which is to be empty. Changes t2, t3; t2 becomes the valid ones. */
	.macro	room_or_slow
	addi.d	$t0, $t0, 7
	andi	$t0, $t0, 7
	ld.hu	$t2, $tp, X_VALID
	srl.d	$t3, $t2, $t0
	andi	$t3, $t3, 1
	bnez	$t3, 9f
	.endm

/*
 * That register is the new TOP, with the bits of register 0 in X_VALID that t7 has; t0 becomes its
 * address less ST_X87. push: significand t5, sign with exponent t4 into it.
 */
	.macro	push_top
	bstrins.d $t1, $t0, 13, 11
	bstrins.d $t1, $zero, 9, 9
	st.h	$t1, $tp, X_SW
	sll.d	$t3, $t7, $t0
	or	$t2, $t2, $t3
	st.h	$t2, $tp, X_VALID
	alsl.d	$t0, $t0, $tp, 4
	.endm

	.macro	push
	push_top
	st.d	$t5, $t0, ST_X87
	st.h	$t4, $t0, ST_X87 + 8
	.endm

/*
 * -- Where instruction and operand are (struct x87_noted; dbt/rt/x87help.c says what it means), and
 * the segments as they are now. Changes t6, t7, vr0. --
 */

	.macro	note_place
	ld.hu	$t7, $tp, ST_SEG + 16 + SEL
	st.d	$r9, $tp, ST_NOTED + 8
	st.h	$t7, $tp, X_FCS
	.endm

	.macro	note_segment
	bstrpick.d $t6, $a3, 45, 43
	alsl.d	$t6, $t6, $tp, 4
	vld	$vr0, $t6, ST_SEG
	vst	$vr0, $tp, ST_NOTED + 24
	.endm

	.macro	note
	st.d	$a3, $tp, ST_NOTED
	.endm

	.macro	note_mem linear
	note
	st.d	\linear, $tp, ST_NOTED + 16
	.endm

/* -- Numbers -- */

/* Register at \at, which is plain: significand, exponent, sign as 0 or 1. */
	.macro	number at, mant, exp, sign
	ld.d	\mant, \at, ST_X87
	ld.hu	\sign, \at, ST_X87 + 8
	bstrpick.d \exp, \sign, 14, 0
	srli.d	\sign, \sign, 15
	.endm

/* a1, a float or double: significand, exponent as it stands there, sign. Changes t6. */
	.macro	widen_f64 mant, exp, sign
	bstrpick.d \exp, $a1, 62, 52
	addi.d	$t6, \exp, -1
	sltui	$t6, $t6, 2046
	beqz	$t6, 9f
	slli.d	\mant, $a1, 11
	lu52i.d	$t6, $zero, -2048
	or	\mant, \mant, $t6
	srli.d	\sign, $a1, 63
	.endm

	.macro	widen_f32 mant, exp, sign
	bstrpick.d \exp, $a1, 30, 23
	addi.d	$t6, \exp, -1
	sltui	$t6, $t6, 254
	beqz	$t6, 9f
	slli.d	\mant, $a1, 40
	lu52i.d	$t6, $zero, -2048
	or	\mant, \mant, $t6
	bstrpick.d \sign, $a1, 31, 31
	.endm

/*
 * Round a4:t3, bit 63 of a4 set, exponent t2, sign t5, to the register at t0; P and C1 into t1.
 * Changes t4, t6, t7.
 */
	.macro	round_to_register
	li.w	$t7, EXP_TOO_BIG
	addi.d	$t6, $t2, -1
	bgeu	$t6, $t7, 9f
	lu52i.d	$t6, $zero, -2048
	andi	$t4, $a4, 1
	sub.d	$t4, $t6, $t4
	sltu	$t4, $t4, $t3		/* up: over a half, or a half and odd */
	add.d	$a4, $a4, $t4
	sltu	$t3, $zero, $t3		/* inexact */
	bnez	$a4, 1f
	move	$a4, $t6
	addi.d	$t2, $t2, 1
1:	bstrins.d $t1, $t4, 9, 9
	slli.d	$t3, $t3, 5
	or	$t1, $t1, $t3
	slli.d	$t5, $t5, 15
	or	$t2, $t2, $t5
	st.d	$a4, $t0, ST_X87
	st.h	$t2, $t0, ST_X87 + 8
	.endm

/* a4 with exponent t2, a7; signs t5 ^ t6. t2 is the sum of both, less the bias less one. */
	.macro	multiply
	xor	$t5, $t5, $t4
	mul.d	$t3, $a4, $a7
	mulh.du	$a4, $a4, $a7
	blt	$a4, $zero, 1f
	slli.d	$a4, $a4, 1
	srli.d	$t6, $t3, 63
	or	$a4, $a4, $t6
	slli.d	$t3, $t3, 1
	addi.d	$t2, $t2, -1
1:	round_to_register
	.endm

/* a4, exponent t2, sign t5, and a7, t3, t4. */
	.macro	add_signed
	sub.d	$t6, $t2, $t3
	bge	$t6, $zero, 1f
	move	$t7, $a4
	move	$a4, $a7
	move	$a7, $t7
	move	$t2, $t3
	sub.d	$t6, $zero, $t6
	move	$t7, $t5
	move	$t5, $t4
	move	$t4, $t7
1:	sltui	$t3, $t6, 64
	beqz	$t3, 9f
	xor	$t4, $t4, $t5
	sub.d	$t7, $zero, $t6
	sll.d	$t3, $a7, $t7
	maskeqz	$t3, $t3, $t6		/* what is shifted out */
	srl.d	$a7, $a7, $t6
	bnez	$t4, 3f
	add.d	$a4, $a4, $a7
	bgeu	$a4, $a7, 2f
	andi	$t6, $t3, 1
	srli.d	$t3, $t3, 1
	or	$t3, $t3, $t6
	bstrins.d $t3, $a4, 63, 63
	srli.d	$a4, $a4, 1
	lu52i.d	$t6, $zero, -2048
	or	$a4, $a4, $t6
	addi.d	$t2, $t2, 1
	b	2f
3:	bltu	$a4, $a7, 4f		/* only with equal exponents */
	sltu	$t6, $zero, $t3
	add.d	$a7, $a7, $t6
	sub.d	$a4, $a4, $a7
	sub.d	$t3, $zero, $t3
	b	5f
4:	sub.d	$a4, $a7, $a4
	xori	$t5, $t5, 1
5:	beqz	$a4, 9f
	clz.d	$t6, $a4
	beqz	$t6, 2f
	sub.d	$t2, $t2, $t6
	sub.d	$t7, $zero, $t6
	srl.d	$t7, $t3, $t7
	sll.d	$a4, $a4, $t6
	or	$a4, $a4, $t7
	sll.d	$t3, $t3, $t6
2:	round_to_register
	.endm

/* -- Arithmetic. flip: whose sign is turned, t5 or t4; op: add_signed or multiply -- */

	.macro	flip_sign flip
	.ifnc	\flip, none
	xori	\flip, \flip, 1
	.endif
	.endm

/* t0 = ST(dst), one of them ST(0), the other ST(a1); the first operand is dst's. */
	.macro	arith_st name, op, flip, dst_is_top, pops
	leaf	\name
	add.d	$t2, $t0, $a1
	andi	$t2, $t2, 7
	ld.bu	$t3, $tp, X_PLAIN
	srl.d	$t4, $t3, $t0
	srl.d	$t3, $t3, $t2
	and	$t3, $t3, $t4
	andi	$t3, $t3, 1
	beqz	$t3, 9f
	.if	\dst_is_top
	alsl.d	$t0, $t0, $tp, 4
	alsl.d	$t4, $t2, $tp, 4
	.else
	alsl.d	$t4, $t0, $tp, 4
	alsl.d	$t0, $t2, $tp, 4
	.endif
	number	$t0, $a4, $t2, $t5
	number	$t4, $a7, $t3, $t4
	flip_sign \flip
	.ifc	\op, multiply
	add.d	$t2, $t2, $t3
	li.w	$t3, 0x3ffe
	sub.d	$t2, $t2, $t3
	.endif
	\op
	.if	\pops
	pop
	.endif
	st.h	$t1, $tp, X_SW
	note
	end
	.endm

/* bias: what the format's exponent lacks. */
	.macro	arith_mem name, op, flip, widen, bias
	leaf_mem \name
	plain_or $t0, $t2, 9f
	alsl.d	$t0, $t0, $tp, 4
	number	$t0, $a4, $t2, $t5
	\widen	$a7, $t3, $t4
	flip_sign \flip
	.ifc	\op, multiply
	add.d	$t2, $t2, $t3
	addi.d	$t2, $t2, \bias - 0x3ffe
	.else
	li.w	$t6, \bias
	add.d	$t3, $t3, $t6
	.endif
	\op
	st.h	$t1, $tp, X_SW
	note_mem $a2
	end
	.endm

	.macro	arith name, op, flip
	arith_st \name\()_st0, \op, \flip, 1, 0
	arith_st \name\()_sti, \op, \flip, 0, 0
	arith_st \name\()_stp, \op, \flip, 0, 1
	arith_mem \name\()_f32, \op, \flip, widen_f32, 0x3f80
	arith_mem \name\()_f64, \op, \flip, widen_f64, 0x3c00
	.endm

	arith	fadd, add_signed, none
	arith	fsub, add_signed, $t4
	arith	fsubr, add_signed, $t5
	arith	fmul, multiply, none

/* -- Loads -- */

	.macro	load name, widen, bias
	leaf_mem \name
	room_or_slow
	\widen	$t5, $t4, $t7
	li.w	$t6, \bias
	add.d	$t4, $t4, $t6
	slli.d	$t7, $t7, 15
	or	$t4, $t4, $t7
	ld.hu	$t7, $tp, X_MARK
	push
	note_mem $a2
	end
	.endm

	load	fld_f32, widen_f32, 0x3f80
	load	fld_f64, widen_f64, 0x3c00

	leaf	fld_st
	add.d	$t4, $t0, $a1
	andi	$t4, $t4, 7
	valid_or_slow $t4, $t7, $t3
	room_or_slow
	srl.d	$t7, $t7, $t4
	andi	$t7, $t7, 0x101
	alsl.d	$t4, $t4, $tp, 4
	vld	$vr0, $t4, ST_X87
	push_top
	vst	$vr0, $t0, ST_X87
	note
	end

/* FLD1 and FLDZ: the constants of enum x87_const that RC does not change. */
	leaf	fld_const
	room_or_slow
	lu52i.d	$t5, $zero, -2048
	li.w	$t4, 0x3fff
	ld.hu	$t7, $tp, X_MARK
	beqz	$a1, 1f
	addi.d	$t3, $a1, -6
	bnez	$t3, 9f
	move	$t5, $zero
	move	$t4, $zero
	ori	$t7, $zero, 1
1:	push
	note
	end

/* -- Stores: the value to vcpu.help, as dbt/rt/x87help.c has it -- */

#define HELP_EXC (ST_HELP + 16)
#define HELP_BLOCKED (ST_HELP + 24)
#define HELP_LO (ST_HELP + 32)

	.macro	store name, drop, bias, sign, least
	label	\name
	top
	plain_or $t0, $t2, 8f
2:	alsl.d	$t0, $t0, $tp, 4
	ld.d	$a4, $t0, ST_X87
	ld.hu	$t5, $t0, ST_X87 + 8
	bstrpick.d $t2, $t5, 14, 0
	li.w	$t3, \bias + 1
	sub.d	$t2, $t2, $t3		/* the new exponent less 1 */
	sltui	$t3, $t2, \least
	beqz	$t3, 9f
	bstrpick.d $t3, $a4, \drop - 1, 0
	srli.d	$a4, $a4, \drop
	li.d	$t6, 1 << (\drop - 1)
	andi	$t7, $a4, 1
	sub.d	$t6, $t6, $t7
	sltu	$t6, $t6, $t3		/* up: over a half, or a half and odd */
	sltu	$t3, $zero, $t3		/* inexact */
	slli.d	$t3, $t3, 5
	bstrins.d $t3, $t6, 9, 9
	slli.d	$t2, $t2, 63 - \drop
	add.d	$a4, $a4, $t6
	add.d	$a4, $a4, $t2
	srli.d	$t5, $t5, 15
	bstrins.d $a4, $t5, \sign, \sign
	st.d	$t3, $tp, HELP_EXC
	st.d	$zero, $tp, HELP_BLOCKED
	st.d	$a4, $tp, HELP_LO
	move	$a0, $zero
	jr	$ra
/* Registers and control words that are less than plain will do, too. */
8:	valid_or_slow $t0, $t2, $t3
	ld.hu	$t2, $tp, X_CW
	andi	$t2, $t2, 0xc00
	bnez	$t2, 9f
	alsl.d	$t2, $t0, $tp, 4
	ld.d	$t3, $t2, ST_X87
	blt	$t3, $zero, 2b
9:	b	glue_call
	.endm

	store	store_f32, 40, 0x3f80, 31, 253
	store	store_f64, 11, 0x3c00, 63, 2045

	leaf_mem store_done
	ld.hu	$t2, $tp, HELP_EXC
	ld.hu	$t3, $tp, X_CW
	andn	$t3, $t2, $t3
	andi	$t3, $t3, 0x3f
	bnez	$t3, 9f
	bstrins.d $t1, $zero, 9, 9
	or	$t1, $t1, $t2
	bstrpick.d $t3, $a3, 46, 46
	beqz	$t3, 1f
	pop
1:	st.h	$t1, $tp, X_SW
	note_mem $a1
	end

/* -- The stack alone -- */

	leaf	fxch
	add.d	$t2, $t0, $a1
	andi	$t2, $t2, 7
	ld.hu	$t3, $tp, X_VALID
	srl.d	$t4, $t3, $t0
	srl.d	$t5, $t3, $t2
	and	$t6, $t4, $t5
	andi	$t7, $t6, 0x100
	beqz	$t7, 2f
1:	alsl.d	$t0, $t0, $tp, 4
	alsl.d	$t2, $t2, $tp, 4
	vld	$vr0, $t0, ST_X87
	vld	$vr1, $t2, ST_X87
	bstrins.d $t1, $zero, 9, 9
	vst	$vr0, $t2, ST_X87
	vst	$vr1, $t0, ST_X87
	st.h	$t1, $tp, X_SW
	note
	jr	$ra
2:	andi	$t6, $t6, 1
	beqz	$t6, 9f
	xor	$t4, $t4, $t5
	andi	$t4, $t4, 0x100
	beqz	$t4, 1b
	sll.d	$t5, $t4, $t0		/* the one is plain: now it is the other */
	sll.d	$t4, $t4, $t2
	or	$t4, $t4, $t5
	xor	$t3, $t3, $t4
	st.h	$t3, $tp, X_VALID
	b	1b
9:	b	glue_call

/* a2: pop. */
	leaf	fst_st
	valid_or_slow $t0, $t2, $t3
	add.d	$t4, $t0, $a1
	andi	$t4, $t4, 7
	srl.d	$t7, $t2, $t0
	andi	$t7, $t7, 0x101
	both_bits $t3, $t4
	andn	$t2, $t2, $t3
	sll.d	$t7, $t7, $t4
	or	$t2, $t2, $t7
	st.h	$t2, $tp, X_VALID
	alsl.d	$t0, $t0, $tp, 4
	alsl.d	$t4, $t4, $tp, 4
	vld	$vr0, $t0, ST_X87
	vst	$vr0, $t4, ST_X87
	bstrins.d $t1, $zero, 9, 9
	beqz	$a2, 1f
	pop
1:	st.h	$t1, $tp, X_SW
	note
	end
