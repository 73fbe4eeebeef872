/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB refill (EBase + 0x80, whose jump has put BadVAddr into k0): a walk of two levels by
 * addresses in xkphys; leaves are in EntryLo's format. Uses k0, and at through a scratch
 * register, so that translated code may keep guest state in all others. It counts nothing and
 * checks nothing: empty directory entries point at a table of invalid leaves (paging.c), which
 * give a TLB-invalid exception on the retry. Bits 63:32 of the address take no part.
 *
 * The wide form has four levels, 47:39, 38:30, 29:21 and again pairs; bits 63:48 take no part.
 *
 *	 31          21 20        13 12 11      0
 *	| root entry   | pair       |  |        |	root 2048 x 8 bytes, leaf table 256 x 16
 */
#include "kernel/arch/mips64/cp0.h"

	.set	noreorder
	.set	noat
	.section .text.refill, "ax"
	.balign	128
	.globl	tlb_refill_entry
tlb_refill_entry:
	dmtc0	$at, CP0_KSCRATCH_SAVE
	dmfc0	$at, CP0_KSCRATCH_ROOT
	dsrl	$k0, $k0, 21
	dins	$at, $k0, 3, 11
	dmfc0	$k0, CP0_BADVADDR
	ld	$at, 0($at)
	dsrl	$k0, $k0, 13
	dins	$at, $k0, 4, 8
	ld	$k0, 0($at)
	ld	$at, 8($at)
	dmtc0	$k0, CP0_ENTRYLO0
	dmtc0	$at, CP0_ENTRYLO1
	ehb
	tlbwr
	dmfc0	$at, CP0_KSCRATCH_SAVE
	eret

	.balign	128
	.globl	tlb_refill_wide_entry
tlb_refill_wide_entry:
	dmtc0	$at, CP0_KSCRATCH_SAVE
	dmfc0	$at, CP0_KSCRATCH_ROOT
	dsrl32	$k0, $k0, 39 - 32
	dins	$at, $k0, 3, 9
	dmfc0	$k0, CP0_BADVADDR
	ld	$at, 0($at)
	dsrl	$k0, $k0, 30
	dins	$at, $k0, 3, 9
	dmfc0	$k0, CP0_BADVADDR
	ld	$at, 0($at)
	dsrl	$k0, $k0, 21
	dins	$at, $k0, 3, 9
	dmfc0	$k0, CP0_BADVADDR
	ld	$at, 0($at)
	dsrl	$k0, $k0, 13
	dins	$at, $k0, 4, 8
	ld	$k0, 0($at)
	ld	$at, 8($at)
	dmtc0	$k0, CP0_ENTRYLO0
	dmtc0	$at, CP0_ENTRYLO1
	ehb
	tlbwr
	dmfc0	$at, CP0_KSCRATCH_SAVE
	eret
