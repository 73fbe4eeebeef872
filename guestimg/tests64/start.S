/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of a 64-bit test program, run() and the traps that end it. Entered in flat 32-bit protected
 * mode, paging off. Invariant: DS, ES and SS are data of 4 GiB whenever C runs.
 */
#include "guestimg/base/entry.inc"
#include "guestimg/tests64/image.h"

	.section .text.start, "ax"
	.code32
	.globl	start
start:
	movl	$bss_start, %edi
	movl	$bss_end, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	xorl	%eax, %eax
	rep stosl
	/* The first 128 MiB by pages of 2 MiB, for all; lib_init adds the rest. */
	movl	$TABLES, %edi
	movl	$0x3000 / 4, %ecx
	rep stosl
	movl	$TABLES + 0x1007, TABLES
	movl	$TABLES + 0x2007, TABLES + 0x1000
	large_pages TABLES + 0x2000, 0x87, RAM_SIZE / 0x200000
	long_mode TABLES, 0, 0
	lgdt	first_gdtr
	ljmp	$KCODE64, $long_mode

	.code64
long_mode:
	movl	$UDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	$KDATA, %eax
	movl	%eax, %ss
	movq	$stack_top, %rsp
	call	lib_init
	call	main
1:	cli
	hlt
	jmp	1b

	.text
/* void run(const struct regs *r): see lib.h. Offsets are those of struct regs. */
	.globl	run
run:
	push_kept64
	movq	%rsp, kernel_rsp
	movl	$1, running
	pushq	152(%rdi)		/* ss, rsp, rflags, cs, rip */
	pushq	120(%rdi)
	pushq	144(%rdi)
	pushq	136(%rdi)
	pushq	128(%rdi)
	movq	0(%rdi), %rax
	movq	8(%rdi), %rcx
	movq	16(%rdi), %rdx
	movq	24(%rdi), %rbx
	movq	32(%rdi), %rbp
	movq	40(%rdi), %rsi
	movq	56(%rdi), %r8
	movq	64(%rdi), %r9
	movq	72(%rdi), %r10
	movq	80(%rdi), %r11
	movq	88(%rdi), %r12
	movq	96(%rdi), %r13
	movq	104(%rdi), %r14
	movq	112(%rdi), %r15
	movq	48(%rdi), %rdi
	iretq

	stubs	trap

trap:
	pushq	%r15
	pushq	%r14
	pushq	%r13
	pushq	%r12
	pushq	%r11
	pushq	%r10
	pushq	%r9
	pushq	%r8
	pushq	%rdi
	pushq	%rsi
	pushq	%rbp
	pushq	%rbx
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	cld
	movl	%ss, %esi
	movq	%rsp, %rdi
	call	trap_c
	testl	%eax, %eax
	jz	1f
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rbx
	popq	%rbp
	popq	%rsi
	popq	%rdi
	popq	%r8
	popq	%r9
	popq	%r10
	popq	%r11
	popq	%r12
	popq	%r13
	popq	%r14
	popq	%r15
	addq	$16, %rsp
	iretq
	.globl	back
/* Ends run(), from the kernel's 64-bit code, for code that takes no trap. */
back:
1:	movl	$KDATA, %eax
	movl	%eax, %ss
	movl	$UDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movq	kernel_rsp, %rsp
	pop_kept64
	ret

/* void load_tables(const void *gdtr, const void *idtr) */
	.globl	load_tables
load_tables:
	lgdt	(%rdi)
	lidt	(%rsi)
	pushq	$KCODE64
	pushq	$1f
	lretq
1:	movl	$TSS, %eax
	ltr	%ax
	ret

	.data
	.balign	8
first_gdt:
	.quad	0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cffb000000ffff
	.quad	0x00cff3000000ffff
first_gdtr:
	.word	. - first_gdt - 1
	.long	first_gdt
	.globl	running
	.balign	8
running:	.quad	0
	.globl	kernel_rsp
kernel_rsp:	.quad	0
	.bss
	.balign	16
	.skip	16384
stack_top:
	.section .note.GNU-stack, "", @progbits
