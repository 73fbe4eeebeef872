/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A boot sector that counts its starts in the sector behind it, says the number and switches off:
 * what a disk kept. By the BIOS (INT 13h extensions, INT 10h) and port f4 of the debug exit device.
 * Not a loader. Invariant: sector 1 alone is written.
 */
	.code16
	.globl	_start
_start:
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$0x7c00, %sp
	movb	%dl, 0x7000
	movb	$0x42, %ah		/* read sector 1 to 8000 */
	call	transfer
	incb	0x8000
	movb	$0x43, %ah		/* write it back */
	call	transfer
	movw	$text, %si
	call	say
	movb	0x8000, %al
	addb	$'0', %al
	call	say_char
	movw	$ending, %si
	call	say
	sti
	movw	$5, %cx			/* ticks, in which SeaBIOS sends what it held back */
1:	hlt
	loop	1b
	xorb	%al, %al
	outb	%al, $0xf4
1:	hlt
	jmp	1b

/* INT 13h, AH: 42 reads, 43 writes the packet's sector. */
transfer:
	movb	0x7000, %dl
	xorb	%al, %al
	movw	$packet, %si
	int	$0x13
	jc	failed
	ret

failed:
	movw	$trouble, %si
	call	say
1:	hlt
	jmp	1b

say:
	lodsb
	testb	%al, %al
	jz	1f
	call	say_char
	jmp	say
1:	ret

say_char:
	movb	$0x0e, %ah
	movw	$7, %bx
	int	$0x10
	ret

packet:
	.byte	16, 0
	.word	1, 0x8000, 0
	.quad	1
text:
	.asciz	"started "
ending:
	.asciz	" times\r\n"
trouble:
	.asciz	"disk error\r\n"

	.org	510
	.byte	0x55, 0xaa
