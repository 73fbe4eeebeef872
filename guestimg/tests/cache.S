/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that is copied to pages and called there. Everything is reached through
 * registers: no code here knows its address.
 */
#include "guestimg/tests/code.inc"

	.text
/* u32 call_with(u32 va, const struct args *a) */
	.globl	call_with
call_with:
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movl	24(%esp), %ebp
	movl	0(%ebp), %eax
	movl	4(%ebp), %ebx
	movl	8(%ebp), %ecx
	movl	12(%ebp), %edx
	movl	16(%ebp), %esi
	movl	20(%ebp), %edi
	call	*20(%esp)
	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	ret

/* -- The page under the code goes away: ecx to the PTE at edx, ebx = its address ------- */
code remap_self
	movl	%ecx, (%edx)
	invlpg	(%ebx)
	movl	$1, %eax	/* the other page has another number here */
	ret
end remap_self
code cr3_self			/* ecx = the other page directory, edx = this one */
	movl	%ecx, %cr3
	movl	$1, %eax
	movl	%edx, %cr3
	ret
end cr3_self

/* -- A block changes itself: ebx = its address ------------------------------------------ */
code ahead8
	movb	$2, 1f - ahead8 + 1(%ebx)
1:	movl	$1, %eax
	ret
end ahead8
code ahead16
	movw	$0x302, 1f - ahead16 + 1(%ebx)
1:	movl	$1, %eax
	ret
end ahead16
code ahead32
	movl	$0x5040302, 1f - ahead32 + 1(%ebx)
1:	movl	$1, %eax
	ret
end ahead32
code ahead_far			/* the change is some instructions ahead */
	movl	$2, 1f - ahead_far + 1(%ebx)
	movl	%ebx, %ecx
	addl	$0x10, %ecx
	leal	4(%ecx), %edx
	movl	(%ebx), %edx
	incl	%edx
	testl	%edx, %edx
1:	movl	$1, %eax
	ret
end ahead_far
code behind			/* the loop's first instruction becomes another */
	movl	$3, %ecx
	xorl	%eax, %eax
1:	addl	$1, %eax
	movb	$0x10, 1b - behind + 2(%ebx)
	decl	%ecx
	jnz	1b
	ret
end behind
code own_imm			/* 100 times: an instruction whose constant is counted up */
	movl	$100, %ecx
	xorl	%eax, %eax
1:	addl	$1, %eax
	incb	1b - own_imm + 2(%ebx)
	decl	%ecx
	jnz	1b
	ret
end own_imm

/* -- Stores of many kinds to edi, where code is; ebx, ecx or (esi) is what to store -------- */
code over_movsb
	rep movsb
	ret
end over_movsb
code over_stosl
	rep stosl
	ret
end over_stosl
code over_push			/* two words just below edi + 8 */
	movl	%esp, %ebp
	leal	8(%edi), %esp
	pushl	4(%esi)
	pushl	(%esi)
	movl	%ebp, %esp
	ret
end over_push
code over_xchg
	movl	(%esi), %eax
	movl	4(%esi), %ecx
	xchgl	%eax, (%edi)
	lock xchgl %ecx, 4(%edi)
	ret
end over_xchg
code over_cmpxchg8b
	movl	(%edi), %eax
	movl	4(%edi), %edx
	movl	(%esi), %ebx
	movl	4(%esi), %ecx
	lock cmpxchg8b (%edi)
	ret
end over_cmpxchg8b
code over_sgdt			/* 6 bytes of whatever; put the right ones back over it */
	sgdt	(%edi)
	movl	(%esi), %eax
	movl	%eax, (%edi)
	movl	4(%esi), %eax
	movl	%eax, 4(%edi)
	ret
end over_sgdt
code over_fst
	fninit
	fildll	(%esi)
	fistpll	(%edi)
	ret
end over_fst
code over_call			/* the return address of CALL: its bytes are the code */
	movl	%esp, %ebp
	leal	4(%edi), %esp
	call	1f
1:	movl	(%edi), %eax
	movl	%ebp, %esp
	ret
end over_call
code over_pusha			/* ebp, esi and edi are the words at (edi) */
	movl	%esp, %edx
	movl	%edi, %ecx
	leal	32(%edi), %esp
	movl	(%esi), %edi
	movl	4(%esi), %esi
	pushal
	movl	%edx, %esp
	ret
end over_pusha
code over_enter			/* pushes ebp */
	movl	%esp, %edx
	leal	4(%edi), %esp
	movl	(%esi), %ebp
	enter	$0, $0
	movl	%edx, %esp
	ret
end over_enter

/* -- For the end of a page: all of it but RET ---------------------------------------------- */
code last_byte
	movl	$0x11223344, %eax
	ret
end last_byte

/* Adds up words at ebx, ecx of them, one for each page. */
code page_walk
	xorl	%eax, %eax
1:	addl	(%ebx), %eax
	addl	$4096, %ebx
	loop	1b
	ret
end page_walk

/* -- What the disk has, in a sector of its own ----------------------------------------------- */
	.balign	512
code disk_fn
	movl	$0xd15cf00d, %eax
	ret
end disk_fn
	.balign	512

/* -- Several parts: ebx = where it is ------------------------------------------------------- */
code part_ahead
	movl	$2, 1f - part_ahead + 1(%ebx)
	jmp	1f
	.long	0x11111111
1:	movl	$1, %eax
	ret
end part_ahead
code part_side			/* ecx = 0: the branch is taken */
	movl	$2, 1f - part_side + 1(%ebx)
	testl	%ecx, %ecx
	jz	2f
1:	movl	$1, %eax
	ret
2:	movl	$3, %eax
	ret
end part_side
	.balign	64
code part_each			/* 64 bytes apart */
	movl	$1, %eax
	jmp	1f
	.balign	64
1:	addl	$2, %eax
	jmp	2f
	.balign	64
2:	addl	$4, %eax
	jmp	3f
	.balign	64
3:	addl	$8, %eax
	jmp	4f
	.balign	64
4:	addl	$16, %eax
	ret
end part_each
code part_data			/* counts up its data, which are at PART_DATA (cache.h) */
	movl	11(%ebx), %eax
	addl	$1, %eax
	jmp	2f
	.org	part_data + 11, 0x90
	.long	0
2:	movl	%eax, 11(%ebx)
	ret
end part_data

/* -- At many addresses: EAX is that of the code, or so many bytes more ---------------------- */
code place_pop
	call	1f
1:	popl	%eax
	ret
end place_pop
code place_calls
	call	1f
	subl	$5, %eax
	ret
1:	call	2f
	ret
2:	movl	4(%esp), %eax
	jmp	3f
	ud2
3:	testl	%eax, %eax
	jz	place_calls
	ret
end place_calls
code place_loop
	movl	$100, %ecx
1:	call	2f
2:	popl	%eax
	decl	%ecx
	jnz	1b
	subl	$10, %eax
	ret
end place_loop

	.section .note.GNU-stack, "", @progbits
