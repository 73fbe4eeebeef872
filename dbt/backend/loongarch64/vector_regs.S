/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector registers for C. By number: a jump into a table of two-instruction entries; the pinned
 * XMM registers (regs.h) all at once; FCSR0 and a condition flag.
 */
	.text
	.macro	door name, insn
	.globl	\name
	.type	\name, @function
\name:
	la.local $t0, 1f
	alsl.d	$t0, $a0, $t0, 3
	jr	$t0
1:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\insn	$vr\n, $a1, 0
	jr	$ra
	.endr
	.endm

	door	host_vector_get, vst
	door	host_vector_set, vld

	.globl	host_xmm_save, host_xmm_load, fcsr_get, fcsr_set, fcc0_set
	.type	host_xmm_save, @function
host_xmm_save:
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vst	$vr\n, $a0, (\n - 16) * 16
	.endr
	jr	$ra

	.type	host_xmm_load, @function
host_xmm_load:
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vld	$vr\n, $a0, (\n - 16) * 16
	.endr
	jr	$ra

	.type	fcsr_get, @function
fcsr_get:
	movfcsr2gr $a0, $fcsr0
	jr	$ra

	.type	fcsr_set, @function
fcsr_set:
	movgr2fcsr $fcsr0, $a0
	jr	$ra

	.type	fcc0_set, @function
fcc0_set:
	movgr2cf $fcc0, $a0
	jr	$ra
