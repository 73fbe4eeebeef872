/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flags at a block's entry as EFLAGS has them: cc_pinned (dbt/x86/cc.h) for the kinds that are
 * nearly all; any other is C's. Changes a0 … a4. The kernel's self-test `emit` shows that both
 * agree.
 */
#include "dbt/backend/glue.h"
#include "dbt/backend/loongarch64/glue_asm.h"

	.section .text.glue, "ax"

/* a2: 64 less the operands' width, which brings their highest bit to bit 63. */
	.macro	entry_flags call
	srli.w	$a3, $r20, 7
	bnez	$a3, 1f				/* something is over it */
	bstrpick.w $a1, $r20, 2, 1
	li.w	$a2, 8
	sll.w	$a2, $a2, $a1
	sub.d	$a2, $zero, $a2
	bstrpick.w $a3, $r20, 6, 3
	addi.w	$a1, $a3, -CC_KIND_CMP
	beqz	$a1, flags_cmp
	addi.w	$a1, $a3, -CC_KIND_LOGIC
	beqz	$a1, flags_logic
	beqz	$a3, flags_there
	addi.w	$a1, $a3, -CC_KIND_SUB
	beqz	$a1, flags_sub
	addi.w	$a1, $a3, -CC_KIND_ADD
	beqz	$a1, flags_add
1:	move	$a1, $r20
	move	$a2, $r22
	move	$a3, $r31
	b	\call
	.endm

door glue_entry_flags
	entry_flags glue_call
door glue64_entry_flags
	entry_flags glue64_call

flags_there:
	andi	$a0, $r22, 0x8d5
	jr	$ra

/* a0: result, a1: first operand */
flags_cmp:
	sub.d	$a0, $r22, $r31
	move	$a1, $r22
	b	1f
flags_sub:
	move	$a0, $r22
	add.d	$a1, $r22, $r31
1:	xor	$a3, $a1, $r31
	xor	$a4, $a1, $a0
	and	$a4, $a4, $a3
	xor	$a3, $a3, $a0
	sll.d	$a1, $a1, $a2
	b	flags_borrow
flags_add:
	move	$a0, $r22
	sub.d	$a1, $r22, $r31
	xor	$a3, $a1, $a0
	xor	$a4, $a0, $r31
	and	$a4, $a4, $a3
	xor	$a3, $a3, $r31
	sll.d	$a1, $a0, $a2
/* CF: a1 is below the second operand; OF: a4's highest bit, AF: a3's bit 4 */
flags_borrow:
	sll.d	$a4, $a4, $a2
	srli.d	$a4, $a4, 63
	slli.d	$a4, $a4, 11
	andi	$a3, $a3, 0x10
	or	$a4, $a4, $a3
	sll.d	$a3, $r31, $a2
	sltu	$a1, $a1, $a3
	or	$a4, $a4, $a1
	b	flags_result
flags_logic:
	move	$a0, $r22
	move	$a4, $zero
/* a4, and SF, ZF and PF of a0 */
flags_result:
	sll.d	$a1, $a0, $a2
	srli.d	$a3, $a1, 56
	andi	$a3, $a3, 0x80
	or	$a4, $a4, $a3
	sltui	$a1, $a1, 1
	slli.d	$a1, $a1, 6
	or	$a4, $a4, $a1
	srli.d	$a1, $a0, 4
	xor	$a0, $a0, $a1
	andi	$a0, $a0, 15
	li.w	$a1, 0x9669			/* a bit for each half byte: even */
	srl.w	$a0, $a1, $a0
	andi	$a0, $a0, 1
	slli.d	$a0, $a0, 2
	or	$a0, $a0, $a4
	jr	$ra
