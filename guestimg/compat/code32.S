/* SPDX-License-Identifier: BSD-2-Clause */
/* The 32-bit program's own code: what faults, what is stepped over, ways into the kernel. */
	.macro	fault name
	.globl	\name, \name\()_at
	.balign	16
\name:
	movl	$9f, resume
	.endm

	.text
	fault	load_null
load_null_at:
	movl	8, %eax
9:	ret
	fault	store_const
	movl	$fault_const, %ecx
store_const_at:
	movb	$1, 5(%ecx)
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
	pushfl
	orl	$0x40000, (%esp)
	popfl
misaligned_at:
	movl	fault_longs + 1, %eax
9:	pushfl
	andl	$~0x40000, (%esp)
	popfl
	ret
	fault	stepping
	pushfl
	orl	$0x100, (%esp)
	popfl
	nop
stepping_at:
9:	pushfl
	andl	$~0x100, (%esp)
	popfl
	ret
	fault	fetch_longs
fetch_longs_at:
	call	*fault_longs
	ret
9:	addl	$4, %esp		/* the handler went on at once: drop the call's return */
	ret
	fault	send_signal
	movl	$20, %eax		/* getpid */
	int	$0x80
	pushl	%ebx
	movl	%eax, %ebx
	movl	$10, %ecx		/* SIGUSR1 */
	movl	$37, %eax		/* kill */
	int	$0x80
9:	popl	%ebx
send_signal_at:
	ret

/* Registers before and after a handler; `kept` gets what differs. */
	fault	keeps_registers
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movl	$0x11111111, %ebx
	movl	$0x22222222, %esi
	movl	$0x33333333, %edi
	movl	$0x44444444, %ebp
	movl	$0x55555555, %ecx
	movl	$0x66666666, %edx
	movd	%ebx, %xmm7
	fninit
	fldpi
	stc
keeps_registers_at:
	ud2
9:	sbbl	%eax, %eax
	incl	%eax
	xorl	$0x11111111, %ebx
	orl	%ebx, %eax
	xorl	$0x22222222, %esi
	orl	%esi, %eax
	xorl	$0x33333333, %edi
	orl	%edi, %eax
	xorl	$0x44444444, %ebp
	orl	%ebp, %eax
	xorl	$0x55555555, %ecx
	orl	%ecx, %eax
	xorl	$0x66666666, %edx
	orl	%edx, %eax
	movd	%xmm7, %ecx
	xorl	$0x11111111, %ecx
	orl	%ecx, %eax
	fldpi
	fcompp
	movl	%eax, %edx
	fnstsw	%ax
	andl	$0x4500, %eax
	xorl	$0x4000, %eax		/* equal: C3 alone */
	orl	%edx, %eax
	movl	%eax, kept
	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	ret

/* -- For single steps: stepped_at has where each of them ends. -- */
	.globl	stepped, stepped_at, stepped_value, stepped_store, stepped_behind_store
	.balign	16
stepped:
	nop
s1:	movl	$20, %eax
s2:	int	$0x80
s3:	nop
s4:	movl	%ss, %eax
s5:	movl	%eax, %ss
s6:	nop				/* in the shadow of the load: no stop before it */
s7:	movl	$3, %ecx
s8:	movl	$fault_const, %esi
s9:	rep lodsb
s10:	pushl	$s12
s11:	ret
	ud2
s12:
stepped_store:
	movl	$5, stepped_value
stepped_behind_store:
	nop
s13:	ret
	.section .rodata
stepped_at:
	.long	s1, s2, s3, s4, s5, s7, s8, s9, s9, s9, s10, s11, s12, stepped_behind_store, s13, 0
	.data
stepped_value:
	.long	0
	.text

/* -- Ways into the kernel. int by_NAME(number, a1 … a6) -- */
	.macro	arguments
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movl	20(%esp), %eax
	movl	24(%esp), %ebx
	movl	28(%esp), %ecx
	movl	32(%esp), %edx
	movl	36(%esp), %esi
	movl	40(%esp), %edi
	movl	44(%esp), %ebp
	.endm

	.macro	back
	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	ret
	.endm

	.globl	by_int80, by_vdso, by_sysenter, vdso_entry, call_preserves
by_int80:
	arguments
	int	$0x80
	back
by_vdso:
	arguments
	call	*vdso_entry
	back
/* As the vDSO does; the kernel comes back to the vDSO, which pops these and returns. */
by_sysenter:
	arguments
	call	1f
	back
1:	pushl	%ecx
	pushl	%edx
	pushl	%ebp
	movl	%esp, %ebp
	sysenter
	ud2

/* int call_preserves(way): getpid; 0 if all registers but EAX are as before. */
call_preserves:
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movl	20(%esp), %eax
	movl	%eax, preserve_way
	movl	$20, %eax
	movl	$0x11111111, %ebx
	movl	$0x22222222, %ecx
	movl	$0x33333333, %edx
	movl	$0x44444444, %esi
	movl	$0x55555555, %edi
	movl	$0x66666666, %ebp
	cmpl	$0, preserve_way
	jne	1f
	int	$0x80
	jmp	2f
1:	call	*vdso_entry
2:	xorl	%eax, %eax
	xorl	$0x11111111, %ebx
	orl	%ebx, %eax
	xorl	$0x22222222, %ecx
	orl	%ecx, %eax
	xorl	$0x33333333, %edx
	orl	%edx, %eax
	xorl	$0x44444444, %esi
	orl	%esi, %eax
	xorl	$0x55555555, %edi
	orl	%edi, %eax
	xorl	$0x66666666, %ebp
	orl	%ebp, %eax
	back

/* -- 64-bit code in a 32-bit process: its code segment is 0x33 on amd64 kernels. -- */
	.globl	in_64, in_64_result
in_64:
	pushl	%ebx
	ljmp	$0x33, $1f
	.code64
1:	movabsq	$0x123456789abcdef0, %r9
	movq	%r9, %rax
	shrq	$32, %rax
	movl	%eax, in_64_result(%rip)
	movl	$39, %eax		/* getpid, by its 64-bit number */
	syscall
	movl	%eax, in_64_result + 4(%rip)
	ljmpl	*2f(%rip)
	.balign	8
2:	.long	3f
	.word	0x23
	.code32
3:	ljmp	$0x33, $4f
	.code64
4:	movq	%r9, %rax		/* is it as it was? */
	shrq	$32, %rax
	movl	%eax, in_64_result + 8(%rip)
	ljmpl	*5f(%rip)
	.balign	8
5:	.long	6f
	.word	0x23
	.code32
6:	popl	%ebx
	ret

/* -- Segments of the LDT: ES's limit, a 16-bit stack. void NAME(selector) -- */
	.globl	past_limit, past_limit_at, on_stack16
past_limit:
	movl	$9f, resume
	movl	ldt_selector, %eax
	movl	%es, %ecx
	movl	%eax, %es
	movl	%es:0xffc, %edx
past_limit_at:
	movl	%es:0xffd, %edx
9:	movl	%ecx, %es
	ret
/* An interrupt and its return while SS is of 16 bits: all of ESP comes back. */
on_stack16:
	pushl	%ebx
	movl	%esp, %ebx
	movl	%ss, %ecx
	movl	ldt_selector, %eax
	movl	$0x12340800, %edx
	movl	%eax, %ss
	movl	%edx, %esp
	movl	$20, %eax
	int	$0x80
	movl	%esp, %edx
	movl	%ecx, %ss
	movl	%ebx, %esp
	movl	%edx, %eax
	popl	%ebx
	ret

	.globl	overflow, overflow_at, bounds, bounds_at
	fault	overflow
	movl	$0x7fffffff, %eax
	incl	%eax
	into
overflow_at:
9:	ret
	fault	bounds
	movl	$9, %eax
bounds_at:
	boundl	%eax, bounds_of
9:	ret

	.data
	.globl	ldt_selector
	.balign	8
vdso_entry:
	.long	0
preserve_way:
	.long	0
in_64_result:
	.long	0, 0, 0
ldt_selector:
	.long	0
bounds_of:
	.long	1, 8
	.section .note.GNU-stack, "", @progbits
