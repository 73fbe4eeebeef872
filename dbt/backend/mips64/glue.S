/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doors into and out of translated code, the jump cache's probe, and the thunk to C helpers.
 * Not here: anything that decides. Invariant: between dbt_enter and an exit sp does not move but
 * inside a thunk. The assembler fills delay slots (reorder); $1 is ours, so it may make no macros
 * that need one.
 */
#include "dbt/backend/glue.h"

#define tp $28
#define kick $27
#define rPAGE $2
#define rCTX $3
#define rCCOP $24
#define rCCB $25
#define rCCA $30

#define FRAME 96
#define WHY 88

	.set	noat
	.section .text.glue, "ax"

	.macro	door name
	.globl	\name
	.type	\name, @function
\name:
	.endm

/* u32 dbt_enter(const u32 *entry): run translated code on this core's vCPU until it leaves. */
door dbt_enter
	daddiu	$29, $29, -FRAME
	sd	$31, 0($29)
	sd	$16, 8($29)
	sd	$17, 16($29)
	sd	$18, 24($29)
	sd	$19, 32($29)
	sd	$20, 40($29)
	sd	$21, 48($29)
	sd	$22, 56($29)
	sd	$23, 64($29)
	sd	$30, 72($29)
/* The same from within: $4 = code to go on at. */
resume:
	lw	$16, ST_GPR(0)(tp)
	lw	$17, ST_GPR(1)(tp)
	lw	$18, ST_GPR(2)(tp)
	lw	$19, ST_GPR(3)(tp)
	lw	$20, ST_GPR(4)(tp)
	lw	$21, ST_GPR(5)(tp)
	lw	$22, ST_GPR(6)(tp)
	lw	$23, ST_GPR(7)(tp)
	ld	rCCOP, ST_CCOP(tp)
	ld	rCCA, ST_CCA(tp)
	ld	rCCB, ST_CCB(tp)
	ld	rCTX, ST_CTX(tp)
	move	$5, $4
	lw	$4, ST_EIP(tp)
	jalr	$6, $5
	b	exit_closed

/* Everything pinned goes to struct vcpu. */
	.macro	save_pinned
	sd	rPAGE, ST_PAGE(tp)
	sw	$16, ST_GPR(0)(tp)
	sw	$17, ST_GPR(1)(tp)
	sw	$18, ST_GPR(2)(tp)
	sw	$19, ST_GPR(3)(tp)
	sw	$20, ST_GPR(4)(tp)
	sw	$21, ST_GPR(5)(tp)
	sw	$22, ST_GPR(6)(tp)
	sw	$23, ST_GPR(7)(tp)
	sd	rCCOP, ST_CCOP(tp)
	sd	rCCA, ST_CCA(tp)
	sd	rCCB, ST_CCB(tp)
	.endm

/* $4 is the result of dbt_enter. */
leave:
	save_pinned
/* The same when the fault path has already written the state back: $4 is the result. */
door glue_leave_written
	move	$2, $4
	ld	$31, 0($29)
	ld	$16, 8($29)
	ld	$17, 16($29)
	ld	$18, 24($29)
	ld	$19, 32($29)
	ld	$20, 40($29)
	ld	$21, 48($29)
	ld	$22, 56($29)
	ld	$23, 64($29)
	ld	$30, 72($29)
	daddiu	$29, $29, FRAME
	jr	$31

/* eip, which translated code keeps sign-extended, into struct vcpu. */
	.macro	store_eip reg
	dext	\reg, \reg, 0, 32
	sd	\reg, ST_EIP(tp)
	.endm

door glue_exit_link
	lwu	$5, 0($31)
	sd	$5, ST_EXIT_ARG(tp)
	li	$4, EXIT_LINK
	b	leave

/* Where C said to go on a block's entry is closed. */
	.type	exit_closed, @function
exit_closed:
	store_eip $4
	li	$4, EXIT_CLOSED
	b	leave

door glue_exit_kick
	store_eip $4
	li	$4, EXIT_KICK
	b	leave

/* Called from a self-checking block: ra tells which. */
door glue_exit_stale
	sd	$31, ST_EXIT_ARG(tp)
	li	$4, EXIT_STALE
	b	leave

/* $4 = eip. Changes $5, $6; falls through if the cache has it not, or closed (to $6). */
	.macro	probe
	dext	$5, $4, JUMP_CACHE_SHIFT, JUMP_CACHE_BITS
	dsll	$5, $5, 4
	daddu	$5, $5, rCTX
	ld	$6, 0($5)
	bne	$4, $6, 1f
	ld	$5, 8($5)
	jalr	$6, $5
1:	dsrl	$5, $4, JUMP_CACHE_BITS
	xor	$5, $5, $4
	dext	$5, $5, 0, JUMP_CACHE_BITS
	dsll	$5, $5, 4
	daddu	$5, $5, rCTX
	ld	$6, 0($5)
	bne	$4, $6, 2f
	ld	$5, 8($5)
	jalr	$6, $5
2:
	.endm

door glue_jump_ind
	bne	kick, $0, glue_exit_kick
	probe
	store_eip $4
	li	$4, EXIT_INDIRECT
	b	miss

/* Called, a link's number behind the call; $4 = eip. */
door glue_jump_far
	bne	kick, $0, glue_exit_kick
	probe
	lwu	$5, 0($31)
	store_eip $4
	sd	$5, ST_EXIT_ARG(tp)
	li	$4, EXIT_FAR
	b	miss

/* $4: why translated code leaves, if C does not know where to go on. */
	.type	miss, @function
miss:
	sd	$4, WHY($29)
	save_pinned
	jal	exec_miss
	move	$4, $2
	bne	$4, $0, resume
	ld	$4, WHY($29)
	b	glue_leave_written

/* No ways of their own. */
door glue_int
door glue_iret
door glue_sysenter
door glue_sysexit
door glue_sys
	store_eip $4
	dext	$5, $5, 0, 32
	sd	$5, ST_NEXT_EIP(tp)
	sd	$6, ST_EXIT_ARG(tp)
	save_pinned
	jal	exec_system
	move	$4, $2
	bne	$4, $0, resume
	li	$4, EXIT_SYSTEM
	b	glue_leave_written

door glue_fault_pinned
	store_eip $4
	save_pinned
door glue_fault
	jal	exec_fault
	move	$4, $2
	bne	$4, $0, resume
	li	$4, EXIT_FAULT
	b	glue_leave_written

/*
 * $4 = helper, $5 $6 $7 its arguments; result in $4. The guest's general registers and one flag
 * operand are in registers that C saves; the four pinned ones that it does not are kept here.
 */
door glue_call
	daddiu	$29, $29, -32
	sd	$31, 0($29)
	sd	rPAGE, ST_PAGE(tp)
	sd	rCCOP, 16($29)
	sd	rCCB, 24($29)
	lui	$1, %hi(helper_fn)
	daddiu	$1, $1, %lo(helper_fn)
	dsll	$4, $4, 3
	daddu	$1, $1, $4
	ld	$25, 0($1)
	daddiu	$4, tp, 256
	jalr	$31, $25
	ld	$31, 0($29)
	ld	rCTX, ST_CTX(tp)
	ld	rCCOP, 16($29)
	ld	rCCB, 24($29)
	move	$4, $2
	ld	rPAGE, ST_PAGE(tp)
	daddiu	$29, $29, 32
	jr	$31

/* All kinds by C. */
door glue_entry_flags
	move	$5, rCCOP
	move	$6, rCCA
	move	$7, rCCB
	b	glue_call

/*
 * Carry of the pinned flags (dbt/x86/cc.h) to vcpu.help[7]; every register but $1 and ra is kept.
 * $6 is 64 less the operands' width, which brings their highest bit to bit 63.
 */
door glue_entry_cf
	daddiu	$29, $29, -32
	sd	$5, 0($29)
	sd	$6, 8($29)
	sd	$7, 16($29)
	andi	$6, rCCOP, CC_CARRIED_BIT
	dext	$5, rCCOP, CC_CARRIED_CF_BIT, 1
	bne	$6, $0, cf_store
	dext	$5, rCCOP, 1, 2
	li	$6, 8
	sllv	$6, $6, $5
	li	$5, 64
	subu	$6, $5, $6
	dext	$7, rCCOP, 3, 4
	li	$1, CC_KIND_ADD
	beq	$7, $1, cf_add
	li	$1, CC_KIND_SUB
	beq	$7, $1, cf_sub
	li	$1, CC_KIND_CMP
	beq	$7, $1, cf_cmp
	li	$1, CC_KIND_ADC
	beq	$7, $1, cf_add
	li	$1, CC_KIND_SBB
	beq	$7, $1, cf_sub
	li	$1, CC_KIND_MUL
	beq	$7, $1, cf_mul
	li	$1, CC_KIND_SHL
	beq	$7, $1, cf_shl
	li	$1, CC_KIND_SHR
	beq	$7, $1, cf_shr
	li	$1, CC_KIND_SAR
	beq	$7, $1, cf_sar
	move	$5, $0
	li	$1, CC_KIND_LOGIC
	beq	$7, $1, cf_store
	move	$5, rCCA		/* left: EFLAGS, FCOM */
cf_bit:
	andi	$5, $5, 1
cf_store:
	sd	$5, ST_HELP7(tp)
	ld	$5, 0($29)
	ld	$6, 8($29)
	ld	$7, 16($29)
	daddiu	$29, $29, 32
	jr	$31
cf_add:					/* result below the addend */
	dsllv	$5, rCCA, $6
	b	cf_below
cf_sub:					/* first operand, a + b + c, below the second */
	daddu	$5, rCCA, rCCB
	andi	$7, rCCOP, 1
	daddu	$5, $5, $7
	dsllv	$5, $5, $6
	b	cf_below
cf_cmp:
	dsllv	$5, rCCA, $6
cf_below:				/* with a carry in, also if they are equal */
	dsllv	$6, rCCB, $6
	andi	$7, rCCOP, 1
	bne	$7, $0, 1f
	sltu	$5, $5, $6
	b	cf_store
1:	sltu	$5, $6, $5
	xori	$5, $5, 1
	b	cf_store
cf_mul:
	sltu	$5, $0, rCCB
	b	cf_store
cf_shl:					/* the last bit that went out at the top */
	dsllv	$5, rCCA, $6
	daddiu	$6, rCCB, -1
	dsllv	$5, $5, $6
	dsrl	$5, $5, 63
	b	cf_store
cf_shr:					/* at the bottom, of a extended with zeros */
	dsllv	$5, rCCA, $6
	dsrlv	$5, $5, $6
	daddiu	$6, rCCB, -1
	dsrlv	$5, $5, $6
	b	cf_bit
cf_sar:					/* of a extended with its sign */
	dsllv	$5, rCCA, $6
	dsrav	$5, $5, $6
	daddiu	$6, rCCB, -1
	dsrav	$5, $5, $6
	b	cf_bit
