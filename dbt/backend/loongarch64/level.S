/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SYSCALL, SYSRET, INT n, #PF and IRETQ of 64-bit code, the ways that are known (struct passage,
 * seen_gate64, seen_return64): no state is written back, nothing is decided. Not what made them
 * known, nor anything unusual: that is C's, which finds nothing changed. No tracing either.
 */
#include "dbt/backend/glue.h"
#include "dbt/backend/loongarch64/glue_asm.h"
#include "dbt/backend/loongarch64/level_asm.h"

	.section .text.glue, "ax"

/*
 * By passage n, with the segments of SYSCALL (0) or SYSRET (1). Changes a3, a4, vr0, vr1 and rCTX.
 */
	.macro	pass n
	vld	$vr0, $tp, ST_CALL_SEG(\n)
	vld	$vr1, $tp, ST_CALL_SEG(\n) + 16
	vst	$vr0, $tp, ST_SEG + 16
	vst	$vr1, $tp, ST_SEG + 32
	pass_level \n, $a3, $a4
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
	ctx_or_nothing
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
	ctx_or_nothing
	move	$a0, $zero
	jr	$ra

/* -- INT n and IRETQ that were taken before (struct seen_gate64, seen_return64) -- */

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
	.macro	system_end function, why=EXIT_SYSTEM
9:	save_pinned 1
	bl	\function
	go_on
	li.w	$a0, \why
	b	glue_leave_written
	.endm

/* To the code at a0, by what host_probe does. */
	.macro	go_to
	bnez	$r21, glue64_exit_kick
	bstrpick.d $a1, $a0, JUMP_CACHE_SHIFT + JUMP_CACHE_BITS - 1, JUMP_CACHE_SHIFT
	alsl.d	$a1, $a1, $r10, 4
	enter_named 1
	b	glue64_jump_ind
	.endm

/*
 * By the gate at a2, if all is as it was; a1 = rip, a4 = RFLAGS; coded: #PF, with its error code.
 * The frame lies on one page, so that its first store is the only one that can fault for the guest;
 * if the page is watched, each traps.
 */
	.macro	enter_gate coded
	check_word 0, $a2, $a0, $a3
	check_word 1, $a2, $a0, $a3
	check_word 2, $a2, $a0, $a3
	move	$a3, $r27
	ld.d	$a0, $a2, GATE_STACK
	beqz	$a0, 1f
	try ld.d $a3, $a0, 0
1:	bstrins.d $a3, $zero, 3, 0
	blt	$a3, $r11, 9f
	addi.d	$a0, $a3, -40 - 8 * \coded
	addi.d	$a3, $a3, -1
	xor	$a3, $a3, $a0
	srli.d	$a3, $a3, 12
	bnez	$a3, 9f
	.if	\coded
	ld.wu	$a3, $tp, ST_FAULT_ERROR
	try st.d $a3, $a0, 0
	addi.d	$a0, $a0, 8
	.endif
	try st.d $a1, $a0, 0
	ld.hu	$a3, $tp, ST_SEG + 16 + 14
	try st.d $a3, $a0, 8
	andi	$a3, $r22, 0x8d5
	or	$a3, $a3, $a4
	.if	\coded
	lu12i.w	$ra, 0x10			/* RF */
	or	$a3, $a3, $ra
	.endif
	try st.d $a3, $a0, 16
	try st.d $r27, $a0, 24
	ld.hu	$a3, $tp, ST_SEG + 32 + 14
	try st.d $a3, $a0, 32
	addi.d	$r27, $a0, -8 * \coded
	.if	\coded
	st.d	$a1, $tp, ST_REFAULT
	.endif
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
	.endm

/* ST_HELP: INT_KEY. Flags have been put as CC_EFLAGS. */
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
1:	enter_gate 0
	system_end exec_int

/* From a trap (rt/fault.c): #PF at a0, in vcpu.fault; likewise. */
door glue64_fault
	st.d	$a0, $tp, ST_EIP
	check_plain
	move	$a1, $a0
	ld.d	$a2, $tp, ST_GATES
	addi.d	$a2, $a2, GATE_PF
	ld.wu	$a0, $a2, GATE_KEY
	ld.bu	$a3, $tp, ST_LEVEL + 4
	bstrins.d $a0, $zero, 23, 16
	li.w	$ra, GATE_PF_KEY
	add.d	$ra, $ra, $a3
	bne	$a0, $ra, 9f
	beqz	$a3, 1f
	pass_view 0, $a0, $a3
1:	enter_gate 1
	system_end exec_fault_long, EXIT_FAULT

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
	check_word 0, $a2, $a3, $ra
	check_word 1, $a2, $a3, $ra
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
	try ld.d $r27, $r27, 24
	pass_level 1, $a1, $a3
	b	2f
1:	try ld.d $r27, $r27, 24
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
	ld.d	$a1, $tp, ST_REFAULT
	beq	$a1, $a0, 3f
2:	go_to
3:	st.d	$a0, $tp, ST_EIP
	upper_gpr st.d
	bl	exec_refault
	upper_gpr ld.d
	set_limit
	ld.d	$r10, $tp, ST_CTX
	ld.d	$a0, $tp, ST_EIP
	move	$r20, $zero
	b	2b
	system_end exec_iret
