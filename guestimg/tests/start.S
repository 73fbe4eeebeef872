/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of a test program, run() and the traps that end it. Entered in flat
 * protected mode, paging off. Invariant: DS and ES are UDATA, in the kernel too.
 */
#include "guestimg/base/entry.inc"
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
	push_kept32
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

	stubs	trap

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
	pop_kept32
	ret

/* void load_tables(const void *gdtr, const void *idtr) */
	.globl	load_tables
load_tables:
	load_tables32 KCODE, UDATA, KDATA
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
