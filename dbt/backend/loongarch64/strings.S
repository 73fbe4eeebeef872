/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaves of the string instructions (dbt/ir/leaves.def): $a1, $a2 linear addresses or a value, $a3
 * a count; $a0 becomes the number of elements done. Changed: $a0-$a4, $a7, $t0-$t7, $ra, vr0-vr3.
 *
 * A leaf stays on one page of each operand, so only its first access to a page meets what has no
 * leaf: the fault path fills it, or goes on at the leaf's end, where the pointers say what is done.
 * Invariant: a pointer has passed an element when, and only when, it is done.
 */
#include "dbt/backend/glue.h"
#include "kernel/extable.h"

#define PAGE 4096

	.section .text.glue, "ax"
	.globl	leaf_begin
	.type	leaf_begin, @function
leaf_begin:

	.macro	leaf name
	.globl	leaf_\name
	.type	leaf_\name, @function
leaf_\name:
	ld.w	$t0, $tp, ST_LEAF_HOLD
	bnez	$t0, leaf_held
	.endm

	.macro	guest insn:vararg	/* an access to guest memory; label 9 is the leaf's end */
	MAY_FAULT 9f
	\insn
	.endm

	.type	leaf_held, @function
leaf_held:
	addi.w	$t0, $t0, -1
	st.w	$t0, $tp, ST_LEAF_HOLD
leaf_none:
	move	$a0, $zero
	jr	$ra

/* -- How far one page goes: t0 = bytes, whole elements, not 0; else leaf_none -- */

/* t0 = the lesser of t1 and a3 elements. Changes a3. */
	.macro	at_most_count lg
	bstrpick.d $a3, $a3, 31, 0
	.if	\lg
	slli.d	$a3, $a3, \lg
	.endif
	move	$t0, $a3
	bgeu	$t1, $a3, 1f
	move	$t0, $t1
1:
	.if	\lg
	bstrins.d $t0, $zero, \lg - 1, 0
	.endif
	beqz	$t0, leaf_none
	.endm

	.macro	run1_up lg
	bstrpick.d $t1, $a1, 11, 0
	li.w	$t2, PAGE
	sub.d	$t1, $t2, $t1
	at_most_count \lg
	.endm

	.macro	run1_down lg
	bstrpick.d $t1, $a1, 11, 0
	addi.d	$t1, $t1, 1 << \lg
	.if	\lg			/* may go over the page's end */
	li.w	$t2, PAGE
	bltu	$t2, $t1, leaf_none
	.endif
	at_most_count \lg
	.endm

/* t3 = how far the second operand is ahead of the first one, as offsets in their pages. */
	.macro	run2_up lg
	bstrpick.d $t1, $a1, 11, 0
	bstrpick.d $t2, $a2, 11, 0
	sub.d	$t3, $t2, $t1
	bgeu	$t1, $t2, 1f
	move	$t1, $t2
1:	li.w	$t2, PAGE
	sub.d	$t1, $t2, $t1
	at_most_count \lg
	.endm

	.macro	run2_down lg
	bstrpick.d $t1, $a1, 11, 0
	bstrpick.d $t2, $a2, 11, 0
	sub.d	$t3, $t1, $t2
	bgeu	$t2, $t1, 1f
	move	$t4, $t1
	move	$t1, $t2
	move	$t2, $t4
1:					/* t1 the lower, t2 the higher */
	addi.d	$t1, $t1, 1 << \lg
	.if	\lg
	li.w	$t4, PAGE - (1 << \lg)
	bltu	$t4, $t2, leaf_none
	.endif
	at_most_count \lg
	.endm

/* -- MOVS: a1 source, a2 destination -- */

/* One piece; sign is 1 or -1. */
	.macro	piece bytes, sign, load, store, reg
	.if	\sign > 0
	guest	\load \reg, $a1, 0
	guest	\store \reg, $a2, 0
	.else
	guest	\load \reg, $a1, -\bytes
	guest	\store \reg, $a2, -\bytes
	.endif
	addi.d	$a1, $a1, \sign * \bytes
	addi.d	$a2, $a2, \sign * \bytes
	.endm

/* The same if t0 has the bit `bytes`. */
	.macro	piece_if bytes, sign, load, store, reg
	andi	$t1, $t0, \bytes
	beqz	$t1, 1f
	piece	\bytes, \sign, \load, \store, \reg
1:
	.endm

	.macro	pieces_while bytes, sign, load, store, reg
	li.w	$t2, \bytes
	bltu	$t0, $t2, 2f
1:	piece	\bytes, \sign, \load, \store, \reg
	addi.d	$t0, $t0, -\bytes
	bgeu	$t0, $t2, 1b
2:
	.endm

	.macro	quad insn, reg, sign
	.irp	n, 0, 1, 2, 3
	.if	\sign > 0
	guest	\insn $vr\n, \reg, \n * 16
	.else
	guest	\insn $vr\n, \reg, -16 - \n * 16
	.endif
	.endr
	.endm

	.macro	movs name, lg, sign, load, store
	leaf	\name
	.if	\sign > 0
	run2_up	\lg
	.else
	run2_down \lg
	addi.d	$a1, $a1, 1 << \lg	/* from here on, pointers to their ends */
	addi.d	$a2, $a2, 1 << \lg
	.endif
	move	$a4, $a2
	li.w	$t4, 64
	addi.d	$t5, $t3, -1		/* the destination is 1 … 63 ahead */
	sltui	$t5, $t5, 63
	bnez	$t5, 4f
	bltu	$t0, $t4, 3f
	move	$a7, $t0
	bstrins.d $a7, $zero, 5, 0
	.if	\sign > 0
	add.d	$a7, $a2, $a7
	.else
	sub.d	$a7, $a2, $a7
	.endif
2:	quad	vld, $a1, \sign
	quad	vst, $a2, \sign
	addi.d	$a1, $a1, \sign * 64
	addi.d	$a2, $a2, \sign * 64
	bne	$a2, $a7, 2b
	andi	$t0, $t0, 63
	beqz	$t0, 8f
3:	pieces_while 16, \sign, vld, vst, $vr0
	beqz	$t0, 8f
5:	piece_if 8, \sign, ld.d, st.d, $t1
6:	piece_if 4, \sign, ld.w, st.w, $t1
	.if	\lg < 2
	piece_if 2, \sign, ld.h, st.h, $t1
	.endif
	.if	\lg < 1
	piece_if 1, \sign, ld.b, st.b, $t1
	.endif
	b	8f
4:	sltui	$t5, $t3, 16		/* it overlaps: what was written is read again */
	beqz	$t5, 3b
	sltui	$t5, $t3, 8
	bnez	$t5, 7f
	pieces_while 8, \sign, ld.d, st.d, $t1
	b	6b
7:	piece	(1 << \lg), \sign, \load, \store, $t1
	addi.d	$t0, $t0, -(1 << \lg)
	bnez	$t0, 7b
9:
8:
	.if	\sign > 0
	sub.d	$a0, $a2, $a4
	.else
	sub.d	$a0, $a4, $a2
	.endif
	.if	\lg
	srli.d	$a0, $a0, \lg
	.endif
	jr	$ra
	.endm

	movs	movs_up1, 0, 1, ld.b, st.b
	movs	movs_up2, 1, 1, ld.h, st.h
	movs	movs_up4, 2, 1, ld.w, st.w
	movs	movs_up8, 3, 1, ld.d, st.d
	movs	movs_down1, 0, -1, ld.b, st.b
	movs	movs_down2, 1, -1, ld.h, st.h
	movs	movs_down4, 2, -1, ld.w, st.w
	movs	movs_down8, 3, -1, ld.d, st.d

/* -- STOS: a1 destination, a2 value. In either direction all is stored upwards -- */

	.macro	replicate lg
	.if	\lg == 0
	bstrins.d $a2, $a2, 15, 8
	.endif
	.if	\lg <= 1
	bstrins.d $a2, $a2, 31, 16
	.endif
	.if	\lg <= 2
	bstrins.d $a2, $a2, 63, 32
	.endif
	.endm

	.macro	fill_if bytes, store, reg
	andi	$t1, $t0, \bytes
	beqz	$t1, 1f
	guest	\store \reg, $a1, 0
	addi.d	$a1, $a1, \bytes
1:
	.endm

	.macro	stos name, lg, sign
	leaf	\name
	.if	\sign > 0
	run1_up	\lg
	.else
	run1_down \lg
	addi.d	$a1, $a1, 1 << \lg
	sub.d	$a1, $a1, $t0
	.endif
	replicate \lg
	.if	\lg
	srli.d	$a0, $t0, \lg
	.else
	move	$a0, $t0
	.endif
	li.w	$t2, 16
	bltu	$t0, $t2, 4f
	vreplgr2vr.d $vr0, $a2
	addi.d	$t2, $t0, -64
	bltz	$t2, 3f
	move	$t2, $t0
	bstrins.d $t2, $zero, 5, 0
	add.d	$t2, $a1, $t2
2:	.irp	n, 0, 1, 2, 3
	guest	vst $vr0, $a1, \n * 16
	.endr
	addi.d	$a1, $a1, 64
	bne	$a1, $t2, 2b
3:	andi	$t1, $t0, 32
	beqz	$t1, 3f
	guest	vst $vr0, $a1, 0
	guest	vst $vr0, $a1, 16
	addi.d	$a1, $a1, 32
3:	fill_if	16, vst, $vr0
4:	fill_if	8, st.d, $a2
	fill_if	4, st.w, $a2
	.if	\lg < 2
	fill_if	2, st.h, $a2
	.endif
	.if	\lg < 1
	fill_if	1, st.b, $a2
	.endif
	jr	$ra
9:	move	$a0, $zero		/* what was stored will be stored again */
	jr	$ra
	.endm

	stos	stos_up1, 0, 1
	stos	stos_up2, 1, 1
	stos	stos_up4, 2, 1
	stos	stos_up8, 3, 1
	stos	stos_down1, 0, -1
	stos	stos_down2, 1, -1
	stos	stos_down4, 2, -1
	stos	stos_down8, 3, -1

/* -- LODS: a1 source. All but the last of the page have no effect but a fault -- */

	.macro	lods name, lg, sign
	leaf	\name
	.if	\sign > 0
	run1_up	\lg
	.else
	run1_down \lg
	.endif
	guest	ld.b $t1, $a1, 0
	.if	\lg
	srli.d	$t0, $t0, \lg
	.endif
	addi.d	$a0, $t0, -1
	jr	$ra
9:	move	$a0, $zero
	jr	$ra
	.endm

	lods	lods_up1, 0, 1
	lods	lods_up2, 1, 1
	lods	lods_up4, 2, 1
	lods	lods_up8, 3, 1
	lods	lods_down1, 0, -1
	lods	lods_down2, 1, -1
	lods	lods_down4, 2, -1
	lods	lods_down8, 3, -1

/* -- SCAS: a1 elements, a2 value; CMPS: a1 and a2. All but the page's last, which sets flags -- */

/* t6 = where the last one is, a4 = where the first one is. */
	.macro	all_but_last lg, sign
	addi.d	$t0, $t0, -(1 << \lg)
	beqz	$t0, leaf_none
	move	$a4, $a1
	.if	\sign > 0
	add.d	$t6, $a1, $t0
	.else
	sub.d	$t6, $a1, $t0
	.endif
	.endm

/*
 * Bytes of vr0 that are not 0 belong to the element that ends it, at t1 behind a1: go to label 8.
 * Changes vr0.
 */
	.macro	found_in_vr0 lanes, stop
	.ifc	\stop, different	/* 0 where they are equal: turn it over */
	vseqi.\lanes $vr0, $vr0, 0
	.endif
	vmskltz.b $vr0, $vr0
	vpickve2gr.hu $t1, $vr0, 0
	.endm

	.macro	value_as_loaded lg
	.if	\lg == 0
	bstrpick.d $a2, $a2, 7, 0
	.endif
	.if	\lg == 1
	bstrpick.d $a2, $a2, 15, 0
	.endif
	.endm

	.macro	stop_if stop, a, b, label
	.ifc	\stop, different
	bne	\a, \b, \label
	.else
	beq	\a, \b, \label
	.endif
	.endm

	.macro	skipped lg, sign
	.if	\sign > 0
	sub.d	$a0, $a1, $a4
	.else
	sub.d	$a0, $a4, $a1
	.endif
	.if	\lg
	srli.d	$a0, $a0, \lg
	.endif
	jr	$ra
	.endm

	.macro	scas_wide lg, lanes, stop
	addi.d	$t7, $t6, -16
	blt	$t7, $a1, 3f
	vreplgr2vr.\lanes $vr1, $a2
2:	guest	vld $vr0, $a1, 0
	vseq.\lanes $vr0, $vr0, $vr1
	found_in_vr0 \lanes, \stop
	bnez	$t1, 5f
	addi.d	$a1, $a1, 16
	bge	$t7, $a1, 2b
	b	3f
5:	ctz.w	$t1, $t1
	add.d	$a1, $a1, $t1
	b	8f
	.endm

	.macro	scas name, lg, lanes, sign, load, stop
	leaf	\name
	.if	\sign > 0
	run1_up	\lg
	.else
	run1_down \lg
	.endif
	all_but_last \lg, \sign
	value_as_loaded \lg
	.if	\sign > 0
	scas_wide \lg, \lanes, \stop
	.endif
3:	beq	$a1, $t6, 8f
4:	guest	\load $t1, $a1, 0
	stop_if	\stop, $t1, $a2, 8f
	addi.d	$a1, $a1, \sign << \lg
	bne	$a1, $t6, 4b
9:
8:	skipped	\lg, \sign
	.endm

	.macro	cmps_wide lg, lanes, stop
	addi.d	$t7, $t6, -16
	blt	$t7, $a1, 3f
2:	guest	vld $vr0, $a1, 0
	guest	vld $vr1, $a2, 0
	vseq.\lanes $vr0, $vr0, $vr1
	found_in_vr0 \lanes, \stop
	bnez	$t1, 5f
	addi.d	$a1, $a1, 16
	addi.d	$a2, $a2, 16
	bge	$t7, $a1, 2b
	b	3f
5:	ctz.w	$t1, $t1
	add.d	$a1, $a1, $t1
	b	8f
	.endm

	.macro	cmps name, lg, lanes, sign, load, stop
	leaf	\name
	.if	\sign > 0
	run2_up	\lg
	.else
	run2_down \lg
	.endif
	all_but_last \lg, \sign
	.if	\sign > 0
	cmps_wide \lg, \lanes, \stop
	.endif
3:	beq	$a1, $t6, 8f
4:	guest	\load $t1, $a1, 0
	guest	\load $t2, $a2, 0
	stop_if	\stop, $t1, $t2, 8f
	addi.d	$a1, $a1, \sign << \lg
	addi.d	$a2, $a2, \sign << \lg
	bne	$a1, $t6, 4b
9:
8:	skipped	\lg, \sign
	.endm

	.macro	both what, name, stop
	\what	\name\()_up1, 0, b, 1, ld.bu, \stop
	\what	\name\()_up2, 1, h, 1, ld.hu, \stop
	\what	\name\()_up4, 2, w, 1, ld.w, \stop
	\what	\name\()_up8, 3, d, 1, ld.d, \stop
	\what	\name\()_down1, 0, b, -1, ld.bu, \stop
	\what	\name\()_down2, 1, h, -1, ld.hu, \stop
	\what	\name\()_down4, 2, w, -1, ld.w, \stop
	\what	\name\()_down8, 3, d, -1, ld.d, \stop
	.endm

	both	scas, scase, different
	both	scas, scasne, equal
	both	cmps, cmpse, different
	both	cmps, cmpsne, equal

	.globl	leaf_end
	.type	leaf_end, @function
leaf_end:
