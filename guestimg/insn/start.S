/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image's entry, user mode and back, exceptions. Linked at KERNEL + 1 MiB,
 * entered at its physical address: ESI, EDI = cases and results, physical.
 */
#include "guestimg/base/entry.inc"
#include "guestimg/insn/image.h"

#define PHYS(x) ((x) - KERNEL)

	.section .text.start, "ax"
	.globl	start
start:
	movl	%edi, %ebp
	/* 4 MiB pages: RAM where it is and at KERNEL, the ROM where it is and at ROM. */
	movl	$PHYS(page_dir), %edi
	movl	%edi, %ebx
	movl	$1024, %ecx
	xorl	%eax, %eax
	rep stosl
	movl	$0x83, (%ebx)
	movl	$0x83, %eax
	movl	$(KERNEL >> 22), %ecx
1:	movl	%eax, (%ebx, %ecx, 4)
	addl	$0x400000, %eax
	incl	%ecx
	cmpl	$((KERNEL >> 22) + RAM_MAPPED), %ecx
	jne	1b
	movl	$0xff000081, %eax
	movl	$(ROM >> 22), %ecx
2:	movl	%eax, (%ebx, %ecx, 4)
	addl	$0x400000, %eax
	incl	%ecx
	cmpl	$((ROM >> 22) + 4), %ecx
	jne	2b
	movl	%cr4, %eax
	orl	$0x10, %eax		/* PSE */
	movl	%eax, %cr4
	movl	%ebx, %cr3
	movl	%cr0, %eax
	andl	$0x9fffffff, %eax	/* CD, NW off */
	orl	$0x80050032, %eax	/* PG AM WP NE ET MP */
	movl	%eax, %cr0
	movl	$high, %eax
	jmp	*%eax
high:	movl	$stack_top, %esp
	movl	$bss_start, %ecx
3:	movl	$0, (%ecx)
	addl	$4, %ecx
	cmpl	$bss_end, %ecx
	jb	3b
	addl	$(ROM - 0xff000000), %esi
	addl	$(ROM - 0xff000000), %ebp
	pushl	%ebp
	pushl	%esi
	pushl	$0
	jmp	main

	.text
/* void enter_user(struct user *u): returns after the next exception of CPL 3, in trap_frame. */
	.globl	enter_user
enter_user:
	movl	4(%esp), %eax
	push_kept32
	movl	%esp, kernel_esp
	lss	(%eax), %esp		/* u->self: flat, or with the user's high half of ESP */
	popl	%gs
	popl	%fs
	popl	%es
	popl	%ds
	popal
	iretl

	stubs	trap

trap:
	pushal
	pushl	%ds
	pushl	%es
	pushl	%fs
	pushl	%gs
	movl	$SEL_KDATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	cld
	movl	%esp, trap_frame
	testl	$0x20000, 64(%esp)	/* EFLAGS.VM */
	jnz	2f
	testb	$3, 60(%esp)		/* CPL of the interrupted code */
	jz	1f
2:	movl	kernel_esp, %esp
	pop_kept32
	ret
1:	cmpl	$IRQ0_VECTOR, 48(%esp)
	je	irq
	movl	catch_esp, %eax
	testl	%eax, %eax
	jnz	3f
	pushl	trap_frame
	call	kernel_trap
3:	movl	trap_frame, %esi	/* kept where the next trap does not reach */
	movl	$caught_frame, %edi
	movl	%edi, trap_frame
	movl	$17, %ecx
	rep movsl
	movl	%eax, %esp
	movl	caught_frame + 48, %eax	/* the vector */
	jmp	caught

irq:	incl	irq_count
	movb	$0x20, %al		/* end of interrupt */
	outb	%al, $0x20
	popl	%gs
	popl	%fs
	popl	%es
	popl	%ds
	popal
	addl	$8, %esp
	iretl

/* u32 catch(void (*f)(void)): calls f; the vector that it raised at CPL 0, or NO_TRAP. */
	.globl	catch
catch:
	push_kept32
	movl	%esp, catch_esp
	call	*20(%esp)
	movl	$NO_TRAP, %eax
caught:
	movl	$0, catch_esp
	pop_kept32
	ret

/* Where SYSENTER goes: marks EAX and returns to EDX with ECX as its stack (SDM vol. 2, SYSEXIT). */
	.globl	sysenter_entry
sysenter_entry:
	movl	%cs, %eax
	movl	%ss, %ebx
	shll	$16, %ebx
	orl	%ebx, %eax
	movl	%esp, %esi
	sysexit

/* Registers of the tables: IDT, then LDT and TSS of the GDT that is loaded. */
	.globl	load_tables
load_tables:
	load_tables32 SEL_KCODE, SEL_KDATA, SEL_KDATA
	movl	$SEL_LDT, %eax
	lldt	%ax
	movl	$SEL_TSS, %eax
	ltr	%ax
	ret

	.bss
	.balign	4096
	.globl	page_dir
page_dir:	.skip	4096
	.globl	bss_start
bss_start:
	.skip	8192
stack_top:
	.globl	trap_frame
trap_frame:	.long	0
kernel_esp:	.long	0
catch_esp:	.long	0
caught_frame:	.skip	68
	.globl	irq_count
irq_count:	.long	0
	.section .note.GNU-stack, "", @progbits
