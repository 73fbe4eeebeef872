/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector registers for C. By number: a jump into a table of entries of four words; the pinned XMM
 * registers (regs.h) all at once; MSACSR and FCSR.
 */
	.set	noreorder
	.set	noat
	.set	msa
	.text
	.macro	door name, insn
	.globl	\name
	.type	\name, @function
\name:
	lui	$1, %hi(1f)
	daddiu	$1, $1, %lo(1f)
	dsll	$4, $4, 4
	daddu	$1, $1, $4
	jr	$1
	nop
	.p2align 4
1:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, \
		21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\insn	$w\n, 0($5)
	jr	$31
	nop
	nop
	.endr
	.endm

	door	host_vector_get, st.b
	door	host_vector_set, ld.b

	.globl	host_xmm_save, host_xmm_load, msacsr_get, msacsr_set, fcsr_get, fcsr_set
	.type	host_xmm_save, @function
host_xmm_save:
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	st.b	$w\n, (\n - 16) * 16($4)
	.endr
	jr	$31
	nop

	.type	host_xmm_load, @function
host_xmm_load:
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld.b	$w\n, (\n - 16) * 16($4)
	.endr
	jr	$31
	nop

	.type	msacsr_get, @function
msacsr_get:
	cfcmsa	$2, $1
	jr	$31
	nop

	.type	msacsr_set, @function
msacsr_set:
	ctcmsa	$1, $4
	jr	$31
	nop

	.type	fcsr_get, @function
fcsr_get:
	cfc1	$2, $31
	jr	$31
	nop

	.type	fcsr_set, @function
fcsr_set:
	ctc1	$4, $31
	jr	$31
	nop
