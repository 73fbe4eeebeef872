/* SPDX-License-Identifier: BSD-2-Clause */
/* host_clear (kernel/lib/clear.h): 256 bytes a round by LSX; $vr0 is a temporary. */
	.text
	.globl	host_clear

host_clear:
	vxor.v	$vr0, $vr0, $vr0
	add.d	$a1, $a0, $a1
1:	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vst	$vr0, $a0, \n * 16
	.endr
	addi.d	$a0, $a0, 256
	bne	$a0, $a1, 1b
	jr	$ra
