/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops whose guest instructions are known, for cores.c; registers as gcc passes them to regparm(3)
 * functions: EAX, EDX, ECX. EBX, ESI, EDI are kept.
 * Law: each loop's instructions are what cores.c says; it counts itself what depends on time.
 */
#include "guestimg/tests/cores.h"

	.text
	.globl	loop_xadd, loop_cmpxchg, loop_spin, loop_lock_inc, loop_plain

/* void loop_xadd(u32 *p, u32 rounds): 4 instructions a round. */
	.balign	64
loop_xadd:
	movl	%edx, %ecx
	movl	%eax, %edx
1:	movl	$1, %eax
	lock xaddl %eax, (%edx)
	decl	%ecx
	jnz	1b
	ret

/* u32 loop_cmpxchg(u32 *p, u32 rounds): 6 a round, and 5 for each failure: it returns how many. */
	.balign	64
loop_cmpxchg:
	pushl	%ebx
	pushl	%esi
	xorl	%esi, %esi
	movl	%eax, %ebx
	movl	%edx, %ecx
1:	movl	(%ebx), %eax
2:	leal	1(%eax), %edx
	lock cmpxchgl %edx, (%ebx)
	jne	3f
	decl	%ecx
	jnz	1b
	movl	%esi, %eax
	popl	%esi
	popl	%ebx
	ret
3:	incl	%esi
	jmp	2b

/*
 * void loop_spin(struct spin *s, u32 rounds): a lock taken and given back. 8 a round; 6 for each
 * time that it was taken (`again`), 4 for each look at it since (`spins`), which it puts into *s.
 */
	.balign	64
loop_spin:
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	movl	%eax, %ebx
	movl	%edx, %ecx
	movl	SPIN_LOCK(%ebx), %edx
	xorl	%esi, %esi
	xorl	%edi, %edi
1:	movl	$1, %eax
	xchgl	%eax, (%edx)
	testl	%eax, %eax
	jnz	2f
	incl	SPIN_COUNT(%edx)
	movl	$0, (%edx)
	decl	%ecx
	jnz	1b
	movl	%esi, SPIN_SPINS(%ebx)
	movl	%edi, SPIN_AGAIN(%ebx)
	popl	%edi
	popl	%esi
	popl	%ebx
	ret
2:	incl	%edi
3:	incl	%esi
	pause
	cmpl	$0, (%edx)
	jne	3b
	jmp	1b

/* void loop_lock_inc(u32 *p, u32 rounds): LOCK_INCS of them a round, and loop_plain's two. */
	.balign	64
loop_lock_inc:
	movl	%edx, %ecx
1:	.rept	LOCK_INCS
	lock incl (%eax)
	.endr
	decl	%ecx
	jnz	1b
	ret

	.balign	64
loop_plain:
	movl	%edx, %ecx
1:	decl	%ecx
	jnz	1b
	ret

/* The interrupt's first instruction ends what is counted. */
	.globl	ipi_entry
	.balign	64
ipi_entry:
	movl	$0, MARK_AT
	movl	$0, 0xfee000b0		/* EOI */
	lock incl ipis
	iretl

/*
 * u32 loop_until_ipi(u32 mark, u32 seen, u32 sti): rounds of 3 instructions, until `ipis` is not
 * `seen` any more. Span `mark` is these rounds, up to the interrupt if it comes.
 */
	.globl	loop_until_ipi
	.balign	64
loop_until_ipi:
	pushl	%ebx
	pushl	%edi
	xorl	%edi, %edi
	movl	%edx, %ebx
	movl	$1, ready
	movl	%eax, MARK_AT
	jecxz	1f
	sti
1:	incl	%edi
	cmpl	%ebx, ipis
	je	1b
	movl	$0, MARK_AT
	cli
	movl	%edi, %eax
	popl	%edi
	popl	%ebx
	ret

/* void halt_until_ipi(void) */
	.globl	halt_until_ipi
	.balign	64
halt_until_ipi:
	movl	$1, ready
	sti
	hlt
	cli
	ret

/* void ipi_send(u32 mark, u32 icr): a span from here to behind the write to the ICR. */
	.globl	ipi_send
	.balign	64
ipi_send:
	movl	%eax, MARK_AT
	movl	%edx, 0xfee00300
	movl	$0, MARK_AT
	ret

	.bss
	.globl	ipis, ready
	.balign	64
ipis:	.skip	64
ready:	.skip	64
	.section .note.GNU-stack, "", @progbits
