/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB refill (TLBRENTRY), for each form of tables: 8 instructions or 10, direct addressing, tables
 * at host physical addresses.
 * Uses no register but through TLBRSAVE, so that translated code may keep guest state in all of
 * them. It counts nothing and checks nothing: empty directory entries point at a table of
 * invalid leaves (paging.c), which give a page-invalid exception on the retry.
 */
#include "kernel/arch/loongarch64/csr.h"

	.section .text.refill, "ax"
	.balign	4096
	.globl	tlb_refill_entry
tlb_refill_entry:
	csrwr	$t0, CSR_TLBRSAVE
	csrrd	$t0, CSR_ROOT
	lddir	$t0, $t0, 1
	ldpte	$t0, 0
	ldpte	$t0, 1
	tlbfill
	csrrd	$t0, CSR_TLBRSAVE
	ertn

	.balign	4096
	.globl	tlb_refill_wide_entry
tlb_refill_wide_entry:
	csrwr	$t0, CSR_TLBRSAVE
	csrrd	$t0, CSR_ROOT
	lddir	$t0, $t0, 3
	lddir	$t0, $t0, 2
	lddir	$t0, $t0, 1
	ldpte	$t0, 0
	ldpte	$t0, 1
	tlbfill
	csrrd	$t0, CSR_TLBRSAVE
	ertn
