/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INT n, #PF, IRET, SYSENTER and SYSEXIT of flat 32-bit code outside long mode (key_passes), the
 * ways that are known: level.S says what that means. Here temporaries are many, so that the doors'
 * arguments stay where they are until it is sure that the known way is taken: else they are
 * glue_sys's.
 */
#include "dbt/backend/glue.h"
#include "dbt/backend/loongarch64/glue_asm.h"
#include "dbt/backend/loongarch64/level_asm.h"

	.section .text.glue, "ax"

/*
 * To 9 unless EFLAGS are plain and the passages are those of the segments that are loaded; no
 * breakpoints. EFLAGS to t7. Changes t0 and t1.
 */
	.macro	check_plain
	ld.wu	$t7, $tp, ST_EFLAGS
	ld.d	$t0, $tp, ST_PASSAGE_NOT
	ld.bu	$t1, $tp, ST_DR7
	and	$t0, $t0, $t7
	or	$t0, $t0, $t1
	bnez	$t0, 9f
	ld.wu	$t0, $tp, ST_LEVEL
	ld.wu	$t1, $tp, ST_PASSAGE(0) + PASSAGE_LEVEL
	xor	$t0, $t0, $t1
	bstrins.d $t0, $zero, 1, 0		/* KEY_CPL */
	bstrins.d $t0, $zero, 6, 6		/* KEY_IO_OK: it goes with CPL, as IOPL is 0 */
	bnez	$t0, 9f
	.endm

/* To the code at a0, by what host_probe does. */
	.macro	go_to
	bnez	$r21, glue_exit_kick
	bstrpick.d $a1, $a0, JUMP_CACHE_SHIFT + JUMP_CACHE_BITS - 1, JUMP_CACHE_SHIFT
	alsl.d	$a1, $a1, $r10, 4
	enter_named 0
	b	glue_jump_ind
	.endm

/* To 9 unless [t2 + \bytes, t2) is on one page; its first byte to t4. Changes t0. */
	.macro	frame_of bytes
	addi.w	$t4, $t2, \bytes
	addi.w	$t0, $t2, -1
	xor	$t0, $t0, $t4
	srli.d	$t0, $t0, 12
	bnez	$t0, 9f
	.endm

/*
 * EFLAGS, CS and EIP (a1, or a0 if coded: #PF, with its error code) go to the frame at t4, upwards.
 * All of it lies on one page, so that its first store is the only one that can fault for the guest;
 * if the page is watched, each traps.
 */
	.macro	store_frame coded, eip
	.if	\coded
	ld.wu	$t0, $tp, ST_FAULT_ERROR
	try st.w $t0, $t4, 0
	.endif
	try st.w \eip, $t4, 4 * \coded
	ld.hu	$t0, $tp, ST_SEG + 16 + 14
	try st.w $t0, $t4, 4 * \coded + 4
	andi	$t0, $r22, 0x8d5
	or	$t0, $t0, $t7
	.if	\coded
	lu12i.w	$t1, 0x10			/* RF */
	or	$t0, $t0, $t1
	.endif
	try st.w $t0, $t4, 4 * \coded + 8
	.endm

/* By the gate at a3, if all is as it was; t7 = EFLAGS. */
	.macro	enter_gate coded, eip
	check_word 0, $a3, $t0, $t1
	check_word 1, $a3, $t0, $t1
	check_word 2, $a3, $t0, $t1
	ld.d	$t5, $a3, GATE_STACK
	move	$t2, $r27
	beqz	$t5, 1f
	try ld.d $t2, $t5, 0			/* ESP and SS, in the TSS */
	ld.hu	$t1, $a3, GATE_SS + 14
	bstrpick.d $t0, $t2, 47, 32
	bne	$t0, $t1, 9f
	addi.w	$t2, $t2, 0
	frame_of -20 - 4 * \coded
	store_frame \coded, \eip
	try st.w $r27, $t4, 4 * \coded + 12
	ld.hu	$t0, $tp, ST_SEG + 32 + 14
	try st.w $t0, $t4, 4 * \coded + 16
	vld	$vr0, $a3, GATE_SS
	vst	$vr0, $tp, ST_SEG + 32
	pass_place 0
	b	2f
1:	frame_of -12 - 4 * \coded
	store_frame \coded, \eip
2:	move	$r27, $t4
	.if	\coded
	st.d	$a0, $tp, ST_REFAULT
	.endif
	vld	$vr0, $a3, GATE_CS
	vst	$vr0, $tp, ST_SEG + 16
	ld.d	$t0, $a3, GATE_KEEP
	and	$t7, $t7, $t0
	st.w	$t7, $tp, ST_EFLAGS
	ld.w	$a0, $a3, GATE_OFF
	go_to
	.endm

/* As glue_sys. ST_HELP: INT_KEY. Flags have been put as CC_EFLAGS. */
door glue_int
	srli.d	$t0, $r20, 3
	bnez	$t0, 9f
	check_plain
	ld.wu	$t0, $tp, ST_HELP
	ld.d	$a3, $tp, ST_GATES
	bstrpick.d $t1, $t0, 11, 8
	slli.d	$t1, $t1, SEEN64_SHIFT
	add.d	$a3, $a3, $t1
	ld.wu	$t1, $a3, GATE_KEY
	bne	$t0, $t1, 9f
	andi	$t0, $t0, 4			/* level 3, + 1 */
	beqz	$t0, 1f
	pass_view 0, $t0, $t1
1:	enter_gate 0, $a1
9:	b	glue_sys

/* From a trap (rt/fault.c): #PF at a0, in vcpu.fault; likewise. */
door glue_fault_pinned
	check_plain
	ld.d	$a3, $tp, ST_GATES
	addi.d	$a3, $a3, GATE_PF
	ld.wu	$t0, $a3, GATE_KEY
	ld.bu	$t1, $tp, ST_LEVEL + 4
	bstrins.d $t0, $zero, 23, 16
	li.w	$t2, GATE_PF_KEY
	add.d	$t2, $t2, $t1
	bne	$t0, $t2, 9f
	beqz	$t1, 1f
	pass_view 0, $t0, $t1
1:	enter_gate 1, $a0
9:	bstrpick.d $a0, $a0, 31, 0
	st.d	$a0, $tp, ST_EIP
	save_pinned 0
	b	glue_fault

/* To 9 if segment register s would be dropped at level 3. t5 = 0x60, the bits of DPL 3. */
	.macro	check_kept s
	ld.wu	$t0, $tp, ST_SEG + 16 * \s + 12
	and	$t1, $t0, $t5
	beq	$t1, $t5, .Lkept\@
	ld.d	$t1, $tp, ST_SEG + 16 * \s	/* or is it null as that makes it? */
	or	$t0, $t0, $t1
	bnez	$t0, 9f
.Lkept\@:
	.endm

/* As glue_sys, from level 0. With an interrupt waiting the run loop is wanted, if IF goes on. */
door glue_iret
	ld.d	$t0, $tp, ST_HELP
	ld.wu	$t1, $tp, ST_PENDING
	addi.d	$t0, $t0, -4
	or	$t0, $t0, $t1
	bnez	$t0, 9f
	check_plain
	try ld.w $t2, $r27, 0
	try ld.wu $t3, $r27, 4
	try ld.wu $t7, $r27, 8
	bstrpick.d $t3, $t3, 15, 0
	addi.w	$t4, $r27, 12
	ld.d	$a3, $tp, ST_RETURNS
	andi	$t6, $t3, 1
	beqz	$t6, 1f
	addi.d	$a3, $a3, 1 << SEEN64_SHIFT
	try ld.w $t4, $r27, 12
	try ld.wu $t0, $r27, 16
	bstrins.d $t3, $t0, 31, 16
	ori	$t5, $zero, 0x60
	check_kept 0
	check_kept 3
	check_kept 4
	check_kept 5
1:	lu32i.d	$t3, 1
	ld.d	$t0, $a3, RETURN_SELS
	bne	$t0, $t3, 9f
	ld.d	$t0, $a3, RETURN_NOT
	and	$t0, $t0, $t7
	bnez	$t0, 9f
	check_word 0, $a3, $t0, $t1
	check_word 1, $a3, $t0, $t1
	move	$a0, $t2
	move	$r27, $t4
	vld	$vr0, $a3, RETURN_CS
	vst	$vr0, $tp, ST_SEG + 16
	beqz	$t6, 2f
	vld	$vr0, $a3, RETURN_SS
	vst	$vr0, $tp, ST_SEG + 32
	pass_level 1, $t0, $t1
2:	andi	$t0, $t7, 0x200
	ori	$t0, $t0, 2
	st.w	$t0, $tp, ST_EFLAGS
	andi	$r22, $t7, 0x8d5
	move	$r20, $zero
	move	$r31, $zero
	st.b	$zero, $tp, ST_NMI_BLOCKED
	ld.d	$t0, $tp, ST_REFAULT
	beq	$t0, $a0, 4f
3:	go_to
4:	st.d	$a0, $tp, ST_EIP
	bl	exec_refault
	ld.d	$r10, $tp, ST_CTX
	ld.d	$a0, $tp, ST_EIP
	move	$r20, $zero
	b	3b
9:	b	glue_sys

/*
 * By passage `which`, with the segments of SYSENTER (0) or SYSEXIT (1), whose bases are 0; to 9 if
 * they would raise #GP. Changes t0, t1, vr0 and rCTX.
 */
	.macro	enter_flat which
	ldptr.d	$t0, $tp, ST_ENTER_SEG(\which) + 8
	ldptr.d	$t1, $tp, ST_ENTER_SEG(\which) + 24
	beqz	$t0, 9f
	st.d	$zero, $tp, ST_SEG + 16
	st.d	$t0, $tp, ST_SEG + 24
	st.d	$zero, $tp, ST_SEG + 32
	st.d	$t1, $tp, ST_SEG + 40
	pass_level \which, $t0, $t1
	.endm

/* As glue_sys. IF is cleared, the arithmetic flags stay. */
door glue_sysenter
	check_plain
	enter_flat 0
	bstrins.d $t7, $zero, 9, 9
	st.w	$t7, $tp, ST_EFLAGS
	ldptr.w	$r27, $tp, ST_SYSENTER_ESP
	ldptr.w	$a0, $tp, ST_SYSENTER_EIP
	go_to
9:	b	glue_sys

/* As glue_sys, from level 0: to EDX, with ECX as ESP. */
door glue_sysexit
	check_plain
	enter_flat 1
	move	$r27, $r24
	move	$a0, $r25
	go_to
9:	b	glue_sys
