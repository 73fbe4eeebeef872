/* SPDX-License-Identifier: BSD-2-Clause */
/* The 64-bit program's own code: what faults, what is stepped over, compatibility code. */
	.macro	fault name
	.globl	\name, \name\()_at
	.balign	16
\name:
	movq	$9f, resume
	.endm

	.text
	fault	load_null
load_null_at:
	movl	8, %eax
9:	ret
	fault	store_const
	movq	$fault_const, %rcx
store_const_at:
	movb	$1, 5(%rcx)
9:	ret
	fault	invalid
invalid_at:
	ud2
9:	ret
	fault	breakpoint
breakpoint_at:
	int3
9:	ret
	fault	divide
	xorl	%ecx, %ecx
	movl	$7, %eax
	cltd
divide_at:
	idivl	%ecx
9:	ret
	fault	privileged
privileged_at:
	hlt
9:	ret
	fault	gate
gate_at:
	int	$0x40
9:	ret
	fault	port
port_at:
	inb	$0x80, %al
9:	ret
	fault	misaligned
	pushfq
	orl	$0x40000, (%rsp)
	popfq
misaligned_at:
	movl	fault_longs + 1, %eax
9:	pushfq
	andl	$~0x40000, (%rsp)
	popfq
	ret
	fault	stepping
	pushfq
	orl	$0x100, (%rsp)
	popfq
	nop
stepping_at:
9:	pushfq
	andl	$~0x100, (%rsp)
	popfq
	ret
	fault	fetch_longs
fetch_longs_at:
	call	*fault_longs
	ret
9:	addq	$8, %rsp		/* the handler went on at once: drop the call's return */
	ret
	fault	send_signal
	movl	$39, %eax		/* getpid */
	syscall
	movl	%eax, %edi
	movl	$10, %esi		/* SIGUSR1 */
	movl	$62, %eax		/* kill */
	syscall
9:
send_signal_at:
	ret

/* Registers before and after a handler; `kept` gets what differs. */
	fault	keeps_registers
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r15
	movabsq	$0x1111111122222222, %rbx
	movq	%rbx, %rbp
	movq	%rbx, %rcx
	movq	%rbx, %rsi
	movq	%rbx, %r8
	movq	%rbx, %r11
	movq	%rbx, %r12
	movq	%rbx, %r15
	movq	%rbx, %xmm7
	movq	%rbx, %xmm15
	fninit
	fldpi
	stc
keeps_registers_at:
	ud2
9:	sbbq	%rax, %rax
	incq	%rax
	movabsq	$0x1111111122222222, %rdx
	xorq	%rdx, %rbx
	orq	%rbx, %rax
	xorq	%rdx, %rbp
	orq	%rbp, %rax
	xorq	%rdx, %rcx
	orq	%rcx, %rax
	xorq	%rdx, %rsi
	orq	%rsi, %rax
	xorq	%rdx, %r8
	orq	%r8, %rax
	xorq	%rdx, %r11
	orq	%r11, %rax
	xorq	%rdx, %r12
	orq	%r12, %rax
	xorq	%rdx, %r15
	orq	%r15, %rax
	movq	%xmm7, %rcx
	xorq	%rdx, %rcx
	orq	%rcx, %rax
	movq	%xmm15, %rcx
	xorq	%rdx, %rcx
	orq	%rcx, %rax
	fldpi
	fcompp
	movq	%rax, %rdx
	fnstsw	%ax
	andl	$0x4500, %eax
	xorl	$0x4000, %eax		/* equal: C3 alone */
	orq	%rdx, %rax
	movq	%rax, kept
	popq	%r15
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

/* -- For single steps: stepped_at has where each of them ends. -- */
	.globl	stepped, stepped_at, stepped_value, stepped_store, stepped_behind_store
	.balign	16
stepped:
	nop
s1:	movl	$39, %eax
s2:	syscall
s3:	nop
s4:	movl	%ss, %eax
s5:	movl	%eax, %ss
s6:	nop				/* in the shadow of the load: no stop before it */
s7:	movl	$3, %ecx
s8:	movq	$fault_const, %rsi
s9:	rep lodsb
s10:	pushq	$s12
s11:	ret
	ud2
s12:
stepped_store:
	movl	$5, stepped_value
stepped_behind_store:
	nop
s13:	ret
	.section .rodata
	.balign	8
stepped_at:
	.quad	s1, s2, s3, s4, s5, s7, s8, s9, s9, s9, s10, s11, s12, stepped_behind_store, s13, 0
	.data
stepped_value:
	.long	0
	.text

/* -- SYSCALL: what it leaves in RCX and R11. -- */
	.globl	syscall_leaves, syscall_next, syscall_rcx, syscall_r11
syscall_leaves:
	movl	$39, %eax
	stc
	syscall
syscall_next:
	movq	%rcx, syscall_rcx
	movq	%r11, syscall_r11
	ret

/* INT 0x80 from 64-bit code is a 32-bit system call: getpid is 20. R8 to R11 survive or are 0. */
	.globl	int80_pid
int80_pid:
	pushq	%rbx
	movl	$20, %eax
	int	$0x80
	popq	%rbx
	ret

/* -- Addresses that are not canonical -- */
	.globl	load_far, store_stack, push_far, jump_far, return_far
	fault	load_far
	movabsq	$0x9000000000200000, %rax
load_far_at:
	movq	(%rax), %rcx
9:	ret
	fault	store_stack
	pushq	%rbp
	movabsq	$0x800000000000, %rbp
store_stack_at:
	movq	%rcx, 8(%rbp)
9:	popq	%rbp
	ret
	fault	push_far
	movq	%rsp, %rdx
	movabsq	$0x8000000000000000, %rsp
push_far_at:
	pushq	%rcx
9:	movq	%rdx, %rsp
	ret
	fault	jump_far
	movabsq	$0x800000000000, %rax
jump_far_at:
	jmp	*%rax
9:	ret
	fault	return_far
	movabsq	$0x800000000000, %rax
	pushq	%rax
return_far_at:
	ret
9:	addq	$8, %rsp
	ret

/* -- The vsyscall page, by address in fault_longs; the time comes back in RAX. -- */
	.globl	read_vsyscall
	fault	read_vsyscall
	movq	$0xffffffffff600000, %rax
read_vsyscall_at:
	movl	(%rax), %eax
9:	ret

/* -- Compatibility code: below 4 GiB, its stack too. int in_32(void *stack) -- */
	.globl	in_32
in_32:
	pushq	%rbx
	pushq	%rbp
	movq	%rsp, %rbp
	movq	%rdi, %rsp
	movl	$8, %ebx
	pushq	$0x23
	pushq	$1f
	lretq
	.code32
1:	movl	%ds, %ecx		/* 64-bit code runs without: compatibility code needs one */
	movl	$0x2b, %eax
	movl	%eax, %ds
	pushl	$0x1234
	movl	(%esp), %edx
	addl	$4, %esp
	.byte	0x43			/* INC EBX here; a REX prefix in 64-bit code */
	movl	%ecx, %ds
	ljmp	$0x33, $2f
	.code64
2:	movq	%rbp, %rsp
	leal	(%rbx,%rdx), %eax
	popq	%rbp
	popq	%rbx
	ret

	.data
	.balign	8
syscall_rcx:
	.quad	0
syscall_r11:
	.quad	0
	.section .note.GNU-stack, "", @progbits
