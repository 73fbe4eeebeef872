/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of the self-tests with chosen registers or instructions: kernel/selftest_host.h. */
#include "kernel/extable.h"

	.set	noreorder
	.set	noat
	.text
	.globl	selftest_registers, selftest_clobber, selftest_try_load
	.globl	selftest_return, selftest_call, selftest_load, selftest_store
	.globl	selftest_load32, selftest_store32
	.globl	selftest_syscall, selftest_undefined

#define SAVED 16, 17, 18, 19, 20, 21, 22, 23, 30, 31
#define PATTERNED 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
		24, 25, 30, 31

/* Fill the registers, HI and LO too, trap, compare. Returns 0, or not if one changed. */
selftest_registers:
	daddiu	$sp, $sp, -96
	.irp	n, SAVED
	sd	$\n, (\n - 16 - \n / 24 * 6) * 8($sp)
	.endr
	dli	$a0, 0x0123456789abcdef
	mthi	$a0
	daddiu	$at, $a0, 1
	mtlo	$at
	.irp	n, PATTERNED
	daddiu	$\n, $a0, \n
	.endr
	break	7
	.irp	n, PATTERNED
	daddiu	$\n, $\n, -\n
	bne	$\n, $a0, 1f
	 nop
	.endr
	mfhi	$at
	bne	$at, $a0, 1f
	 mflo	$at
	daddiu	$at, $at, -1
	bne	$at, $a0, 1f
	 nop
	b	2f
	 move	$v0, $zero
1:	li	$v0, 1
2:
	.irp	n, SAVED
	ld	$\n, (\n - 16 - \n / 24 * 6) * 8($sp)
	.endr
	jr	$ra
	 daddiu	$sp, $sp, 96

/* Change every register that a function may, HI and LO too. */
selftest_clobber:
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25
	li	$\n, -1
	.endr
	mthi	$at
	jr	$ra
	 mtlo	$at

/* a0 = address; returns the 8 bytes there, or -1 if the load faults and a claimer looks it up. */
selftest_try_load:
	MAY_FAULT 1f
	ld	$v0, 0($a0)
	jr	$ra
	 nop
1:	jr	$ra
	 li	$v0, -1

/* One access; a claimer that skips it leaves 0. */
selftest_load:
	move	$v0, $zero
	ld	$v0, 0($a0)
	jr	$ra
	 nop

selftest_store:
	sd	$a1, 0($a0)
	jr	$ra
	 nop

selftest_load32:
	move	$v0, $zero
	lw	$v0, 0($a0)
	jr	$ra
	 nop

selftest_store32:
	sw	$a1, 0($a0)
	jr	$ra
	 nop

selftest_syscall:
	syscall
	jr	$ra
	 nop

selftest_undefined:
	.word	0x00851035	/* release 6's SELEQZ */
	jr	$ra
	 nop

/* To be copied to a mapped page and called there: returns 42. */
selftest_return:
	jr	$ra
	 li	$v0, 42

/* a0 = address of code to call; the code may use any temporary. */
selftest_call:
	daddiu	$sp, $sp, -16
	sd	$ra, 8($sp)
	jalr	$a0
	 nop
	ld	$ra, 8($sp)
	jr	$ra
	 daddiu	$sp, $sp, 16
