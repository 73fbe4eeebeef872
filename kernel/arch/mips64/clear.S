/* SPDX-License-Identifier: BSD-2-Clause */
/* host_clear (kernel/lib/clear.h): 256 bytes a round by MSA; $w0 is a temporary. */
	.set	noreorder
	.set	fp=64
	.set	msa
	.text
	.globl	host_clear

host_clear:
	xor.v	$w0, $w0, $w0
	daddu	$a1, $a0, $a1
1:	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	st.d	$w0, \n * 16($a0)
	.endr
	daddiu	$a0, $a0, 256
	bne	$a0, $a1, 1b
	 nop
	jr	$ra
	 nop
