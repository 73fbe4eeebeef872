/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of the 64-bit image, at 10000: from the boot sector in 32-bit protected mode, no paging,
 * ESI = the settings. Enters long mode with tables that map the first GiB, by pages of 2 MiB.
 * Invariant: paging64.c's tables replace them before a row runs.
 */
#define TABLES		0x100000	/* PML4, PDPT, PD */
#define DATA		16		/* boot.S's selectors */
#define CODE64		24
#define EFER		0xc0000080
#define LME		0x100

	.section .start, "ax"
	.code32
	.globl	_start
_start:
	mov	%esi, %ebx
	cld
	mov	$TABLES, %edi
	xor	%eax, %eax
	mov	$3 * 1024, %ecx
	rep stosl
	movl	$TABLES + 0x1003, TABLES
	movl	$TABLES + 0x2003, TABLES + 0x1000
	mov	$TABLES + 0x2000, %edi
	mov	$0x83, %eax
	mov	$512, %ecx
1:	mov	%eax, (%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	1b
	mov	%cr4, %eax
	or	$0x20, %eax		/* PAE */
	mov	%eax, %cr4
	mov	$TABLES, %eax
	mov	%eax, %cr3
	mov	$EFER, %ecx
	rdmsr
	or	$LME, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80010001, %eax	/* PG, WP, PE */
	mov	%eax, %cr0
	ljmp	$CODE64, $1f

	.code64
1:	mov	$DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$0x90000, %esp
	mov	%ebx, %edi
	call	image_main
1:	hlt
	jmp	1b
