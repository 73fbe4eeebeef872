/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doors into and out of translated code, the jump cache's probe, and the
 * thunk to C helpers. Not here: anything that decides. Invariant: between
 * dbt_enter and an exit sp does not move but inside a thunk.
 */
#include "dbt/backend/glue.h"

#define FRAME 96
#define WHY 88

	.text

/* u32 dbt_enter(const u32 *entry): run translated code on this core's vCPU until it leaves. */
	.globl	dbt_enter
	.type	dbt_enter, @function
dbt_enter:
	addi.d	$sp, $sp, -FRAME
	st.d	$ra, $sp, 0
	st.d	$r22, $sp, 8
	st.d	$r23, $sp, 16
	st.d	$r24, $sp, 24
	st.d	$r25, $sp, 32
	st.d	$r26, $sp, 40
	st.d	$r27, $sp, 48
	st.d	$r28, $sp, 56
	st.d	$r29, $sp, 64
	st.d	$r30, $sp, 72
	st.d	$r31, $sp, 80
/* The same from within: a0 = code to go on at. */
resume:
	ld.d	$r23, $tp, ST_GPR(0)
	ld.d	$r24, $tp, ST_GPR(1)
	ld.d	$r25, $tp, ST_GPR(2)
	ld.d	$r26, $tp, ST_GPR(3)
	ld.d	$r27, $tp, ST_GPR(4)
	ld.d	$r28, $tp, ST_GPR(5)
	ld.d	$r29, $tp, ST_GPR(6)
	ld.d	$r30, $tp, ST_GPR(7)
	ld.d	$r20, $tp, ST_CCOP
	ld.d	$r22, $tp, ST_CCA
	ld.d	$r31, $tp, ST_CCB
	ld.d	$r10, $tp, ST_CTX
	move	$t0, $a0
	ld.w	$a0, $tp, ST_EIP
	jr	$t0
	.size	dbt_enter, . - dbt_enter

/* Everything pinned goes to struct vcpu. */
	.macro	save_pinned
	st.d	$r9, $tp, ST_PAGE
	st.d	$r23, $tp, ST_GPR(0)
	st.d	$r24, $tp, ST_GPR(1)
	st.d	$r25, $tp, ST_GPR(2)
	st.d	$r26, $tp, ST_GPR(3)
	st.d	$r27, $tp, ST_GPR(4)
	st.d	$r28, $tp, ST_GPR(5)
	st.d	$r29, $tp, ST_GPR(6)
	st.d	$r30, $tp, ST_GPR(7)
	st.d	$r20, $tp, ST_CCOP
	st.d	$r22, $tp, ST_CCA
	st.d	$r31, $tp, ST_CCB
	.endm

/* a0 is the result of dbt_enter. */
	.type	leave, @function
leave:
	save_pinned
/* The same when rt/fault.c has already written the state back: a0 is the result. */
	.globl	glue_leave_written
glue_leave_written:
	ld.d	$ra, $sp, 0
	ld.d	$r22, $sp, 8
	ld.d	$r23, $sp, 16
	ld.d	$r24, $sp, 24
	ld.d	$r25, $sp, 32
	ld.d	$r26, $sp, 40
	ld.d	$r27, $sp, 48
	ld.d	$r28, $sp, 56
	ld.d	$r29, $sp, 64
	ld.d	$r30, $sp, 72
	ld.d	$r31, $sp, 80
	addi.d	$sp, $sp, FRAME
	jr	$ra
	.size	leave, . - leave

	.macro	door name
	.globl	\name
	.type	\name, @function
\name:
	.endm

/* eip, which translated code keeps sign-extended, into struct vcpu. */
	.macro	store_eip reg
	bstrpick.d \reg, \reg, 31, 0
	st.d	\reg, $tp, ST_EIP
	.endm

door glue_exit_link
	ld.wu	$t0, $ra, 0
	st.d	$t0, $tp, ST_EXIT_ARG
	li.w	$a0, EXIT_LINK
	b	leave

/* A block's entry that backend_close has overwritten. */
door glue_exit_closed
	store_eip $a0
	li.w	$a0, EXIT_CLOSED
	b	leave

door glue_exit_kick
	store_eip $a0
	li.w	$a0, EXIT_KICK
	b	leave

/* Called by bl from a self-checking block: ra tells which. */
door glue_exit_stale
	st.d	$ra, $tp, ST_EXIT_ARG
	li.w	$a0, EXIT_STALE
	b	leave

/*
 * a0 = eip, which the first place has not (host_probe). Changes t0, t1; falls through if the
 * second has it not either.
 */
	.macro	probe_second
	srli.d	$t0, $a0, JUMP_CACHE_BITS
	xor	$t0, $t0, $a0
	bstrpick.d $t0, $t0, JUMP_CACHE_BITS - 1, 0
	alsl.d	$t0, $t0, $r10, 4
	ld.d	$t1, $t0, 0
	bne	$t1, $a0, 1f
	ld.d	$t0, $t0, 8
	jr	$t0
1:
	.endm

door glue_jump_ind
	bnez	$r21, glue_exit_kick
	probe_second
	store_eip $a0
	li.w	$a0, EXIT_INDIRECT
	b	miss

/* Called by bl, a link's number behind the call; a0 = eip. */
door glue_jump_far
	bnez	$r21, glue_exit_kick
	probe_second
	ld.wu	$t0, $ra, 0
	store_eip $a0
	st.d	$t0, $tp, ST_EXIT_ARG
	li.w	$a0, EXIT_FAR
	b	miss

/* a0: why translated code leaves, if C does not know where to go on. */
	.type	miss, @function
miss:
	st.d	$a0, $sp, WHY
	save_pinned
	bl	exec_miss
	bnez	$a0, resume
	ld.d	$a0, $sp, WHY
	b	glue_leave_written

door glue_sys
	store_eip $a0
	bstrpick.d $a1, $a1, 31, 0
	st.d	$a1, $tp, ST_NEXT_EIP
	st.d	$a2, $tp, ST_EXIT_ARG
	save_pinned
	bl	exec_system
	bnez	$a0, resume
	li.w	$a0, EXIT_SYSTEM
	b	glue_leave_written

door glue_fault
	bl	exec_fault
	bnez	$a0, resume
	li.w	$a0, EXIT_FAULT
	b	glue_leave_written

/*
 * a0 = helper, a1 a2 a3 its arguments; result in a0. The guest's general registers and flag
 * operands are in registers that C saves; the three pinned ones that it does not are kept here.
 */
door glue_call
	addi.d	$sp, $sp, -32
	st.d	$ra, $sp, 0
	st.d	$r9, $tp, ST_PAGE
	st.d	$r10, $sp, 8
	st.d	$r20, $sp, 16
	la.local $t0, helper_fn
	alsl.d	$t0, $a0, $t0, 3
	ld.d	$t0, $t0, 0
	addi.d	$a0, $tp, 256
	jirl	$ra, $t0, 0
	ld.d	$ra, $sp, 0
	ld.d	$r9, $tp, ST_PAGE
	ld.d	$r10, $sp, 8
	ld.d	$r20, $sp, 16
	addi.d	$sp, $sp, 32
	jr	$ra

/*
 * Carry of the pinned flags (dbt/x86/cc.h) to vcpu.help[7]; every register but ra is kept. t1 is
 * 64 less the operands' width, which brings their highest bit to bit 63.
 */
door glue_entry_cf
	addi.d	$sp, $sp, -32
	st.d	$t0, $sp, 0
	st.d	$t1, $sp, 8
	st.d	$t2, $sp, 16
	bstrpick.d $t0, $r20, 2, 1
	li.w	$t1, 8
	sll.w	$t1, $t1, $t0
	sub.d	$t1, $zero, $t1
	bstrpick.d $t2, $r20, 6, 3
	addi.w	$t0, $t2, -CC_KIND_ADD
	beqz	$t0, cf_add
	addi.w	$t0, $t2, -CC_KIND_SUB
	beqz	$t0, cf_sub
	addi.w	$t0, $t2, -CC_KIND_CMP
	beqz	$t0, cf_cmp
	addi.w	$t0, $t2, -CC_KIND_ADC
	beqz	$t0, cf_add
	addi.w	$t0, $t2, -CC_KIND_SBB
	beqz	$t0, cf_sub
	addi.w	$t0, $t2, -CC_KIND_MUL
	beqz	$t0, cf_mul
	addi.w	$t0, $t2, -CC_KIND_SHL
	beqz	$t0, cf_shl
	addi.w	$t0, $t2, -CC_KIND_SHR
	beqz	$t0, cf_shr
	addi.w	$t0, $t2, -CC_KIND_SAR
	beqz	$t0, cf_sar
	addi.w	$t0, $t2, -CC_KIND_LOGIC
	beqz	$t0, cf_store
	move	$t0, $r22			/* left: EFLAGS, FCOM */
cf_bit:
	andi	$t0, $t0, 1
cf_store:
	st.d	$t0, $tp, ST_HELP7
	ld.d	$t0, $sp, 0
	ld.d	$t1, $sp, 8
	ld.d	$t2, $sp, 16
	addi.d	$sp, $sp, 32
	jr	$ra
cf_add:					/* result below the addend */
	sll.d	$t0, $r22, $t1
	b	cf_below
cf_sub:					/* first operand, a + b + c, below the second */
	add.d	$t0, $r22, $r31
	andi	$t2, $r20, 1
	add.d	$t0, $t0, $t2
	sll.d	$t0, $t0, $t1
	b	cf_below
cf_cmp:
	sll.d	$t0, $r22, $t1
cf_below:				/* with a carry in, also if they are equal */
	sll.d	$t1, $r31, $t1
	andi	$t2, $r20, 1
	bnez	$t2, 1f
	sltu	$t0, $t0, $t1
	b	cf_store
1:	sltu	$t0, $t1, $t0
	xori	$t0, $t0, 1
	b	cf_store
cf_mul:
	sltu	$t0, $zero, $r31
	b	cf_store
cf_shl:					/* the last bit that went out at the top */
	sll.d	$t0, $r22, $t1
	addi.d	$t1, $r31, -1
	sll.d	$t0, $t0, $t1
	srli.d	$t0, $t0, 63
	b	cf_store
cf_shr:					/* at the bottom, of a extended with zeros */
	sll.d	$t0, $r22, $t1
	srl.d	$t0, $t0, $t1
	addi.d	$t1, $r31, -1
	srl.d	$t0, $t0, $t1
	b	cf_bit
cf_sar:					/* of a extended with its sign */
	sll.d	$t0, $r22, $t1
	sra.d	$t0, $t0, $t1
	addi.d	$t1, $r31, -1
	sra.d	$t0, $t0, $t1
	b	cf_bit
