/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot sector: loads the image behind it to 10000, enters 32-bit protected mode and jumps there
 * with ESI = the settings. Knows nothing of the image but its size in sectors.
 * Invariant: the settings are at offset 1e0 of the image file (setcfg.py).
 */
#define LOAD_SEGMENT	0x1000
#define CHUNK		32		/* sectors a call */
#define CODE		8		/* selectors */
#define DATA		16

	.code16
	.globl	_start
_start:
	ljmp	$0, $1f
1:	cli
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$_start, %sp
	sti
	mov	%dl, drive
	mov	sectors, %cx
2:	movw	$CHUNK, packet + 2	/* the BIOS writes there how many it read */
	mov	$packet, %si
	mov	$0x42, %ah		/* extended read */
	mov	drive, %dl
	push	%cx
	int	$0x13
	pop	%cx
	jc	fail
	addw	$CHUNK * 32, packet + 6
	addl	$CHUNK, packet + 8
	sub	$CHUNK, %cx
	jg	2b
	cli
	in	$0x92, %al		/* A20 on, no reset */
	or	$2, %al
	and	$0xfe, %al
	out	%al, $0x92
	lgdt	gdt_pointer
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmp	$CODE, $protected
fail:	mov	$0x3f8, %dx
	mov	$'!', %al
	out	%al, %dx
	cli
	hlt

	.code32
protected:
	mov	$DATA, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %fs
	mov	%ax, %gs
	mov	%ax, %ss
	mov	$0x90000, %esp
	mov	$settings, %esi
	mov	$LOAD_SEGMENT << 4, %eax
	jmp	*%eax

	.balign	8
gdt:	.quad	0
	.quad	0x00cf9a000000ffff	/* 08: code, 32 bits */
	.quad	0x00cf92000000ffff	/* 10: data */
	.quad	0x00af9a000000ffff	/* 18: code, 64 bits */
gdt_pointer:
	.word	31
	.long	gdt
drive:	.byte	0
	.balign	4
packet:	.byte	16, 0			/* its size */
	.word	CHUNK			/* sectors */
	.word	0, LOAD_SEGMENT		/* to */
	.quad	1			/* first sector */

	.org	0x1e0
settings:
	.ascii	"GBCF"
	.long	0xffffffff		/* mask of rows */
	.long	1			/* scale of repetitions */
sectors:
	.word	128
	.org	510
	.word	0xaa55
