/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where exceptions and interrupts arrive (EBase, one page of vectors), the way back out, cache
 * errors, and the idle region. Decides nothing: trap.c does. Invariants: $sp is the monitor's
 * whatever runs, translated code included; nothing else may be assumed of the registers, not even
 * $gp. C runs with EXL = 0, so that a TLB refill within it comes back where it belongs.
 */
#include "kernel/arch/mips64/cpu.h"
#include "kernel/arch/mips64/cp0.h"

	.set	noreorder
	.set	noat
	.section .text.trap, "ax"
	.balign	4096
	.globl	trap_vectors
trap_vectors:
	j	trap_entry		/* refill by 32-bit addresses: never, KX = SX = UX = 1 */
	 nop

	.org	0x80
	j	tlb_refill_entry
	 dmfc0	$k0, CP0_BADVADDR

	.org	0x100
	.globl	machine_error_entry
machine_error_entry:			/* cache error, uncached and with ERL = 1 */
	dla	$k0, 1f
	jr	$k0
	 nop

	.org	0x180
trap_entry:
	daddiu	$sp, $sp, -TF_SIZE
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, \
		22, 23, 24, 25, 26, 27, 28, 30, 31
	sd	$\n, TF_GPR(\n)($sp)
	.endr
	daddiu	$t0, $sp, TF_SIZE
	sd	$t0, TF_GPR(29)($sp)
	mfhi	$t0
	mflo	$t1
	sd	$t0, TF_HI($sp)
	sd	$t1, TF_LO($sp)
	dmfc0	$gp, CP0_KSCRATCH_CORE
	dmfc0	$t0, CP0_EPC
	dmfc0	$t1, CP0_BADVADDR
	sd	$t0, TF_PC($sp)
	sd	$t1, TF_BADV($sp)
	mfc0	$t0, CP0_CAUSE
	mfc0	$t1, CP0_BADINSTR
	sd	$t0, TF_CAUSE($sp)
	sd	$t1, TF_INSN($sp)
	mfc0	$t0, CP0_STATUS
	sd	$t0, TF_STATUS($sp)
	ins	$t0, $zero, 0, 5	/* IE, EXL, ERL, mode: kernel, interrupts off */
	mtc0	$t0, CP0_STATUS
	ehb
	jal	trap_dispatch
	 move	$a0, $sp

	mfc0	$t0, CP0_STATUS
	ori	$t0, $t0, STATUS_EXL
	mtc0	$t0, CP0_STATUS
	ehb
	ld	$t0, TF_PC($sp)
	ld	$t1, TF_STATUS($sp)
	dmtc0	$t0, CP0_EPC
	mtc0	$t1, CP0_STATUS		/* EXL is set in it */
	ld	$t0, TF_HI($sp)
	ld	$t1, TF_LO($sp)
	mthi	$t0
	mtlo	$t1
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		23, 24, 25, 26, 27, 28, 30, 31
	ld	$\n, TF_GPR(\n)($sp)
	.endr
	ld	$sp, TF_GPR(29)($sp)
	ehb
	eret

/* Nothing can be resumed after a cache error: go to the cached window, where C can run. */
1:	mfc0	$k0, CP0_STATUS
	ins	$k0, $zero, 0, 5
	mtc0	$k0, CP0_STATUS
	ehb
	jal	machine_error
	 dmfc0	$gp, CP0_KSCRATCH_CORE

/* The same vectors while tables of four levels are walked: what differs is the refill. */
	.balign	4096
	.globl	trap_vectors_wide
trap_vectors_wide:
	j	trap_entry
	 nop

	.org	trap_vectors_wide - trap_vectors + 0x80
	j	tlb_refill_wide_entry
	 dmfc0	$k0, CP0_BADVADDR

	.org	trap_vectors_wide - trap_vectors + 0x100
	dla	$k0, 1b
	jr	$k0
	 nop

	.org	trap_vectors_wide - trap_vectors + 0x180
	j	trap_entry
	 nop

/*
 * Idle unless the kick register is set. An interrupt between the test and `wait` would be lost;
 * so irq_note() moves a PC within [idle_start, idle_end) to idle_exit on its way out.
 */
	.text
	.globl	idle_wait, idle_start, idle_end, idle_exit
idle_wait:
idle_start:
	bnez	$k1, idle_exit
	 nop
	wait
idle_end:
	b	idle_start
	 nop
idle_exit:
	jr	$ra
	 nop
