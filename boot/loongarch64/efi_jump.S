/* SPDX-License-Identifier: BSD-2-Clause */
/* efi_jump(info, entry) of boot/efi_loader.h: the last instructions of the loader. */
#define CSR_CRMD 0x0
#define CRMD_IE 4

	.text
	.globl	efi_jump
	.hidden	efi_jump
efi_jump:
	ori	$t0, $zero, CRMD_IE
	csrxchg	$zero, $t0, CSR_CRMD
	dbar	0
	ibar	0
	jr	$a1

	.section .note.GNU-stack, "", @progbits
