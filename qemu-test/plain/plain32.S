/* SPDX-License-Identifier: BSD-2-Clause */
/* Exit status 0 if the kernel runs 32-bit programs. */
	.globl	_start
_start:	movl	$1, %eax		/* exit(0) */
	xorl	%ebx, %ebx
	int	$0x80
