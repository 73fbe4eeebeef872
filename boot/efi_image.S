/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel image (boot/image.h) inside the loader. IMAGE_FILE is its path. */
	.section .rodata, "a"
	.balign	4096
	.globl	efi_image, efi_image_end
	.hidden	efi_image, efi_image_end
efi_image:
	.incbin	IMAGE_FILE
efi_image_end:
	.byte	0

	.section .note.GNU-stack, "", @progbits
