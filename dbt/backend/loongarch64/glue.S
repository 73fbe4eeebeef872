/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doors into and out of translated code, the jump cache's probe, and the
 * thunk to C helpers. Not here: anything that decides. Invariant: between
 * dbt_enter and an exit sp does not move but inside a thunk.
 *
 * There are two sets, by the kind of code: `wide` is 64-bit code, all of whose 16 registers are
 * pinned; other code has the low halves of 8, sign-extended, and leaves what it does not know of in
 * struct vcpu. Where C says where to go on, an address of 64-bit code has bit 63 cleared.
 */
#include "dbt/backend/glue.h"
#include "dbt/backend/loongarch64/glue_asm.h"

#define FRAME 96
#define WHY 88
#define WINDOW -0x700		/* bits 63 … 52 of the code cache's addresses */

	.section .text.glue, "ax"

/* Go on at a0. */
	.macro	enter_code wide
	ld.d	$r20, $tp, ST_CCOP
	ld.d	$r22, $tp, ST_CCA
	ld.d	$r31, $tp, ST_CCB
	load_ctx
	.if	\wide
	move	$ra, $a0
	each_gpr ld.d, 1
	set_limit
	ld.d	$a0, $tp, ST_EIP
	jirl	$a2, $ra, ENTRY_UNCHECKED_BYTES
	b	glue64_exit_closed
	.else
	each_gpr ld.w, 0
	move	$t0, $a0
	ld.w	$a0, $tp, ST_EIP
	jirl	$a2, $t0, 0
	b	glue_exit_closed
	.endif
	.endm

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
	bgez	$a0, resume64
/* The same from within: a0 = code to go on at. */
	.globl	resume
resume:
	enter_code 0
	.size	dbt_enter, . - dbt_enter

	.globl	resume64
	.type	resume64, @function
resume64:
	lu52i.d	$a0, $a0, WINDOW
	enter_code 1

/* eip, which translated code keeps sign-extended from 32 bits, into struct vcpu. */
	.macro	store_eip reg, wide
	.if	! \wide
	bstrpick.d \reg, \reg, 31, 0
	.endif
	st.d	\reg, $tp, ST_EIP
	.endm

/*
 * a0 = eip, which the first place has not (host_probe). Changes a1, a2, a3; falls through if the
 * second has it not either, or it is time that it came to the first (exec_miss).
 */
	.macro	probe_second wide
	srli.d	$a1, $a0, JUMP_CACHE_BITS
	xor	$a1, $a1, $a0
	bstrpick.d $a1, $a1, JUMP_CACHE_BITS - 1, 0
	alsl.d	$a1, $a1, $r10, 4
	ldptr.w	$a2, $tp, ST_JUMP_LOOKS
	addi.w	$a2, $a2, -1
	stptr.w	$a2, $tp, ST_JUMP_LOOKS
	bltz	$a2, .Lsecond\@
	enter_named \wide
.Lsecond\@:
	.endm

/* But before what waits comes the fault of a branch whose target is not canonical, at label 2. */
	.macro	leave_for_kick p, wide
	.if	\wide
	beqz	$r21, 3f
	srai.d	$a1, $a0, 47
	addi.d	$a1, $a1, 1
	sltui	$a1, $a1, 2
	beqz	$a1, 2f
	b	\p\()exit_kick
3:
	.else
	bnez	$r21, \p\()exit_kick
	.endif
	.endm

/* The number behind the call that ra comes from. */
	.macro	store_link
	ld.wu	$a1, $ra, 0
	st.d	$a1, $tp, ST_EXIT_ARG
	.endm

	.macro	doors p, wide
/* a0 is the result of dbt_enter. */
	.type	\p\()leave, @function
\p\()leave:
	save_pinned \wide
	b	glue_leave_written

door \p\()exit_link
	store_link
	li.w	$a0, EXIT_LINK
	b	\p\()leave

/* Where C said to go on a block's entry is closed. */
	.type	\p\()exit_closed, @function
\p\()exit_closed:
	store_eip $a0, \wide
	li.w	$a0, EXIT_CLOSED
	b	\p\()leave

door \p\()exit_kick
	store_eip $a0, \wide
	save_pinned \wide
	bl	exec_kick
	go_on
	li.w	$a0, EXIT_KICK
	b	glue_leave_written

/* Called by bl from a self-checking block: ra tells which. */
door \p\()exit_stale
	st.d	$ra, $tp, ST_EXIT_ARG
	li.w	$a0, EXIT_STALE
	b	\p\()leave

/* From 64-bit code, called by bl, with a BRANCH_WORD behind the call. */
door \p\()jump_ind
	leave_for_kick \p, \wide
	probe_second \wide
2:	store_eip $a0, \wide
	.if	\wide
	st.d	$ra, $tp, ST_EXIT_ARG
	.endif
	li.w	$a0, EXIT_INDIRECT
	b	\p\()miss

/* Called by bl, a link's number behind the call; a0 = eip. */
door \p\()jump_far
	leave_for_kick \p, \wide
	probe_second \wide
2:	store_eip $a0, \wide
	store_link
	li.w	$a0, EXIT_FAR
	b	\p\()miss

/* a0: why translated code leaves, if C does not know where to go on. */
	.type	\p\()miss, @function
\p\()miss:
	st.d	$a0, $sp, WHY
	save_pinned \wide
	bl	exec_miss
	go_on
	ld.d	$a0, $sp, WHY
	b	glue_leave_written

/*
 * a0 = helper, a1 a2 a3 its arguments; result in a0. The guest's first eight registers and flag
 * operands are in registers that C saves; the pinned ones that it does not are kept here.
 */
door \p\()call
	addi.d	$sp, $sp, -32
	st.d	$ra, $sp, 0
	st.d	$r9, $tp, ST_PAGE
	st.d	$r20, $sp, 16
	.if	\wide
	upper_gpr st.d
	.endif
	la.local $t0, helper_fn
	alsl.d	$t0, $a0, $t0, 3
	ld.d	$t0, $t0, 0
	addi.d	$a0, $tp, 256
	jirl	$ra, $t0, 0
	.if	\wide
	upper_gpr ld.d
	set_limit
	.endif
	ld.d	$ra, $sp, 0
	ld.d	$r9, $tp, ST_PAGE
	load_ctx
	ld.d	$r20, $sp, 16
	addi.d	$sp, $sp, 32
	jr	$ra
	.endm

/* a0, a1 = this and the next eip, a2 = helper, for `function` of exec.c. */
	.macro	system name, wide, function
door \name
	store_eip $a0, \wide
	.if	! \wide
	bstrpick.d $a1, $a1, 31, 0
	.endif
	st.d	$a1, $tp, ST_NEXT_EIP
	st.d	$a2, $tp, ST_EXIT_ARG
	save_pinned \wide
	bl	\function
	go_on
	li.w	$a0, EXIT_SYSTEM
	b	glue_leave_written
	.endm

	doors	glue_, 0
	doors	glue64_, 1
	system	glue_sys, 0, exec_system
	system	glue_compat_sys, 0, exec_system_long
	system	glue64_sys, 1, exec_system_long

/* The same when rt/fault.c has already written the state back: a0 is the result. */
door glue_leave_written
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

	.macro	fault name, function
door \name
	bl	\function
	go_on
	li.w	$a0, EXIT_FAULT
	b	glue_leave_written
	.endm

	fault	glue_fault, exec_fault
	fault	glue_fault_long, exec_fault_long

/* Called from 64-bit code: leaf a0 changes what are temporaries in other code only. */
door glue64_leaf
	addi.d	$sp, $sp, -16
	st.d	$ra, $sp, 0
	upper_gpr st.d
	la.local $t0, leaf_of
	alsl.d	$t0, $a0, $t0, 3
	ld.d	$t0, $t0, 0
	jirl	$ra, $t0, 0
	upper_gpr ld.d
	set_limit
	ld.d	$ra, $sp, 0
	addi.d	$sp, $sp, 16
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
	andi	$t1, $r20, CC_CARRIED_BIT
	bstrpick.d $t0, $r20, CC_CARRIED_CF_BIT, CC_CARRIED_CF_BIT
	bnez	$t1, cf_store
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
