/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of a test program, run() and the traps that end it. Entered in flat
 * protected mode, paging off. Invariant: DS and ES are UDATA, in the kernel too.
 */
#include "guestimg/tests/image.h"

	.section .text.start, "ax"
	.globl	start
start:
	movl	$stack_top, %esp
	movl	$bss_start, %edi
	movl	$bss_end, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	xorl	%eax, %eax
	rep stosl
	call	lib_init
	call	main
1:	cli
	hlt
	jmp	1b

	.text
/* void run(struct regs *r): see lib.h. Offsets are those of struct regs. */
	.globl	run
run:
	movl	4(%esp), %eax
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movl	%esp, kernel_esp
	movl	$1, running
	testb	$3, 36(%eax)
	jz	1f
	pushl	44(%eax)		/* ss, esp */
	pushl	12(%eax)
	jmp	2f
1:	movl	12(%eax), %ecx		/* at CPL 0: on this stack, or on one of its own */
	jecxz	2f
	movl	%ecx, %esp
2:	pushl	40(%eax)		/* eflags, cs, eip */
	pushl	36(%eax)
	pushl	32(%eax)
	movl	0(%eax), %edi
	movl	4(%eax), %esi
	movl	8(%eax), %ebp
	movl	16(%eax), %ebx
	movl	20(%eax), %edx
	movl	24(%eax), %ecx
	movl	28(%eax), %eax
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
	cld
	movl	%ds, %ebx		/* C keeps EBX and ESI; its own segments must be right */
	movl	%es, %esi
	movl	$UDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	pushl	%esp
	call	trap_c
	addl	$4, %esp
	testl	%eax, %eax
	jz	1f
	movl	%ebx, %ds
	movl	%esi, %es
	popal
	addl	$8, %esp
	iretl
1:	movl	kernel_esp, %esp
	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	ret

/* void load_tables(const void *gdtr, const void *idtr) */
	.globl	load_tables
load_tables:
	movl	4(%esp), %eax
	lgdt	(%eax)
	movl	8(%esp), %eax
	lidt	(%eax)
	ljmp	$KCODE, $1f
1:	movl	$UDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	$KDATA, %eax
	movl	%eax, %ss
	movl	$TSS, %eax
	ltr	%ax
	ret

	.data
	.globl	running
running:	.long	0
kernel_esp:	.long	0
	.bss
	.balign	16
	.skip	16384
stack_top:
	.section .note.GNU-stack, "", @progbits
