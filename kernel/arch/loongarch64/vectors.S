/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where exceptions and interrupts arrive (EENTRY, one vector), the way back out, machine errors,
 * and the idle region. Decides nothing: trap.c does. Invariant: $sp and $tp are the monitor's
 * whatever runs, translated code included; nothing else may be assumed of the registers.
 */
#include "kernel/arch/loongarch64/cpu.h"
#include "kernel/arch/loongarch64/csr.h"

	.section .text.trap, "ax"
	.balign	4096
	.globl	trap_vectors
trap_vectors:
	addi.d	$sp, $sp, -TF_SIZE
	.irp	n, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		23, 24, 25, 26, 27, 28, 29, 30, 31
	st.d	$r\n, $sp, TF_GPR(\n)
	.endr
	addi.d	$t0, $sp, TF_SIZE
	st.d	$t0, $sp, TF_GPR(3)
	csrrd	$t0, CSR_ERA
	st.d	$t0, $sp, TF_PC
	csrrd	$t0, CSR_BADV
	st.d	$t0, $sp, TF_BADV
	csrrd	$t0, CSR_ESTAT
	st.d	$t0, $sp, TF_CAUSE
	csrrd	$t0, CSR_PRMD
	st.d	$t0, $sp, TF_STATUS
	csrrd	$t0, CSR_BADI
	st.d	$t0, $sp, TF_INSN
	move	$a0, $sp
	bl	trap_dispatch

	ld.d	$t0, $sp, TF_PC
	csrwr	$t0, CSR_ERA
	ld.d	$t0, $sp, TF_STATUS
	csrwr	$t0, CSR_PRMD
	.irp	n, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
		23, 24, 25, 26, 27, 28, 29, 30, 31
	ld.d	$r\n, $sp, TF_GPR(\n)
	.endr
	ld.d	$sp, $sp, TF_GPR(3)
	ertn

/*
 * Machine error: arrives with direct addressing, at the physical address. Nothing can be
 * resumed; go back to the window, where C can run, and panic.
 */
	.balign	4096
	.globl	machine_error_entry
machine_error_entry:
	la.pcrel $t0, 1f
	lu52i.d	$t0, $t0, WINDOW_TOP12_CACHED
	jr	$t0
1:	ori	$t0, $zero, CRMD_WINDOWS
	csrwr	$t0, CSR_CRMD
	bl	machine_error

/*
 * Idle unless the kick register is set. An interrupt between the test and `idle` would be lost;
 * so trap.c moves a PC within [idle_start, idle_end) to idle_exit on its way out.
 */
	.text
	.globl	idle_wait, idle_start, idle_end, idle_exit
idle_wait:
idle_start:
	bnez	$r21, idle_exit
	idle	0
idle_end:
	b	idle_start
idle_exit:
	jr	$ra
