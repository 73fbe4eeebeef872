/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaves of the string instructions (dbt/ir/leaves.def): $5, $6 linear addresses or a value, $7 a
 * count; $4 becomes the number of elements done. Changed: $1, $4-$15, $31, w0-w3.
 *
 * A leaf stays on one page of each operand, so only its first access to a page meets what has no
 * leaf: the fault path fills it, or goes on at the leaf's end, where the pointers say what is done.
 * Invariant: a pointer has passed an element when, and only when, it is done. Addresses are
 * zero-extended (regs.h). No access is in a delay slot.
 */
#include "dbt/backend/glue.h"
#include "kernel/extable.h"

#define PAGE 4096

#define tp $28
#define done $4
#define p1 $5
#define p2 $6
#define value $6
#define count $7
#define bytes $8
#define off1 $9
#define off2 $10
#define ahead $11		/* of the destination, as offsets in their pages */
#define x $12
#define y $13
#define start $14
#define stop $15

	.set	noat
	.set	noreorder
	.set	msa
	.text
	.globl	leaf_begin
	.type	leaf_begin, @function
leaf_begin:

	.macro	leaf name
	.globl	leaf_\name
	.type	leaf_\name, @function
leaf_\name:
	lw	x, ST_LEAF_HOLD(tp)
	bne	x, $0, leaf_held
	dext	p1, p1, 0, 32
	.endm

	.macro	guest insn:vararg	/* an access to guest memory; label 9 is the leaf's end */
	MAY_FAULT 9f
	\insn
	.endm

	.type	leaf_held, @function
leaf_held:
	addiu	x, x, -1
	sw	x, ST_LEAF_HOLD(tp)
leaf_none:
	jr	$31
	move	done, $0

/* -- How far one page goes: bytes, whole elements, not 0; else leaf_none -- */

/* bytes = the lesser of off1 and count elements. */
	.macro	at_most_count lg
	dext	count, count, 0, 32
	.if	\lg
	dsll	count, count, \lg
	.endif
	sltu	x, off1, count
	move	bytes, count
	movn	bytes, off1, x
	.if	\lg
	dins	bytes, $0, 0, \lg
	.endif
	beq	bytes, $0, leaf_none
	nop
	.endm

	.macro	run1_up lg
	andi	off1, p1, PAGE - 1
	li	x, PAGE
	dsubu	off1, x, off1
	at_most_count \lg
	.endm

	.macro	run1_down lg
	andi	off1, p1, PAGE - 1
	daddiu	off1, off1, 1 << \lg
	.if	\lg			/* may go over the page's end */
	sltiu	x, off1, PAGE + 1
	beq	x, $0, leaf_none
	nop
	.endif
	at_most_count \lg
	.endm

	.macro	run2_up lg
	dext	p2, p2, 0, 32
	andi	off1, p1, PAGE - 1
	andi	off2, p2, PAGE - 1
	dsubu	ahead, off2, off1
	slt	x, off1, off2
	movn	off1, off2, x
	li	x, PAGE
	dsubu	off1, x, off1
	at_most_count \lg
	.endm

	.macro	run2_down lg
	dext	p2, p2, 0, 32
	andi	off1, p1, PAGE - 1
	andi	off2, p2, PAGE - 1
	dsubu	ahead, off1, off2
	slt	x, off2, off1		/* off1 the lower, off2 the higher */
	move	y, off1
	movn	off1, off2, x
	movn	off2, y, x
	daddiu	off1, off1, 1 << \lg
	.if	\lg
	sltiu	x, off2, PAGE - (1 << \lg) + 1
	beq	x, $0, leaf_none
	nop
	.endif
	at_most_count \lg
	.endm

/* -- MOVS: p1 source, p2 destination -- */

/* One piece; sign is 1 or -1. */
	.macro	piece size, sign, load, store, reg
	.if	\sign > 0
	guest	\load \reg, 0(p1)
	guest	\store \reg, 0(p2)
	.else
	guest	\load \reg, -\size(p1)
	guest	\store \reg, -\size(p2)
	.endif
	daddiu	p1, p1, \sign * \size
	daddiu	p2, p2, \sign * \size
	.endm

/* The same if `bytes` has that bit. */
	.macro	piece_if size, sign, load, store, reg
	andi	x, bytes, \size
	beq	x, $0, 1f
	nop
	piece	\size, \sign, \load, \store, \reg
1:
	.endm

	.macro	pieces_while size, sign, load, store, reg
	sltiu	x, bytes, \size
	bne	x, $0, 2f
	nop
1:	piece	\size, \sign, \load, \store, \reg
	daddiu	bytes, bytes, -\size
	sltiu	x, bytes, \size
	beq	x, $0, 1b
	nop
2:
	.endm

	.macro	quad insn, reg, sign
	.irp	n, 0, 1, 2, 3
	.if	\sign > 0
	guest	\insn $w\n, \n * 16(\reg)
	.else
	guest	\insn $w\n, -16 - \n * 16(\reg)
	.endif
	.endr
	.endm

	.macro	movs name, lg, sign, load, store
	leaf	\name
	.if	\sign > 0
	run2_up	\lg
	.else
	run2_down \lg
	daddiu	p1, p1, 1 << \lg	/* from here on, pointers to their ends */
	daddiu	p2, p2, 1 << \lg
	.endif
	move	start, p2
	daddiu	x, ahead, -1		/* the destination is 1 … 63 ahead */
	sltiu	x, x, 63
	bne	x, $0, 4f
	sltiu	x, bytes, 64
	bne	x, $0, 3f
	move	stop, bytes
	dins	stop, $0, 0, 6
	.if	\sign > 0
	daddu	stop, p2, stop
	.else
	dsubu	stop, p2, stop
	.endif
2:	quad	ld.b, p1, \sign
	quad	st.b, p2, \sign
	daddiu	p2, p2, \sign * 64
	bne	p2, stop, 2b
	daddiu	p1, p1, \sign * 64
	andi	bytes, bytes, 63
	beq	bytes, $0, 8f
	nop
3:	pieces_while 16, \sign, ld.b, st.b, $w0
	beq	bytes, $0, 8f
	nop
5:	piece_if 8, \sign, ld, sd, y
6:	piece_if 4, \sign, lw, sw, y
	.if	\lg < 2
	piece_if 2, \sign, lh, sh, y
	.endif
	.if	\lg < 1
	piece_if 1, \sign, lb, sb, y
	.endif
	b	8f
	nop
4:	sltiu	x, ahead, 16		/* it overlaps: what was written is read again */
	beq	x, $0, 3b
	sltiu	x, ahead, 8
	bne	x, $0, 7f
	nop
	pieces_while 8, \sign, ld, sd, y
	b	6b
	nop
7:	piece	(1 << \lg), \sign, \load, \store, y
	daddiu	bytes, bytes, -(1 << \lg)
	bne	bytes, $0, 7b
	nop
9:
8:
	.if	\sign > 0
	dsubu	done, p2, start
	.else
	dsubu	done, start, p2
	.endif
	jr	$31
	dsrl	done, done, \lg
	.endm

	movs	movs_up1, 0, 1, lb, sb
	movs	movs_up2, 1, 1, lh, sh
	movs	movs_up4, 2, 1, lw, sw
	movs	movs_up8, 3, 1, ld, sd
	movs	movs_down1, 0, -1, lb, sb
	movs	movs_down2, 1, -1, lh, sh
	movs	movs_down4, 2, -1, lw, sw
	movs	movs_down8, 3, -1, ld, sd

/* -- STOS: p1 destination. In either direction all is stored upwards -- */

	.macro	replicate lg
	.if	\lg == 0
	dins	value, value, 8, 8
	.endif
	.if	\lg <= 1
	dins	value, value, 16, 16
	.endif
	.if	\lg <= 2
	dins	value, value, 32, 32
	.endif
	.endm

	.macro	fill_if size, store, reg
	andi	x, bytes, \size
	beq	x, $0, 1f
	nop
	guest	\store \reg, 0(p1)
	daddiu	p1, p1, \size
1:
	.endm

	.macro	stos name, lg, sign
	leaf	\name
	.if	\sign > 0
	run1_up	\lg
	.else
	run1_down \lg
	daddiu	p1, p1, 1 << \lg
	dsubu	p1, p1, bytes
	.endif
	replicate \lg
	dsrl	done, bytes, \lg
	sltiu	x, bytes, 16
	bne	x, $0, 4f
	sltiu	x, bytes, 64
	bne	x, $0, 3f
	fill.d	$w0, value
	move	stop, bytes
	dins	stop, $0, 0, 6
	daddu	stop, p1, stop
2:	.irp	n, 0, 1, 2, 3
	guest	st.b $w0, \n * 16(p1)
	.endr
	daddiu	p1, p1, 64
	bne	p1, stop, 2b
	nop
3:	andi	x, bytes, 32
	beq	x, $0, 3f
	nop
	guest	st.b $w0, 0(p1)
	guest	st.b $w0, 16(p1)
	daddiu	p1, p1, 32
3:	fill_if	16, st.b, $w0
4:	fill_if	8, sd, value
	fill_if	4, sw, value
	.if	\lg < 2
	fill_if	2, sh, value
	.endif
	.if	\lg < 1
	fill_if	1, sb, value
	.endif
	jr	$31
	nop
9:	jr	$31
	move	done, $0		/* what was stored will be stored again */
	.endm

	stos	stos_up1, 0, 1
	stos	stos_up2, 1, 1
	stos	stos_up4, 2, 1
	stos	stos_up8, 3, 1
	stos	stos_down1, 0, -1
	stos	stos_down2, 1, -1
	stos	stos_down4, 2, -1
	stos	stos_down8, 3, -1

/* -- LODS: p1 source. All but the last of the page have no effect but a fault -- */

	.macro	lods name, lg, sign
	leaf	\name
	.if	\sign > 0
	run1_up	\lg
	.else
	run1_down \lg
	.endif
	guest	lb y, 0(p1)
	dsrl	bytes, bytes, \lg
	jr	$31
	daddiu	done, bytes, -1
9:	jr	$31
	move	done, $0
	.endm

	lods	lods_up1, 0, 1
	lods	lods_up2, 1, 1
	lods	lods_up4, 2, 1
	lods	lods_up8, 3, 1
	lods	lods_down1, 0, -1
	lods	lods_down2, 1, -1
	lods	lods_down4, 2, -1
	lods	lods_down8, 3, -1

/* -- SCAS: p1 elements; CMPS: p1 and p2. All but the page's last, which sets flags -- */

/* stop = where the last one is, start = where the first one is. */
	.macro	all_but_last lg, sign
	daddiu	bytes, bytes, -(1 << \lg)
	beq	bytes, $0, leaf_none
	move	start, p1
	.if	\sign > 0
	daddu	stop, p1, bytes
	.else
	dsubu	stop, p1, bytes
	.endif
	.endm

	.macro	value_as_loaded lg
	.if	\lg == 0
	andi	value, value, 0xff
	.endif
	.if	\lg == 1
	andi	value, value, 0xffff
	.endif
	.endm

/* To `label` if the lanes that are equal, by w0, have one that ends it. */
	.macro	wide_stop_if how, lanes, label
	.ifc	\how, different
	bz.\lanes $w0, \label
	.else
	bnz.v	$w0, \label
	.endif
	nop
	.endm

	.macro	stop_if how, a, b, label
	.ifc	\how, different
	bne	\a, \b, \label
	.else
	beq	\a, \b, \label
	.endif
	nop
	.endm

	.macro	skipped lg, sign
	.if	\sign > 0
	dsubu	done, p1, start
	.else
	dsubu	done, start, p1
	.endif
	jr	$31
	dsrl	done, done, \lg
	.endm

	.macro	scas_wide lg, lanes, how
	daddiu	off1, stop, -16
	slt	x, off1, p1
	bne	x, $0, 3f
	fill.\lanes $w1, value
2:	guest	ld.b $w0, 0(p1)
	ceq.\lanes $w0, $w0, $w1
	wide_stop_if \how, \lanes, 3f
	daddiu	p1, p1, 16
	slt	x, off1, p1
	beq	x, $0, 2b
	nop
	.endm

	.macro	scas name, lg, lanes, sign, load, how
	leaf	\name
	.if	\sign > 0
	run1_up	\lg
	.else
	run1_down \lg
	.endif
	all_but_last \lg, \sign
	value_as_loaded \lg
	.if	\sign > 0
	scas_wide \lg, \lanes, \how
	.endif
3:	beq	p1, stop, 8f
	nop
4:	guest	\load y, 0(p1)
	stop_if	\how, y, value, 8f
	daddiu	p1, p1, \sign << \lg
	bne	p1, stop, 4b
	nop
9:
8:	skipped	\lg, \sign
	.endm

	.macro	cmps_wide lg, lanes, how
	daddiu	off1, stop, -16
	slt	x, off1, p1
	bne	x, $0, 3f
	nop
2:	guest	ld.b $w0, 0(p1)
	guest	ld.b $w1, 0(p2)
	ceq.\lanes $w0, $w0, $w1
	wide_stop_if \how, \lanes, 3f
	daddiu	p1, p1, 16
	slt	x, off1, p1
	beq	x, $0, 2b
	daddiu	p2, p2, 16
	.endm

	.macro	cmps name, lg, lanes, sign, load, how
	leaf	\name
	.if	\sign > 0
	run2_up	\lg
	.else
	run2_down \lg
	.endif
	all_but_last \lg, \sign
	.if	\sign > 0
	cmps_wide \lg, \lanes, \how
	.endif
3:	beq	p1, stop, 8f
	nop
4:	guest	\load x, 0(p1)
	guest	\load y, 0(p2)
	stop_if	\how, x, y, 8f
	daddiu	p1, p1, \sign << \lg
	bne	p1, stop, 4b
	daddiu	p2, p2, \sign << \lg
9:
8:	skipped	\lg, \sign
	.endm

	.macro	both what, name, how
	\what	\name\()_up1, 0, b, 1, lbu, \how
	\what	\name\()_up2, 1, h, 1, lhu, \how
	\what	\name\()_up4, 2, w, 1, lw, \how
	\what	\name\()_up8, 3, d, 1, ld, \how
	\what	\name\()_down1, 0, b, -1, lbu, \how
	\what	\name\()_down2, 1, h, -1, lhu, \how
	\what	\name\()_down4, 2, w, -1, lw, \how
	\what	\name\()_down8, 3, d, -1, ld, \how
	.endm

	both	scas, scase, different
	both	scas, scasne, equal
	both	cmps, cmpse, different
	both	cmps, cmpsne, equal

	.globl	leaf_end
	.type	leaf_end, @function
leaf_end:
