/* SPDX-License-Identifier: BSD-2-Clause */
/* Code that meets breakpoints. NAME1 is behind the instruction in question; all end by VEC_EXIT. */
#include "guestimg/tests/image.h"
#include "guestimg/tests/code.inc"

	.macro	exit
	int	$VEC_EXIT
	.endm
	/* one instruction: its start, its end */
	.macro	one name, insn:vararg
code \name
	\insn
code \name\()1
	exit
	.endm

	.text
/* Sixteen instructions, all different in EAX. */
code sled
	xorl	%eax, %eax
	.rept	7
	incl	%eax
	.endr
code sled_in
	incl	%eax
	.rept	7
	incl	%eax
	.endr
code sled_end
	exit

code count			/* ecx times */
	incl	%eax
code count_dec
	decl	%ecx
code count_jnz
	jnz	count
	exit

code rep_loop
	movl	$3, %ecx
code rep_loop_at
	rep stosb
	decl	%edx
	jnz	rep_loop
	exit

code jumps
	movl	$jumps_leaf, %edx
code jumps_call
	call	*%edx
code jumps_back
	testl	%eax, %eax
	jnz	1f
	incl	%eax
1:	cmpl	%eax, %eax
	je	jumps_jcc
	incl	%eax
code jumps_jcc
	jmp	jumps_end
	.skip	100, 0x90
code jumps_leaf
	incl	%eax
	ret
code jumps_end
	exit

/* Accesses at (%ebx); ECX, EDX, ESI: free. */
one store_b, movb %cl, (%ebx)
one store_w, movw %cx, (%ebx)
one store_l, movl %ecx, (%ebx)
one load_b, movb (%ebx), %dl
one load_w, movw (%ebx), %dx
one load_l, movl (%ebx), %edx
one rmw, addl %ecx, (%ebx)
one bump, incb (%ebx)
one xchg_m, xchgl %ecx, (%ebx)
one push_r, pushl %ecx
one pop_m, popl (%ebx)
code call_m
	call	call_m1
code call_m1
	exit
one pusha_r, pushal
code enter_r
	enter	$8, $0
code enter_r1
	exit
one enter_far, enter $64, $0
one shl_0, shll %cl, (%ebx)
one cmpxchg_m, cmpxchgl %ecx, (%ebx)
one fst_l, fsts (%ebx)
one fst_t, fstpt (%ebx)
one fld_t, fldt (%ebx)
one sse_st, movups %xmm1, (%ebx)
one sse_ld, movups (%ebx), %xmm1
one movs_1, movsl
one rep_stos, rep stosb
one rep_movs, rep movsw
one repe_cmps, repe cmpsb
one repne_scas, repne scasb
one rep_lods, rep lodsl
one out_b, outb %al, %dx
one in_w, inw %dx, %ax
one rep_outs, rep outsb
one read_dr, movl %db6, %eax
one int_pass, int $VEC_PASS

code mov_ss			/* the trap waits for the next instruction */
	movw	(%ebx), %ss
code mov_ss1
	incl	%eax
code mov_ss2
	incl	%eax
	exit

code mixed			/* data between the code that uses it */
	movl	mixed_data, %eax
code mixed_at
	incl	%eax
	jmp	1f
	.balign	4
code mixed_data
	.long	0x1000
1:	movl	%eax, mixed_data
code mixed1
	incl	%eax
	exit

code own			/* writes the next instruction but one */
	movb	$0x7f, own_at + 1
code own1
	nop
code own_at
	movb	$1, %al
	exit

code touch			/* for single steps */
	incl	%eax
	movl	%eax, (%ebx)
code touch1
	incl	%eax
code touch2
	exit

/* To the task of selector UBASED2, and back. */
code switch_there
	ljmp	$UBASED2, $0
code switch_back
	exit
code task_code
	movl	%eax, (%ebx)
	ljmp	$TSS, $0
	.section .note.GNU-stack, "", @progbits
