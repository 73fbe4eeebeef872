/* SPDX-License-Identifier: BSD-2-Clause */
/* Entry of the 32-bit image, at 10000: from the boot sector with ESI = the settings; no paging. */
	.section .start, "ax"
	.globl	_start
_start:
	mov	$0x90000, %esp
	push	%esi
	call	image_main
1:	hlt
	jmp	1b
