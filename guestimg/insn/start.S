/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image's entry, user mode and back, exceptions. Linked at KERNEL + 1 MiB,
 * entered at its physical address: ESI, EDI = cases and results, physical.
 */
#include "guestimg/insn/image.h"

#define PHYS(x) ((x) - KERNEL)

	.section .text.start, "ax"
	.globl	start
start:
	movl	%edi, %ebp
	/* 4 MiB pages: RAM where it is and at KERNEL, the ROM where it is and at ROM. */
	movl	$PHYS(page_dir), %edi
	movl	%edi, %ebx
	movl	$1024, %ecx
	xorl	%eax, %eax
	rep stosl
	movl	$0x83, (%ebx)
	movl	$0x83, %eax
	movl	$(KERNEL >> 22), %ecx
1:	movl	%eax, (%ebx, %ecx, 4)
	addl	$0x400000, %eax
	incl	%ecx
	cmpl	$((KERNEL >> 22) + RAM_MAPPED), %ecx
	jne	1b
	movl	$0xff000081, %eax
	movl	$(ROM >> 22), %ecx
2:	movl	%eax, (%ebx, %ecx, 4)
	addl	$0x400000, %eax
	incl	%ecx
	cmpl	$((ROM >> 22) + 4), %ecx
	jne	2b
	movl	%cr4, %eax
	orl	$0x10, %eax		/* PSE */
	movl	%eax, %cr4
	movl	%ebx, %cr3
	movl	%cr0, %eax
	andl	$0x9fffffff, %eax	/* CD, NW off */
	orl	$0x80050032, %eax	/* PG AM WP NE ET MP */
	movl	%eax, %cr0
	movl	$high, %eax
	jmp	*%eax
high:	movl	$stack_top, %esp
	movl	$bss_start, %ecx
3:	movl	$0, (%ecx)
	addl	$4, %ecx
	cmpl	$bss_end, %ecx
	jb	3b
	addl	$(ROM - 0xff000000), %esi
	addl	$(ROM - 0xff000000), %ebp
	pushl	%ebp
	pushl	%esi
	pushl	$0
	jmp	main

	.text
/* void enter_user(struct user *u): returns after the next exception of CPL 3, in trap_frame. */
	.globl	enter_user
enter_user:
	movl	4(%esp), %eax
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movl	%esp, kernel_esp
	lss	(%eax), %esp		/* u->self: flat, or with the user's high half of ESP */
	popl	%gs
	popl	%fs
	popl	%es
	popl	%ds
	popal
	iretl

/* One stub for each vector: error code (0 where the CPU pushes none), vector. */
	.globl	trap_stubs
	.balign	16
trap_stubs:
	vector = 0
	.rept	256
	.balign	16
	.if	(vector == 8 || vector == 17 || (vector >= 10 && vector <= 14)) == 0
	pushl	$0
	.endif
	pushl	$vector
	jmp	trap
	vector = vector + 1
	.endr

trap:
	pushal
	pushl	%ds
	pushl	%es
	pushl	%fs
	pushl	%gs
	movl	$SEL_KDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	cld
	movl	%esp, trap_frame
	testb	$3, 60(%esp)		/* CPL of the interrupted code */
	jz	1f
	movl	kernel_esp, %esp
	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	ret
1:	pushl	trap_frame
	call	kernel_trap

/* Registers of the tables: IDT, then LDT and TSS of the GDT that is loaded. */
	.globl	load_tables
load_tables:
	movl	4(%esp), %eax
	lgdt	(%eax)
	movl	8(%esp), %eax
	lidt	(%eax)
	ljmp	$SEL_KCODE, $1f
1:	movl	$SEL_KDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$SEL_LDT, %eax
	lldt	%ax
	movl	$SEL_TSS, %eax
	ltr	%ax
	ret

	.bss
	.balign	4096
	.globl	page_dir
page_dir:	.skip	4096
	.globl	bss_start
bss_start:
	.skip	8192
stack_top:
	.globl	trap_frame
trap_frame:	.long	0
kernel_esp:	.long	0
	.section .note.GNU-stack, "", @progbits
