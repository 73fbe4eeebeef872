/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that timer interrupts are taken in. Registers are set by irq.c; all of it
 * ends by an interrupt or INT VEC_EXIT.
 */
#include "guestimg/tests/image.h"
#include "guestimg/tests/code.inc"

	.text
/* -- Loops without an end ------------------------------------------------------ */

code jmp_self
	jmp	jmp_self
end jmp_self

code jmp_reg			/* eax = jmp_reg */
	jmp	*%eax
end jmp_reg

code jmp_mem
	jmp	*jmp_mem_at
end jmp_mem

code jcc_self			/* ZF = 1 */
	jz	jcc_self
end jcc_self

code loop_self
	loop	loop_self
	jmp	loop_self
end loop_self

code dec_jnz
	dec	%ecx
	jnz	dec_jnz
	jmp	dec_jnz
end dec_jnz

code calls
	movl	$3, %ebx
1:	call	2f
	dec	%ebx
	jnz	1b
	incl	%eax
	jmp	calls
2:	pushl	%eax
	call	3f
	popl	%eax
	ret
3:	pushl	%ebx
	pushl	%edx
	call	*%esi		/* esi = calls_leaf */
	popl	%edx
	popl	%ebx
	ret
	.globl	calls_leaf
calls_leaf:
	xorl	%edx, %edx
	ret
end calls

code forward			/* 200 jumps forward, one back */
	.rept	200
	jmp	1f
	ud2
1:
	.endr
	jmp	forward
end forward

	.balign	4096
	.skip	4080
code two_pages			/* across a page's end and back */
	jmp	1f
	.skip	100, 0x90
1:	incl	%eax
	jmp	two_pages
end two_pages

/* On a stack of 64 KiB of addresses, whose pointer wraps. */
code ret_ring
	ret
end ret_ring

code ret3_ring
	ret
	ret
	ret
end ret3_ring

code call_self
	call	call_self
end call_self

code call_reg			/* eax = call_reg */
	call	*%eax
end call_reg

code fsin_jmp			/* eax = fsin_jmp; what takes long is no translated code */
	fninit
	fldpi
	fsin
	fstp	%st
	jmp	*%eax
end fsin_jmp

code far_jmp
	ljmp	$UCODE, $far_jmp
end far_jmp

code int_loop
	int	$VEC_PASS
	jmp	int_loop
end int_loop

code iret_loop			/* in the kernel */
	pushfl
	pushl	$KCODE
	pushl	$iret_loop
	iretl
end iret_loop

code fsts			/* memory and flags between */
	pushfl
	popl	%eax
	addl	%ecx, (%edi)
	xchgl	%ecx, 4(%edi)
	leal	-1(%ecx), %ecx
	jecxz	fsts
	jmp	fsts
end fsts

code mul_loop
	mull	%ebx
	shldl	$3, %eax, %edx
	bswap	%eax
	cmpl	$1, %eax
	ja	mul_loop
	movl	$0x9e3779b9, %eax
	jmp	mul_loop
end mul_loop

code hlt_loop			/* in the kernel */
	hlt
	jmp	hlt_loop
end hlt_loop

code xlat_loop
	xlat
	cbw
	loopne	xlat_loop
	jmp	xlat_loop
end xlat_loop

code in_loop			/* in the kernel: each leaves translated code */
	inb	$0x80, %al
	jmp	in_loop
end in_loop

/* -- State that is checked at each interrupt ------------------------------------- */

code add_flags
	addl	%ebx, %eax
	jmp	add_flags
end add_flags

code sub_flags
	subl	%ebx, %eax
	jmp	sub_flags
end sub_flags

code inc_flags			/* CF was set before: it stays */
	incl	%eax
	jmp	inc_flags
end inc_flags

/* Which of the three has been done is plain from eip. */
code triple
	incl	%eax
	.globl	triple_1
triple_1:
	incl	%ebx
	.globl	triple_2
triple_2:
	incl	%edx
	.globl	triple_3
triple_3:
	jmp	triple
end triple

/* -- Repeated strings -------------------------------------------------------------- */

code rep_stosl
	rep stosl
end rep_stosl
	int	$VEC_EXIT
code rep_movsb
	rep movsb
end rep_movsb
	int	$VEC_EXIT
code rep_lodsb
	rep lodsb
end rep_lodsb
	int	$VEC_EXIT
code rep_scasb
	repne scasb
end rep_scasb
	int	$VEC_EXIT
code rep_cmpsb
	repe cmpsb
end rep_cmpsb
	int	$VEC_EXIT
	std
code rep_stosb_down
	rep stosb
end rep_stosb_down
	int	$VEC_EXIT

/* -- Shadows; an interrupt is waiting, interrupts are off ---------------------------- */

code sti_inc
	sti
	incl	%eax
	incl	%eax
	int	$VEC_EXIT
end sti_inc
code sti_hlt
	sti
	hlt
	incl	%eax
	int	$VEC_EXIT
end sti_hlt
code sti_cli
	sti
	cli
	incl	%eax
	loop	sti_cli
	int	$VEC_EXIT
end sti_cli
code sti_sti
	sti
	sti
	incl	%eax
	int	$VEC_EXIT
end sti_sti
code popf_inc
	pushl	$0x202
	popfl
	incl	%eax
	int	$VEC_EXIT
end popf_inc
code iret_inc
	pushl	$0x202
	pushl	$KCODE
	pushl	$1f
	iretl
1:	incl	%eax
	int	$VEC_EXIT
end iret_inc

/* Interrupts can come before the CLI only. */
code sti_nop_cli
	sti
	nop
	.globl	sti_nop_cli_in
sti_nop_cli_in:
	cli
	jmp	sti_nop_cli
end sti_nop_cli
code popf_cli
	pushl	$0x202
	popfl
	.globl	popf_cli_in
popf_cli_in:
	cli
	jmp	popf_cli
end popf_cli

/* Never before the instruction behind the load of SS. */
code mov_ss
	movl	%ebx, %ss
	.globl	mov_ss_in
mov_ss_in:
	nop
	incl	%eax
	jmp	mov_ss
end mov_ss
code pop_ss
	pushl	%ss
	popl	%ss
	.globl	pop_ss_in
pop_ss_in:
	nop
	incl	%eax
	jmp	pop_ss
end pop_ss

/* TF comes with IRET: a trap behind each instruction, but none behind the load of SS. */
code mov_ss_tf
	movl	%ebx, %ss
	incl	%eax
	incl	%eax
	int	$VEC_EXIT
end mov_ss_tf

/* -- A checksum that everything goes into, flags too ---------------------------------- */

code sum			/* esi = table of 256 words, ecx = count */
	adcl	%ebx, %eax
	rcll	$5, %ebx
	movzbl	%al, %edi
	sbbl	(%esi, %edi, 4), %edx
	pushfl
	popl	%edi
	andl	$0x8d5, %edi
	call	1f
	leal	0x1357(%ebx, %eax, 2), %ebx
	xchgl	%eax, %ebp
	addl	%edi, %ebp
	decl	%ecx
	jnz	sum
	int	$VEC_EXIT
1:	pushl	%edx
	cmpl	%eax, %ebp
	jb	2f
	xorl	%ecx, (%esp)
2:	popl	%edx
	ret
end sum

code spin
	decl	%ecx
	jnz	spin
	int	$VEC_EXIT
end spin
	.balign	4
	.globl	jmp_mem_at
jmp_mem_at:
	.long	jmp_mem
	.section .note.GNU-stack, "", @progbits
