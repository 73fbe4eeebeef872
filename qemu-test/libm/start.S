/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of the libm test image: QEMU's direct boot leaves address translation off, which is all
 * that host.c needs. Not the monitor's entry (boot/loongarch64/entry.S).
 */
	.globl	_start
_start:
	li.d	$t0, 1
	csrwr	$t0, 0x2		/* EUEN.FPE: libm uses FP registers */
	movgr2fcsr $fcsr0, $zero	/* round to nearest, no traps */
	li.d	$sp, 0x8000000
	bl	libm_main
