/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image's entry (from guestimg/insn/stage1.S: 32-bit protected mode, no paging, ESI, EDI =
 * cases and results, physical), long mode, user mode and back, exceptions. Linked at KERNEL +
 * 1 MiB, entered at its physical address.
 *
 * Linear: KERNEL + p = RAM, p = physical; ROM = its last 16 MiB. Physical: 2 MiB page tables.
 */
#include "guestimg/base/entry.inc"

#define KERNEL 0xffffffff80000000
#define PHYS(x) ((x) - KERNEL)
#define TABLES 0x200000

	.section .text.start, "ax"
	.code32
	.globl	start
start:
	movl	%edi, %ebp
	movl	$TABLES, %edi
	xorl	%eax, %eax
	movl	$0x6000 / 4, %ecx
	rep stosl
	movl	$TABLES + 0x1003, TABLES		/* for the way into long mode */
	movl	$TABLES + 0x2003, TABLES + 0x1000
	movl	$0x83, TABLES + 0x2000
	movl	$TABLES + 0x3003, TABLES + 8 * 511
	movl	$TABLES + 0x4003, TABLES + 0x3000 + 8 * 510
	movl	$TABLES + 0x5003, TABLES + 0x3000 + 8 * 511
	large_pages TABLES + 0x4000, 0x83, 64		/* 128 MiB */
	large_pages TABLES + 0x5000, 0xff000081, 8
	long_mode TABLES, 1, 0x40000			/* SCE, AM */
	lgdt	PHYS(first_gdtr)
	ljmp	$0x10, $PHYS(1f)
	.code64
1:	movabsq	$high, %rax
	jmp	*%rax
high:	xorl	%eax, %eax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movq	$stack_top, %rsp
	movq	$bss_start, %rdi
	movq	$bss_end, %rcx
	subq	%rdi, %rcx
	rep stosb
	movl	%esi, %edi
	movl	%ebp, %esi
	movq	$0xffffffffc0000000 - 0xff000000, %rax
	addq	%rax, %rdi
	addq	%rax, %rsi
	call	main

	.balign	8
first_gdt:	.quad 0, 0, 0x00af9b000000ffff
first_gdtr:	.word . - first_gdt - 1
	.long	PHYS(first_gdt), 0

	.text
/* void enter_user(u64 *frame): 15 registers, RIP, CS, RFLAGS, RSP, SS; back after an exception. */
	.globl	enter_user
enter_user:
	push_kept64
	movq	%rsp, kernel_rsp
	movq	%rdi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rbp
	popq	%rbx
	popq	%rdx
	popq	%rcx
	popq	%rax
	iretq

	stubs	trap

trap:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rbx
	pushq	%rbp
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, trap_frame
	cld
	testb	$3, 144(%rsp)
	jz	1f
	movq	kernel_rsp, %rsp
	pop_kept64
	ret
1:	movq	%rsp, %rdi
	andq	$-16, %rsp
	call	kernel_trap

	.bss
	.balign	4096
bss_start:
	.skip	16384
stack_top:
	.globl	trap_frame
trap_frame:	.quad	0
kernel_rsp:	.quad	0
	.section .note.GNU-stack, "", @progbits
