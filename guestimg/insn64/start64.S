/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image's entry (from guestimg/insn/stage1.S: 32-bit protected mode, no paging, ESI, EDI =
 * cases and results, physical), long mode, user mode and back, exceptions. Linked at KERNEL +
 * 1 MiB, entered at its physical address.
 *
 * Linear: KERNEL + p = RAM, p = physical; ROM = its last 16 MiB. Physical: 2 MiB page tables.
 */
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
	movl	$0x83, %eax
	movl	$TABLES + 0x4000, %edi
	movl	$64, %ecx				/* 128 MiB */
1:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	1b
	movl	$0xff000081, %eax
	movl	$TABLES + 0x5000, %edi
	movl	$8, %ecx
2:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	2b
	movl	%cr4, %eax
	orl	$0x620, %eax				/* PAE OSFXSR OSXMMEXCPT */
	movl	%eax, %cr4
	movl	$TABLES, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x901, %eax				/* SCE LME NXE */
	wrmsr
	movl	%cr0, %eax
	andl	$0x9ffffff3, %eax			/* CD NW EM TS off */
	orl	$0x80050032, %eax			/* PG AM WP NE ET MP */
	movl	%eax, %cr0
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
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
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

/* One stub for each vector: error code (0 where the CPU pushes none), vector. */
	.globl	trap_stubs
	.balign	16
trap_stubs:
	vector = 0
	.rept	256
	.balign	16
	.if	(vector == 8 || vector == 17 || (vector >= 10 && vector <= 14)) == 0
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap
	vector = vector + 1
	.endr

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
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
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
