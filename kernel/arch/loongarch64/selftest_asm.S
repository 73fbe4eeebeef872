/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of the self-tests with chosen registers or instructions: kernel/selftest_host.h. */
#include "kernel/extable.h"

	.text
	.globl	selftest_registers, selftest_clobber, selftest_try_load
	.globl	selftest_return, selftest_call, selftest_load, selftest_store
	.globl	selftest_load32, selftest_store32
	.globl	selftest_syscall, selftest_undefined

/* Fill the registers, trap, compare. Returns 0, or the number of the first that changed. */
selftest_registers:
	addi.d	$sp, $sp, -96
	.irp	n, 1, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	st.d	$r\n, $sp, (\n - \n / 22 * 20) * 8 - 8
	.endr
	li.d	$a0, 0x0123456789abcdef
	.irp	n, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 25, \
		26, 27, 28, 29, 30, 31
	addi.d	$r\n, $a0, \n
	.endr
	break	7
	.irp	n, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 25, \
		26, 27, 28, 29, 30, 31
	addi.d	$r\n, $r\n, -\n
	bne	$r\n, $a0, 1f
	.endr
	move	$a0, $zero
	b	2f
1:	li.w	$a0, 1
2:
	.irp	n, 1, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld.d	$r\n, $sp, (\n - \n / 22 * 20) * 8 - 8
	.endr
	addi.d	$sp, $sp, 96
	jr	$ra

/* Change every register that a function may. */
selftest_clobber:
	.irp	n, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
	li.w	$r\n, -1
	.endr
	jr	$ra

/* a0 = address; returns the 8 bytes there, or -1 if the load faults and a claimer looks it up. */
selftest_try_load:
	MAY_FAULT 1f
	ld.d	$a0, $a0, 0
	jr	$ra
1:	li.w	$a0, -1
	jr	$ra

/* One access; a claimer that skips it leaves 0. */
selftest_load:
	move	$a1, $a0
	move	$a0, $zero
	ld.d	$a0, $a1, 0
	jr	$ra

selftest_store:
	st.d	$a1, $a0, 0
	jr	$ra

selftest_load32:
	move	$a1, $a0
	move	$a0, $zero
	ld.w	$a0, $a1, 0
	jr	$ra

selftest_store32:
	st.w	$a1, $a0, 0
	jr	$ra

selftest_syscall:
	syscall	0
	jr	$ra

selftest_undefined:
	.word	0xffffffff
	jr	$ra

/* To be copied to a mapped page and called there: returns 42. */
selftest_return:
	li.w	$a0, 42
	jr	$ra

/* a0 = address of code to call; the code may use any temporary. */
selftest_call:
	addi.d	$sp, $sp, -16
	st.d	$ra, $sp, 8
	jirl	$ra, $a0, 0
	ld.d	$ra, $sp, 8
	addi.d	$sp, $sp, 16
	jr	$ra
