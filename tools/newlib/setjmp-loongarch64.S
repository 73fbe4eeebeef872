/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setjmp and longjmp for newlib on LoongArch64, added to libc.a by tools/build/newlib.sh.
 * Not here: f24-f31.  They are halves of registers that hold guest state, and C in Loam does
 * not touch them, so restoring them would destroy what the guest has computed since.
 * jmp_buf (tools/newlib/loongarch64.patch), 12 doublewords: ra, sp, fp, s0..s8.
 */
	.text
	.globl	setjmp
	.type	setjmp, @function
setjmp:
	st.d	$ra, $a0, 0
	st.d	$sp, $a0, 8
	st.d	$fp, $a0, 16
	st.d	$s0, $a0, 24
	st.d	$s1, $a0, 32
	st.d	$s2, $a0, 40
	st.d	$s3, $a0, 48
	st.d	$s4, $a0, 56
	st.d	$s5, $a0, 64
	st.d	$s6, $a0, 72
	st.d	$s7, $a0, 80
	st.d	$s8, $a0, 88
	move	$a0, $zero
	jr	$ra
	.size	setjmp, . - setjmp

/* The value comes back as 1 where 0 was given (C17 7.13.2.1). */
	.globl	longjmp
	.type	longjmp, @function
longjmp:
	ld.d	$ra, $a0, 0
	ld.d	$sp, $a0, 8
	ld.d	$fp, $a0, 16
	ld.d	$s0, $a0, 24
	ld.d	$s1, $a0, 32
	ld.d	$s2, $a0, 40
	ld.d	$s3, $a0, 48
	ld.d	$s4, $a0, 56
	ld.d	$s5, $a0, 64
	ld.d	$s6, $a0, 72
	ld.d	$s7, $a0, 80
	ld.d	$s8, $a0, 88
	sltui	$t0, $a1, 1
	add.d	$a0, $a1, $t0
	jr	$ra
	.size	longjmp, . - longjmp
