/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code of 32 and 16 bits that modes.c runs in compatibility mode, and the ways out of long mode and
 * back that modes_tour.c calls. All of it is linked where linear and physical addresses agree.
 */
#include "guestimg/base/entry.inc"
#include "guestimg/tests64/image.h"

	.text
	.code32
	.globl	compat_basic, compat_push, compat_old, compat_load, compat_load_ss, compat_load_seg
	.globl	compat_to_64, compat_gate, compat_kernel, compat_arpl, compat_rip
/* INC, not a REX prefix; operands of 32 bits; a stack of 4 bytes. */
compat_basic:
	movl	$0x11223344, %eax
	incl	%eax
	pushl	%eax
	movl	(%esp), %ebx
	movl	%esp, %ecx
	popl	%eax
	int	$0x30
/* What 64-bit mode has not. */
compat_old:
	pushal
	popal
	pushl	%es
	popl	%es
	movb	$15, %al
	aaa
	movl	$0x2b, %edx
	pushl	%edx
	pushl	$0x123
	les	(%esp), %ebx
	addl	$8, %esp
	int	$0x30
compat_arpl:
	movl	$0x10, %eax
	movl	$0x23, %ebx
	arpl	%bx, %ax
	int	$0x30
compat_load:
	movl	(%edi), %eax
	int	$0x30
compat_load_ss:
	movl	%eax, %ss
	movl	(%ebp), %eax
	int	$0x30
compat_load_seg:
	movl	%eax, %ds
	movl	(%edi), %eax
	int	$0x30
compat_push:
	pushl	%eax
	int	$0x30
/* To 64-bit code and back, in user mode. */
compat_to_64:
	movl	$0x1000, %esi
	ljmp	$UCODE64, $1f
	.code64
1:	movabsq	$0x8877665544332211, %r9
	addq	%r9, %r10
	shlq	$28, %rsi
	movq	%rsp, %r11
	ljmpl	*2f
	.balign	8
2:	.long	3f
	.word	UCODE32
	.code32
3:	incl	%edx
	int	$0x30
/* A far call through the gate SPARE. */
compat_gate:
	lcall	$SPARE + 3, $0
	int	$0x31
/* In the kernel, then to its 64-bit code. */
compat_kernel:
	pushl	$0x1234
	movl	%esp, %ecx
	popl	%eax
	ljmp	$KCODE64, $1f
	.code64
1:	movq	%rsp, %rdx
	int	$0x30

	.globl	gate_landing
gate_landing:
	movq	%rsp, %rax
	movq	(%rsp), %rdx
	movq	8(%rsp), %rbx
	movq	16(%rsp), %rsi
	movq	24(%rsp), %rdi
	int	$0x30

	.code16
	.globl	compat16, compat16_end
/* At offset 0 of UCODE16. */
compat16:
	movw	$0x1234, %ax
	pushw	%ax
	movw	%sp, %bx
	popw	%cx
	incw	%cx
	movl	$0x89abcdef, %edx
	movw	$0x8000, %si
	movw	%ds:(%bx,%si), %di
	int	$0x30
compat16_end:

/* -- Out of long mode and back. RDI: struct tour. -- */

#define EFER	0xc0000080
#define PG	0x80000000

	.macro	tour_begin name
	.code64
	.globl	\name
\name:
	push_kept64
	movl	%edi, tour_at
	ljmpl	*to_32
	.endm

	.macro	efer to
	movl	$EFER, %ecx
	rdmsr
	movl	%eax, \to
	.endm

/* In compatibility mode: paging off. */
	.macro	paging_off
	movl	%cr0, %eax
	andl	$~PG, %eax
	movl	%eax, %cr0
	.endm

	.macro	paging_on
	movl	%cr0, %eax
	orl	$PG, %eax
	movl	%eax, %cr0
	.endm

	.macro	lme on
	movl	$EFER, %ecx
	rdmsr
	.if	\on
	orl	$0x100, %eax
	.else
	andl	$~0x100, %eax
	.endif
	wrmsr
	.endm

	.data
	.balign	8
to_32:	.long	tour_32
	.word	KCODE32
	.balign	8
tour_at:
	.long	0
tour_next:
	.long	0
	.text

	.code64
	.globl	tour_run
/* void tour_run(struct tour *t, u32 piece): the piece runs with paging off, EBX = the tour. */
tour_run:
	movl	%esi, tour_next
	tour_begin tour_first
	.code32
tour_32:
	movl	$KDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	tour_at, %ebx
	efer	0(%ebx)
	paging_off
	efer	4(%ebx)
	lidt	legacy_idt_pointer
	jmp	*tour_next

/* Back into long mode, whatever was left on or off. Interrupts stay off. */
tour_end:
	movl	%cr0, %eax
	andl	$~PG, %eax
	movl	%eax, %cr0
	movl	%cr4, %eax
	orl	$0x20, %eax
	movl	%eax, %cr4
	movl	$TABLES, %eax
	movl	%eax, %cr3
	lme	1
	efer	8(%ebx)
	paging_on
	efer	12(%ebx)
	ljmp	$KCODE64, $1f
	.code64
1:	lidt	idt_pointer
	movl	$UDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	pop_kept64
	ret

	.code32
	.globl	piece_legacy, piece_pae, piece_two, piece_refused, piece_real, piece_tss16
/* Protected mode without paging: an interrupt by an 8-byte gate. */
piece_legacy:
	movl	$0x41, %eax
	incl	%eax
	int	$0x60
	movl	%eax, 16(%ebx)
	jmp	tour_end

/* PAE paging of 32 bits: the alias at WINDOW. */
piece_pae:
	lme	0
	movl	$legacy_pdpt, %eax
	movl	%eax, %cr3
	paging_on
	efer	16(%ebx)
	movl	tour_value + WINDOW, %eax
	movl	%eax, 20(%ebx)
	int	$0x60			/* through the tables, too */
	jmp	tour_end

/* Two levels, 4 MiB pages. */
piece_two:
	lme	0
	movl	%cr4, %eax
	andl	$~0x20, %eax
	orl	$0x10, %eax
	movl	%eax, %cr4
	movl	$legacy_pd, %eax
	movl	%eax, %cr3
	paging_on
	efer	16(%ebx)
	movl	tour_value + WINDOW, %eax
	movl	%eax, 20(%ebx)
	paging_off
	movl	%cr4, %eax
	andl	$~0x10, %eax
	movl	%eax, %cr4
	jmp	tour_end

/* What raises #GP(0): on_gp counts, keeps the place, and goes on at EBP. */
piece_refused:
	movl	%cr4, %eax
	andl	$~0x20, %eax
	movl	%eax, %cr4
	movl	$1f, %ebp
	movl	%cr0, %eax
	orl	$PG, %eax
	movl	%eax, %cr0		/* LME without PAE */
1:	movl	on_gp_count, %eax
	movl	%eax, 16(%ebx)
	movl	%cr4, %eax
	orl	$0x20, %eax
	movl	%eax, %cr4
	lme	0
	movl	$legacy_pdpt, %eax
	movl	%eax, %cr3
	paging_on
	movl	$2f, %ebp
	lme	1			/* while paging is on */
2:	movl	on_gp_count, %eax
	movl	%eax, 20(%ebx)
	efer	24(%ebx)
	jmp	tour_end

/* A 16-bit TSS in TR. */
piece_tss16:
	movl	$SPARE, %eax
	ltr	%ax
	movl	$TABLES, %eax
	movl	%eax, %cr3
	movl	$1f, %ebp
	movl	%cr0, %eax
	orl	$PG, %eax
	movl	%eax, %cr0
1:	movl	on_gp_count, %eax
	movl	%eax, 16(%ebx)
	movl	$SPARE2, %eax
	ltr	%ax
	jmp	tour_end

on_gp:	incl	on_gp_count
	popl	on_gp_error
	movl	%ebp, (%esp)
	iret
on_60:	incl	on_60_count
	iret
	.globl	on_60, on_gp

/* Real mode and from there at once into long mode. */
piece_real:
	cld
	movl	$real_code, %esi
	movl	$0x8000, %edi
	movl	$real_code_end - real_code, %ecx
	rep movsb
	lidt	real_idt_pointer
	movl	%esp, real_esp
	movl	$KDATA16, %eax
	movl	%eax, %ss
	ljmp	$SPARE, $0x8000
	.code16
real_code:
	movl	%cr0, %eax
	andb	$0xfe, %al
	movl	%eax, %cr0
	ljmp	$0, $1f - real_code + 0x8000
1:	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$0x7000, %sp
	movw	$0x1234, 0x7100
	movw	$0x710, %ax
	movw	%ax, %es
	movw	%es:(0), %dx		/* 16 * segment + offset */
	movl	%cr4, %eax
	orl	$0x20, %eax
	movl	%eax, %cr4
	movl	$TABLES, %eax
	movl	%eax, %cr3
	movl	$EFER, %ecx
	pushw	%dx
	rdmsr
	orl	$0x100, %eax
	wrmsr
	popw	%dx
	movl	%cr0, %eax
	orl	$0x80000001, %eax
	movl	%eax, %cr0
	ljmpl	$KCODE64, $1f
real_code_end:
	.code64
1:	movl	real_esp, %esp
	movl	$KDATA, %eax
	movl	%eax, %ss
	movl	$UDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%edx, %esi
	movl	$EFER, %ecx
	rdmsr
	movl	tour_at, %ebx
	movl	%eax, 12(%rbx)
	movzwl	%si, %esi
	movl	%esi, 16(%rbx)
	lidt	idt_pointer
	pop_kept64
	ret

	.data
	.balign	8
	.globl	tour_value, on_60_count, on_gp_count, on_gp_error
tour_value:
	.long	0x5a5a1234
on_60_count:
	.long	0
on_gp_count:
	.long	0
on_gp_error:
	.long	0
real_esp:
	.long	0
real_idt_pointer:
	.word	0x3ff
	.long	0
	.section .note.GNU-stack, "", @progbits
