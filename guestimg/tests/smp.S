/* SPDX-License-Identifier: BSD-2-Clause */
/* The second CPU's start: from the page of a SIPI to ap_main, as the first one is. */
#include "guestimg/tests/image.h"
#include "guestimg/tests/smp.h"

	.text
	.code16
	.globl	ap_begin, ap_end, ap_gdtr
ap_begin:
	cli
	movw	%cs, %bx
	movw	%bx, %ds
	lgdtl	ap_gdtr - ap_begin
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$KCODE, $ap_flat
	.balign	4
ap_gdtr:
	.skip	8
ap_end:

	.code32
ap_flat:
	movl	$KDATA, %eax
	movl	%eax, %ss
	movl	$UDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	$ap_stack_top, %esp
	lidt	ap_idtr
	movl	ap_cr4, %eax
	movl	%eax, %cr4
	movl	ap_cr3, %eax
	movl	%eax, %cr3
	movl	ap_cr0, %eax
	movl	%eax, %cr0
	movzwl	%bx, %ebx
	pushl	%edx
	pushl	%ebx
	call	ap_main

	.bss
	.globl	ap_cr0, ap_cr3, ap_cr4, ap_idtr
ap_cr0:	.skip	4
ap_cr3:	.skip	4
ap_cr4:	.skip	4
ap_idtr:	.skip	8
	.balign	16
	.skip	8192
ap_stack_top:
	.section .note.GNU-stack, "", @progbits
