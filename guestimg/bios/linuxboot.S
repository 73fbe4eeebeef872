/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The option ROM that starts a Linux kernel given by fw_cfg (drivers/pc/linuxboot.c
 * prepares the items): SeaBIOS offers it as a boot device, and its boot entry
 * copies set-up code, kernel, initrd and command line by fw_cfg DMA to where
 * their items say, then enters the 16-bit entry (Linux/x86 boot protocol).
 * x86 code for the guest. The size byte and the checksum are put in by
 * tools/mkrom.py. Real-mode scratch: 0x7000 … 0x7bff, stack below 0x7c00.
 */
	.code16
	.text

/* fw_cfg: a 16-byte request { control, length, address }, all big-endian. */
#define DMA_PORT_HIGH 0x514
#define DMA_PORT_LOW 0x518
#define DMA_ERROR 1
#define DMA_READ 2
#define DMA_SELECT 8
#define REQUEST 0x7000
#define VALUE 0x7010

#define SETUP_ADDR 0x16
#define CMDLINE_ADDR 0x13

	.word	0xaa55
	.byte	0			/* size in 512-byte blocks */
	lret				/* initialisation: nothing to do */

	.org	0x1a
	.word	pnp
	.balign	16
pnp:	.ascii	"$PnP"
	.byte	1, (pnp_end - pnp) / 16
	.word	0
	.byte	0, 0			/* checksum: mkrom.py */
	.long	0
	.word	0, product
	.byte	0, 0, 0			/* device class: none */
	.byte	0
	.word	0, 0, boot, 0, 0	/* BCV, disconnect, bootstrap entry, reserved, resources */
	.balign	16
pnp_end:
product:
	.asciz	"Linux kernel"

/* Copy items: data, address, size; in this order so that the set-up code comes last. */
items:
	.word	0x11, 0x07, 0x08	/* kernel */
	.word	0x12, 0x0a, 0x0b	/* initrd */
	.word	0x15, 0x13, 0x14	/* command line */
	.word	0x18, 0x16, 0x17	/* set-up code */
	.word	0

boot:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ss
	mov	$0x7c00, %sp
	mov	%ax, %ds
	mov	$items, %bx
1:	mov	%cs:2(%bx), %ax
	call	read_value
	mov	%eax, %esi
	mov	%cs:4(%bx), %ax
	call	read_value
	mov	%eax, %ecx
	mov	%esi, %edi
	mov	%cs:(%bx), %ax
	jecxz	2f
	call	read_item
2:	add	$6, %bx
	cmpw	$0, %cs:(%bx)
	jne	1b
	/* The boot protocol's state: segments at the set-up code, stack below the command line. */
	mov	$CMDLINE_ADDR, %ax
	call	read_value
	mov	%eax, %ecx
	mov	$SETUP_ADDR, %ax
	call	read_value
	sub	%eax, %ecx
	sub	$16, %ecx
	cmp	$0xfff0, %ecx
	jbe	3f
	mov	$0xfff0, %ecx
3:	shr	$4, %eax
	mov	%ax, %ss
	mov	%ecx, %esp
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %fs
	mov	%ax, %gs
	add	$0x20, %ax
	push	%ax
	pushw	$0
	lret

/* eax = the 32-bit item that ax names. Changes ecx, edx, edi. */
read_value:
	mov	$VALUE, %edi
	mov	$4, %ecx
	call	read_item
	mov	VALUE, %eax
	ret

/* The first ecx bytes of item ax to physical address edi. Changes eax, edx. Hangs on an error. */
read_item:
	movzwl	%ax, %eax
	shl	$16, %eax
	or	$(DMA_SELECT | DMA_READ), %eax
	bswap	%eax
	mov	%eax, REQUEST
	mov	%ecx, %eax
	bswap	%eax
	mov	%eax, REQUEST + 4
	movl	$0, REQUEST + 8
	mov	%edi, %eax
	bswap	%eax
	mov	%eax, REQUEST + 12
	xor	%eax, %eax
	mov	$DMA_PORT_HIGH, %dx
	out	%eax, %dx
	mov	$REQUEST, %eax
	bswap	%eax
	mov	$DMA_PORT_LOW, %dx
	out	%eax, %dx
1:	mov	REQUEST, %eax
	bswap	%eax
	test	$~DMA_ERROR, %eax
	jnz	1b
	test	$DMA_ERROR, %eax
	jnz	failed
	ret

failed:
	mov	$text, %si
1:	mov	%cs:(%si), %al
	inc	%si
	test	%al, %al
	jz	2f
	mov	$0x0e, %ah
	mov	$7, %bx
	int	$0x10
	jmp	1b
2:	sti
	hlt
	jmp	2b
text:	.asciz	"linuxboot: fw_cfg refused a transfer\r\n"
