/* SPDX-License-Identifier: BSD-2-Clause */
/* Vector registers by number: a jump into a table of two-instruction entries. */
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

	door	vector_get, vst
	door	vector_set, vld
