/* SPDX-License-Identifier: BSD-2-Clause */
/* What syscall32.c runs. Ten guest instructions a round. Interrupts are off all the time. */
	.text
	.globl	user_rounds, user_rounds_end, syscall_entry, user_run
/* User mode, copied to USER_CODE, which is in EDI: EBX rounds of a call with EAX = 0, then 1. */
user_rounds:
1:	xor	%eax, %eax
	mov	%esp, %ecx
	lea	2f - user_rounds(%edi), %edx
	sysenter
2:	dec	%ebx
	jnz	1b
	mov	$1, %eax
	sysenter
user_rounds_end:

/* EAX = 0: counts, and back. Else user_run() ends. */
syscall_entry:
	test	%eax, %eax
	jnz	1f
	incl	syscalls
	sysexit
1:	mov	kernel_esp, %esp
	pop	%edi
	pop	%ebx
	ret

/* void user_run(unsigned long at, u32 n) */
user_run:
	push	%ebx
	push	%edi
	mov	%esp, kernel_esp
	mov	12(%esp), %edi
	mov	16(%esp), %ebx
	mov	%edi, %edx
	mov	%esp, %ecx
	sysexit

	.bss
	.balign	4
kernel_esp:
	.long	0
	.globl	syscalls
syscalls:
	.long	0
	.section .note.GNU-stack, "", @progbits
