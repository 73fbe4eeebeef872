/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops with an edge between two pieces of code. ECX and EBX are given values, EAX and EDX change,
 * ESI and EBP go through a page of memory and beyond, where a fault puts them back; EDI has the
 * flags that were seen behind the overwriting instruction.
 */
#include "guestimg/tests/image.h"
#include "guestimg/tests/code.inc"

	.set	ICR, 0xfee00300		/* of the local APIC */
	.set	SEND_NMI, 0x4400

	.macro	head name, head:vararg
code \name
	\head
	.endm
	/* two bytes, so that other two can take their place */
	.macro	set name
code \name\()_set
	cmpl	%ebx, %ecx
	pushfl
	popl	%edi
	.endm
	.macro	one name, pre, one
code \name\()_pre
	leal	32(%esi), %esi
	leal	32(%ebp), %ebp
	\pre
code \name\()_one
	\one
	.endm
	/* what the flags are in each case, found where nothing is left out */
	.macro	told name, pre, one
	.balign	16
code \name\()_f1
	cmpl	%ebx, %ecx
	\pre
	\one
	pushfl
	popl	%eax
	int	$VEC_EXIT
code \name\()_f2
	cmpl	%ebx, %ecx
	pushfl
	popl	%eax
	int	$VEC_EXIT
	.endm

	/* The edge leads back: one block, which goes to itself. */
	.macro	back name, head, pre, one, jump=jmp, other=ud2
	.balign	16
	head	\name, \head
	set	\name
	one	\name, "\pre", "\one"
code \name\()_jump
	\jump	\name
	\other
	told	\name, "\pre", "\one"
	.endm

	/* The edge leads on, to a block of its own; and back from there with the other flags. */
	.macro	on name, head, pre, one, jump=jne, skip=16, pop=
	.balign	16
code \name\()_again
	one	\name, "\pre", "\one"
code \name\()_jump
	\jump	\name
	ud2
	.balign	\skip
	head	\name, \pop \head
	set	\name
	jmp	\name\()_again
	told	\name, "\pre", "\one"
	.endm

	.text
	back	back_cmp, "movl (%esi), %edx", "leal 6(%ecx), %eax", "cmpl %ebx, %eax"
	back	back_cmp_imm, "movl (%esi), %edx", "leal 6(%ecx), %eax", "cmpl $-3, %eax"
	back	back_cmp_far_imm, "movl (%esi), %edx", "leal 6(%ecx), %eax", \
		"cmpl $0x12345678, %eax"
	back	back_sub, "movl (%esi), %edx", "leal 6(%ecx), %eax", "subl %ebx, %eax"
	back	back_add, "movl (%esi), %edx", "leal 6(%ecx), %eax", "addl $100, %eax"
	back	back_test, "movl (%esi), %edx", "leal -9(%ebx), %eax", "testl %eax, %eax"
	back	back_and8, "movl (%esi), %edx", "leal 0x18d(%ecx), %eax", "andb %bl, %al"
	back	back_cmp16, "movl (%esi), %edx", "leal 0x17ffd(%ecx), %eax", "cmpw %bx, %ax"
	back	back_dec, "movl (%esi), %edx", "leal -2(%ecx), %eax", "cmpl %ebx, %ecx; decl %eax"
	back	back_inc, "movl (%esi), %edx", "leal -4(%ecx), %eax", "subl %ebx, %edx; incl %eax"
	back	back_dec_alone, "movl (%esi), %edx", "leal -2(%ecx), %eax", "decl %eax"
	back	back_store, "movl %ebx, (%esi)", "leal 6(%ecx), %eax", "cmpl %ebx, %eax"
	/* the second access faults when EAX has been changed; the first one does not */
	back	back_changed, "movl -32(%esi), %eax; movl (%ebp), %edx", "leal 6(%ecx), %eax", \
		"cmpl %ebx, %eax"
	back	back_changed_jcc, "movl -32(%esi), %eax; movl (%ebp), %edx", "leal 6(%ecx), %eax", \
		"cmpl %ebx, %eax", jne
	back	back_changed_first, "leal 1(%eax), %eax; movl (%esi), %edx", "leal 6(%ecx), %eax", \
		"cmpl %ebx, %eax"
	back	back_icr, "movl $SEND_NMI, ICR", "leal 6(%ecx), %eax", "cmpl %ebx, %eax"
	back	back_shift, "movl (%esi), %edx", "leal 6(%ecx), %eax", "shll $29, %eax"
	back	back_mem, "movl (%esi), %edx", "leal 6(%ecx), %eax", "cmpl -4(%esi), %eax"
	back	back_mem_first, "movl (%esi), %edx", "leal 6(%ecx), %eax", \
		"cmpl %eax, -4(%esi)"
	back	back_mem_bit, "movl (%esi), %edx", "leal 6(%ecx), %eax", "testb $0x84, -4(%esi)"
	back	back_none, "leal 1(%edx), %edx", "leal 6(%ecx), %eax", "cmpl %ebx, %eax"
	back	back_bsf, "movl (%esi), %edx", "leal 6(%ecx), %eax", \
		"cmpl %ebx, %eax; sbbl %edx, %edx"
	back	back_jcc, "movl (%esi), %edx", "leal 6(%ecx), %eax", "cmpl %ebx, %eax", jne
	back	back_jcc_store, "movl %ebx, (%esi)", "leal 5(%ecx), %eax", "cmpl %ebx, %eax", jb
	/* here the head does look at them */
	back	back_reads, "movl (%esi), %edx; setc %dl", "leal 6(%ecx), %eax", \
		"cmpl %ebx, %eax", jne
	back	back_pop, "pushl %edx; popl %edx; movl (%esi), %edx", "leal 6(%ecx), %eax", \
		"cmpl %ebx, %eax", jne
	on	on_cmp, "movl (%esi), %edx", "leal 6(%ecx), %eax", "cmpl %ebx, %eax"
	on	on_dec, "movl (%esi), %edx", "leal 6(%ecx), %eax", "cmpl %ebx, %ecx; decl %eax"
	on	on_mem, "movl (%esi), %edx", "leal 6(%ecx), %eax", "cmpl %eax, -4(%esi)"
	on	on_store, "movl %ebx, (%esi)", "leal 6(%ecx), %eax", "cmpl %ebx, %eax"
	on	on_none, "leal 1(%edx), %edx", "leal 6(%ecx), %eax", "cmpl %ebx, %eax"
	on	on_call, "movl (%esi), %edx", "leal 6(%ecx), %eax", \
		"cmpl %ebx, %eax", call, 16, "popl %edx;"
	on	on_icr, "movl $SEND_NMI, ICR", "leal 6(%ecx), %eax", "cmpl %ebx, %eax"
	on	on_page, "movl (%esi), %edx", "leal 6(%ecx), %eax", "cmpl %ebx, %eax", jne, 4096
	on	on_page_store, "movl %ebx, (%esi)", "leal 6(%ecx), %eax", \
		"cmpl %ebx, %eax", jne, 4096
	.section .note.GNU-stack, "", @progbits
