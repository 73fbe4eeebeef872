/* SPDX-License-Identifier: BSD-2-Clause */
/* What syscall64.c runs. Eight guest instructions a round. Interrupts are off all the time. */
	.text
	.globl	user_rounds, user_rounds_end, syscall_entry, user_run
/* User mode, copied to USER_CODE: EBX rounds of a call with EAX = 0, then the last one. */
user_rounds:
1:	xor	%eax, %eax
	syscall
	dec	%ebx
	jnz	1b
	mov	$1, %eax
	syscall
user_rounds_end:

/* EAX = 0: counts, and back. Else user_run() ends. */
syscall_entry:
	test	%eax, %eax
	jnz	1f
	incl	syscalls
	sysretq
1:	mov	kernel_rsp, %rsp
	pop	%rbx
	ret

/* void user_run(unsigned long at, u32 n) */
user_run:
	push	%rbx
	mov	%rsp, kernel_rsp
	mov	%esi, %ebx
	mov	%rdi, %rcx
	mov	$2, %r11d		/* RFLAGS */
	sysretq

	.bss
	.balign	8
kernel_rsp:
	.quad	0
	.globl	syscalls
syscalls:
	.long	0
	.section .note.GNU-stack, "", @progbits
