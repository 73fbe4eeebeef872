/* SPDX-License-Identifier: BSD-2-Clause */
/* Another CPU's start: from the page of a SIPI to ap_main, in the mode of the first one. */
#include "guestimg/base/cpus.h"
#include "guestimg/tests64/image.h"

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
	ljmpl	$KCODE32, $ap_flat
	.balign	4
ap_gdtr:
	.skip	8
ap_end:

	.code32
ap_flat:
	movzwl	%bx, %edi		/* what CS was */
	movl	%edx, %esi
	movl	$KDATA, %eax
	movl	%eax, %ss
	movl	$UDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	ap_cr4, %eax
	movl	%eax, %cr4
	movl	ap_cr3, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	xorl	%edx, %edx
	movl	ap_efer, %eax
	wrmsr
	movl	ap_cr0, %eax
	movl	%eax, %cr0
	ljmp	$KCODE64, $ap_long

	.code64
ap_long:
	lidt	ap_idtr
	movl	$1, %eax
	cpuid
	shrl	$24, %ebx		/* its APIC ID: 1 up to CPUS_MAX - 1 */
	imull	$AP_STACK, %ebx, %eax
	leaq	ap_stacks(%rax), %rsp
	call	ap_main

	.bss
	.globl	ap_cr0, ap_cr3, ap_cr4, ap_efer, ap_idtr
ap_cr0:	.skip	4
ap_cr3:	.skip	4
ap_cr4:	.skip	4
ap_efer: .skip	4
ap_idtr: .skip	16
	.balign	16
ap_stacks:				/* the first one of CPU 1, up to its end */
	.skip	AP_STACK * (CPUS_MAX - 1)
	.section .note.GNU-stack, "", @progbits
