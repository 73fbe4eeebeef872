/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last 4 KiB of the ROM: from the reset vector to protected mode, the image
 * into RAM, and into it. Not in RAM itself; uses no stack. Invariant: linked at
 * 0xfffff000, where the ROM's end is after reset (SDM vol. 3, 9.1.4).
 * mkrom.py fills in the table at its beginning.
 */
#define KERNEL_PHYS 0x100000

	.section .text
	.code32
kernel_at:	.long 0			/* physical address of the image in the ROM */
kernel_size:	.long 0
cases_at:	.long 0
results_at:	.long 0

	.align 8
gdt:	.quad 0
	.quad 0x00cf9b000000ffff	/* 0x08: flat code */
	.quad 0
	.quad 0x00cf93000000ffff	/* 0x18: flat data */
gdtr:	.word . - gdt - 1
	.long gdt

protected:
	movw	$0x18, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	inb	$0x92, %al		/* A20 on */
	orb	$2, %al
	andb	$0xfe, %al
	outb	%al, $0x92
	cld
	movl	kernel_at, %esi
	movl	$KERNEL_PHYS, %edi
	movl	kernel_size, %ecx
	rep movsb
	movl	cases_at, %esi
	movl	results_at, %edi
	movl	$KERNEL_PHYS, %eax
	jmp	*%eax

	.code16
start16:
	cli
	xorl	%eax, %eax
	movl	%eax, %cr3
	lgdtl	%cs:(gdtr - kernel_at + 0xf000)
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$0x08, $protected

	.org	0xff0
	jmp	start16
	.org	0x1000
