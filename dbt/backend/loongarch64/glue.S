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
#include "kernel/arch/loongarch64/paging.h"
#include "kernel/extable.h"

#define FRAME 96
#define WHY 88
#define WINDOW -0x700		/* bits 63 … 52 of the code cache's addresses */

	.text

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

/* Go on at a0. */
	.macro	enter_code wide
	ld.d	$r20, $tp, ST_CCOP
	ld.d	$r22, $tp, ST_CCA
	ld.d	$r31, $tp, ST_CCB
	ld.d	$r10, $tp, ST_CTX
	.if	\wide
	move	$ra, $a0
	each_gpr ld.d, 1
	set_limit
	ld.d	$a0, $tp, ST_EIP
	jr	$ra
	.else
	each_gpr ld.w, 0
	move	$t0, $a0
	ld.w	$a0, $tp, ST_EIP
	jr	$t0
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
resume:
	enter_code 0
	.size	dbt_enter, . - dbt_enter

	.type	resume64, @function
resume64:
	lu52i.d	$a0, $a0, WINDOW
	enter_code 1

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

/* eip, which translated code keeps sign-extended from 32 bits, into struct vcpu. */
	.macro	store_eip reg, wide
	.if	! \wide
	bstrpick.d \reg, \reg, 31, 0
	.endif
	st.d	\reg, $tp, ST_EIP
	.endm

/*
 * a0 = eip, which the first place has not (host_probe). Changes t0, t1 or, in 64-bit code, a1, a2;
 * falls through if the second has it not either.
 */
	.macro	probe_second x, y
	srli.d	\x, $a0, JUMP_CACHE_BITS
	xor	\x, \x, $a0
	bstrpick.d \x, \x, JUMP_CACHE_BITS - 1, 0
	alsl.d	\x, \x, $r10, 4
	ld.d	\y, \x, 0
	bne	\y, $a0, 1f
	ld.d	\x, \x, 8
	jr	\x
1:
	.endm

	.macro	probe_other wide
	.if	\wide
	probe_second $a1, $a2
	.else
	probe_second $t0, $t1
	.endif
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

/* A block's entry that backend_close has overwritten. */
door \p\()exit_closed
	store_eip $a0, \wide
	li.w	$a0, EXIT_CLOSED
	b	\p\()leave

door \p\()exit_kick
	store_eip $a0, \wide
	li.w	$a0, EXIT_KICK
	b	\p\()leave

/* Called by bl from a self-checking block: ra tells which. */
door \p\()exit_stale
	st.d	$ra, $tp, ST_EXIT_ARG
	li.w	$a0, EXIT_STALE
	b	\p\()leave

/* From 64-bit code, called by bl, with a BRANCH_WORD behind the call. */
door \p\()jump_ind
	leave_for_kick \p, \wide
	probe_other \wide
2:	store_eip $a0, \wide
	.if	\wide
	st.d	$ra, $tp, ST_EXIT_ARG
	.endif
	li.w	$a0, EXIT_INDIRECT
	b	\p\()miss

/* Called by bl, a link's number behind the call; a0 = eip. */
door \p\()jump_far
	leave_for_kick \p, \wide
	probe_other \wide
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
	ld.d	$r10, $tp, ST_CTX
	ld.d	$r20, $sp, 16
	addi.d	$sp, $sp, 32
	jr	$ra
	.endm

/*
 * By passage n, with the segments of SYSCALL (0) or SYSRET (1). Changes a3, a4, vr0, vr1 and rCTX.
 */
	.macro	pass n
	vld	$vr0, $tp, ST_CALL_SEG(\n)
	vld	$vr1, $tp, ST_CALL_SEG(\n) + 16
	vst	$vr0, $tp, ST_SEG + 16
	vst	$vr1, $tp, ST_SEG + 32
	vld	$vr0, $tp, ST_PASSAGE(\n) + PASSAGE_LEVEL
	vst	$vr0, $tp, ST_LEVEL
	ld.d	$r10, $tp, ST_PASSAGE(\n) + PASSAGE_CTX
	st.d	$r10, $tp, ST_CTX
	ld.d	$a3, $tp, ST_PASSAGE(\n) + PASSAGE_ASID
	ld.d	$a4, $tp, ST_PASSAGE(\n) + PASSAGE_ROOT
	activate_paging $a3, $a4
	ld.d	$a3, $tp, ST_PASSAGE(\n) + PASSAGE_VIEW
	ld.d	$a4, $tp, ST_VIEW
	st.w	$a3, $a4, 0
	.endm

/* a0 = the helper; in a0 RFLAGS as they were. */
door glue64_syscall
	ld.d	$a2, $tp, ST_CALL_KEEP
	ld.wu	$a1, $tp, ST_EFLAGS
	srli.d	$a3, $a2, 32			/* CALL_ENABLED */
	beqz	$a3, glue64_call
	ld.d	$a3, $tp, ST_PASSAGE_NOT
	and	$a2, $a2, $a1
	and	$a3, $a3, $a2
	bnez	$a3, glue64_call
	st.w	$a2, $tp, ST_EFLAGS
	pass	0
	move	$a0, $a1
	jr	$ra

/*
 * a0 = the helper, a1 = the new RFLAGS, a2 = rip; in a0 0. Not with a rip that is not canonical,
 * and not if an interrupt waits.
 */
door glue64_sysret
	ld.d	$a3, $tp, ST_CALL_KEEP
	srli.d	$a3, $a3, 32
	beqz	$a3, glue64_call
	ld.d	$a3, $tp, ST_PASSAGE_NOT
	ori	$a1, $a1, 2			/* RFLAGS' fixed bit */
	and	$a3, $a3, $a1
	bnez	$a3, glue64_call
	slli.d	$a3, $a2, 16
	srai.d	$a3, $a3, 16
	bne	$a3, $a2, glue64_call
	ld.w	$a3, $tp, ST_PENDING
	bnez	$a3, glue64_call
	andi	$a1, $a1, 0x202			/* IF and that one */
	st.w	$a1, $tp, ST_EFLAGS
	pass	1
	move	$a0, $zero
	jr	$ra

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

/* C's answer, a0, where to go on, if it is one. */
	.macro	go_on
	bltz	$a0, resume
	bnez	$a0, resume64
	.endm

	doors	glue_, 0
	doors	glue64_, 1
	system	glue_sys, 0, exec_system
	system	glue_compat_sys, 0, exec_system_long
	system	glue64_sys, 1, exec_system_long

/* -- INT n and IRETQ that were taken before (struct seen_gate64, seen_return64) -- */

/* The level, tables and context of passage n. Changes \x, \y, vr0 and rCTX. */
	.macro	pass_level n, x, y
	vld	$vr0, $tp, ST_PASSAGE(\n) + PASSAGE_LEVEL
	vst	$vr0, $tp, ST_LEVEL
	ld.d	$r10, $tp, ST_PASSAGE(\n) + PASSAGE_CTX
	st.d	$r10, $tp, ST_CTX
	pass_view \n, \x, \y
	.endm

	.macro	pass_view n, x, y
	ld.d	\x, $tp, ST_PASSAGE(\n) + PASSAGE_ASID
	ld.d	\y, $tp, ST_PASSAGE(\n) + PASSAGE_ROOT
	activate_paging \x, \y
	ld.d	\x, $tp, ST_PASSAGE(\n) + PASSAGE_VIEW
	ld.d	\y, $tp, ST_VIEW
	st.w	\x, \y, 0
	.endm

/* A guest access: if it faults for the guest, the general way finds out how. */
	.macro	try insn:vararg
	MAY_FAULT 9f
	\insn
	.endm

/* To 9 if the guest's word n of the list at a2 is not what it was. */
	.macro	check_word n, x, y
	ld.d	\x, $a2, GATE_WORD(\n)
	ld.d	\y, $a2, GATE_WORD(\n) + 8
	try ld.d \x, \x, 0
	bne	\x, \y, 9f
	.endm

/* To 9 unless RFLAGS are plain and a passage is known; no breakpoints. RFLAGS to a4. */
	.macro	check_plain
	ld.wu	$a4, $tp, ST_EFLAGS
	ld.d	$a3, $tp, ST_PASSAGE_NOT
	and	$a3, $a3, $a4
	bnez	$a3, 9f
	ld.bu	$a3, $tp, ST_DR7
	bnez	$a3, 9f
	.endm

	.macro	system_begin
	st.d	$a0, $tp, ST_EIP
	st.d	$a1, $tp, ST_NEXT_EIP
	st.d	$a2, $tp, ST_EXIT_ARG
	.endm

/* 9: none of it has happened. */
	.macro	system_end function
9:	save_pinned 1
	bl	\function
	go_on
	li.w	$a0, EXIT_SYSTEM
	b	glue_leave_written
	.endm

/* To the code at a0, by what host_probe does. */
	.macro	go_to
	bnez	$r21, glue64_exit_kick
	bstrpick.d $a1, $a0, JUMP_CACHE_SHIFT + JUMP_CACHE_BITS - 1, JUMP_CACHE_SHIFT
	alsl.d	$a1, $a1, $r10, 4
	ld.d	$a2, $a1, 0
	bne	$a2, $a0, glue64_jump_ind
	ld.d	$a1, $a1, 8
	jr	$a1
	.endm

/*
 * ST_HELP: INT_KEY. Flags have been put as CC_EFLAGS. The frame lies on one page, so that its first
 * store is the only one that can fault.
 */
door glue64_int
	system_begin
	srli.d	$a3, $r20, 3
	bnez	$a3, 9f
	check_plain
	ld.wu	$a3, $tp, ST_HELP
	ld.d	$a2, $tp, ST_GATES
	bstrpick.d $a0, $a3, 11, 8
	slli.d	$a0, $a0, SEEN64_SHIFT
	add.d	$a2, $a2, $a0
	ld.wu	$a0, $a2, GATE_KEY
	bne	$a0, $a3, 9f
	andi	$a3, $a3, 4			/* level 3, + 1 */
	beqz	$a3, 1f
	pass_view 0, $a0, $a3
1:	check_word 0, $a0, $a3
	check_word 1, $a0, $a3
	check_word 2, $a0, $a3
	move	$a3, $r27
	ld.d	$a0, $a2, GATE_STACK
	beqz	$a0, 1f
	try ld.d $a3, $a0, 0
1:	bstrins.d $a3, $zero, 3, 0
	blt	$a3, $r11, 9f
	addi.d	$a0, $a3, -40
	addi.d	$a3, $a3, -1
	xor	$a3, $a3, $a0
	srli.d	$a3, $a3, 12
	bnez	$a3, 9f
	try st.d $a1, $a0, 0
	ld.hu	$a3, $tp, ST_SEG + 16 + 14
	st.d	$a3, $a0, 8
	andi	$a3, $r22, 0x8d5
	or	$a3, $a3, $a4
	st.d	$a3, $a0, 16
	st.d	$r27, $a0, 24
	ld.hu	$a3, $tp, ST_SEG + 32 + 14
	st.d	$a3, $a0, 32
	move	$r27, $a0
	vld	$vr0, $a2, GATE_CS
	vst	$vr0, $tp, ST_SEG + 16
	ld.d	$a3, $a2, GATE_KEEP
	and	$a4, $a4, $a3
	st.w	$a4, $tp, ST_EFLAGS
	ld.d	$a0, $a2, GATE_OFF
	ld.bu	$a3, $tp, ST_LEVEL + 4
	beqz	$a3, 1f
	st.d	$zero, $tp, ST_SEG + 32		/* SS: null, at level 0; its limit stays */
	st.w	$zero, $tp, ST_SEG + 32 + 12
	pass_level 0, $a3, $a4
1:	go_to
	system_end exec_int

/* From level 0. With an interrupt waiting the run loop is wanted, if IF goes on. */
door glue64_iret
	system_begin
	ld.d	$a3, $tp, ST_HELP
	addi.d	$a3, $a3, -8
	bnez	$a3, 9f
	check_plain
	ld.w	$a3, $tp, ST_PENDING
	bnez	$a3, 9f
	blt	$r27, $r11, 9f
	try ld.d $a0, $r27, 0
	try ld.d $a1, $r27, 8
	try ld.d $a4, $r27, 16
	try ld.d $ra, $r27, 32
	bstrpick.d $a1, $a1, 15, 0
	bstrins.d $a1, $ra, 31, 16
	lu32i.d	$a1, 1
	ld.d	$a2, $tp, ST_RETURNS
	andi	$a3, $a1, 1
	slli.d	$a3, $a3, SEEN64_SHIFT
	add.d	$a2, $a2, $a3
	ld.d	$a3, $a2, RETURN_SELS
	bne	$a3, $a1, 9f
	ld.d	$a3, $a2, RETURN_NOT
	and	$a3, $a3, $a4
	bnez	$a3, 9f
	slli.d	$a3, $a0, 16
	srai.d	$a3, $a3, 16
	bne	$a3, $a0, 9f
	check_word 0, $a3, $ra
	check_word 1, $a3, $ra
	andi	$a1, $a1, 1
	beqz	$a1, 1f
	ld.hu	$a3, $tp, ST_SEG + 12		/* ES, DS, FS, GS: none that would be dropped */
	ld.hu	$ra, $tp, ST_SEG + 48 + 12
	or	$a3, $a3, $ra
	ld.hu	$ra, $tp, ST_SEG + 64 + 12
	or	$a3, $a3, $ra
	ld.hu	$ra, $tp, ST_SEG + 80 + 12
	or	$a3, $a3, $ra
	bnez	$a3, 9f
	ld.d	$r27, $r27, 24
	pass_level 1, $a1, $a3
	b	2f
1:	ld.d	$r27, $r27, 24			/* on a page of its neighbours' */
2:	vld	$vr0, $a2, RETURN_CS
	vld	$vr1, $a2, RETURN_SS
	vst	$vr0, $tp, ST_SEG + 16
	vst	$vr1, $tp, ST_SEG + 32
	andi	$a3, $a4, 0x200
	ori	$a3, $a3, 2
	st.w	$a3, $tp, ST_EFLAGS
	andi	$r22, $a4, 0x8d5
	move	$r20, $zero
	move	$r31, $zero
	st.b	$zero, $tp, ST_NMI_BLOCKED
	go_to
	system_end exec_iret

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
