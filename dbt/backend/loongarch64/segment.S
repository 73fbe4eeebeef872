/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The leaf of helper_sreg_seen (dbt/rt/sysglue.c): a data segment register is loaded as it was the
 * last time, which vcpu.seen_load has, if the descriptor is the same. Not in 64-bit code.
 */
#include "dbt/backend/glue.h"
#include "dbt/backend/loongarch64/glue_asm.h"
#include "dbt/backend/loongarch64/level_asm.h"

	.section .text.glue, "ax"

/*
 * t3 = what is known of register a2 and selector a1, at this level; to 9 if there is nothing, or
 * blocks depend on the difference. t4 = tp + 4 * a2. Changes t0 and t1.
 */
	.macro	find_load
	sltui	$t0, $a1, 4
	alsl.d	$t0, $a2, $t0, 1
	slli.d	$t0, $t0, LOAD_SHIFT
	li.w	$t3, ST_LOADS
	add.d	$t3, $t3, $tp
	add.d	$t3, $t3, $t0
	ld.bu	$t0, $tp, ST_LEVEL + 4
	ld.w	$t1, $t3, LOAD_KEY
	addi.d	$t0, $t0, 1
	slli.d	$t0, $t0, 16
	or	$t0, $t0, $a1
	bne	$t0, $t1, 9f
	alsl.d	$t4, $a2, $tp, 2
	ldptr.w	$t0, $t4, ST_MODE_SEG_KEY
	ld.w	$t1, $t3, LOAD_SEG_KEY
	bne	$t0, $t1, 9f
	.endm

/* As glue_call: a1 = selector, a2 = segment register. a0 = 1: it is done. */
	.globl	leaf_sreg_seen
	.type	leaf_sreg_seen, @function
leaf_sreg_seen:
	ld.bu	$t0, $tp, ST_DR7
	bnez	$t0, 9f
	find_load
	alsl.d	$t2, $a2, $tp, 4
	ld.d	$t0, $t3, LOAD_WORD
	ld.d	$t1, $t3, LOAD_WORD + 8
	ld.d	$t5, $t3, LOAD_SEG
	ld.d	$t6, $t3, LOAD_SEG + 8
	ld.d	$t7, $t2, ST_SEG + 8
	bnez	$t0, 1f
	bstrins.d $t6, $t7, 31, 0		/* a null selector leaves the limit */
	b	2f
1:	try ld.d $t0, $t0, 0
	bne	$t0, $t1, 9f
2:	ld.d	$t0, $t2, ST_SEG
	li.w	$a0, 1
	bne	$t6, $t7, 3f
	bne	$t5, $t0, 3f
	jr	$ra
3:	st.d	$t5, $t2, ST_SEG
	st.d	$t6, $t2, ST_SEG + 8
	stptr.d	$t5, $t2, ST_MODE_SEG
	stptr.d	$t6, $t2, ST_MODE_SEG + 8
	alsl.d	$t2, $a2, $tp, 3
	ld.d	$t0, $t3, LOAD_SPAN
	ld.d	$t1, $t3, LOAD_SPAN + 8
	st.d	$t0, $t2, ST_SEG_SPAN
	st.d	$t1, $t2, ST_SEG_SPAN + 64
	ld.w	$t0, $t3, LOAD_LO
	ld.w	$t1, $t3, LOAD_PARTIAL
	st.w	$t0, $t4, ST_SEG_LO
	st.w	$t1, $t4, ST_SEG_PARTIAL
	jr	$ra
9:	b	glue_call
