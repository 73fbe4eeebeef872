/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setjmp and longjmp for newlib on MIPS64 (n64), added to libc.a by tools/build/newlib.sh.
 * Not here: f24-f31, for the same reason as in setjmp-loongarch64.S, and gp, which is the
 * per-core area and never changes.
 * jmp_buf (tools/newlib/mips64.patch), 12 doublewords: ra, sp, fp, s0..s7, one unused.
 */
	.set	noreorder
	.text
	.globl	setjmp
	.type	setjmp, @function
setjmp:
	sd	$ra, 0($a0)
	sd	$sp, 8($a0)
	sd	$fp, 16($a0)
	sd	$s0, 24($a0)
	sd	$s1, 32($a0)
	sd	$s2, 40($a0)
	sd	$s3, 48($a0)
	sd	$s4, 56($a0)
	sd	$s5, 64($a0)
	sd	$s6, 72($a0)
	sd	$s7, 80($a0)
	jr	$ra
	 move	$v0, $zero
	.size	setjmp, . - setjmp

/* The value comes back as 1 where 0 was given (C17 7.13.2.1). */
	.globl	longjmp
	.type	longjmp, @function
longjmp:
	ld	$ra, 0($a0)
	ld	$sp, 8($a0)
	ld	$fp, 16($a0)
	ld	$s0, 24($a0)
	ld	$s1, 32($a0)
	ld	$s2, 40($a0)
	ld	$s3, 48($a0)
	ld	$s4, 56($a0)
	ld	$s5, 64($a0)
	ld	$s6, 72($a0)
	ld	$s7, 80($a0)
	sltiu	$v0, $a1, 1
	jr	$ra
	 addu	$v0, $a1, $v0
	.size	longjmp, . - longjmp
