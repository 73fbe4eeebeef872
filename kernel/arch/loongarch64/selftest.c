/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kernel/selftest_mmu.c wants to know of this host. Addresses and exceptions expected are the
 * manual's (volume 1, chapters 5 and 6).
 */
#include "kernel/selftest_host.h"

#include "kernel/arch/loongarch64/csr.h"
#include "kernel/arch/loongarch64/trap.h"
#include "kernel/selftest.h"

/* Neither window, nor mapped space: 0x8… and 0xB… among them (they are the guard, design 1.2). */
static const u64 guards[] = {
	0xc000000000000000, 0x8000000000200000, 0x8fffffffffffffff & ~7ull, 0xb000000000000000,
	0xbffffffffffffff8, 0x0000800000000000, 0xffff7ffffffffff8, 0,
};

/* Bits above 31 take no part: 0x80000000 and its sign-extended form are one page. */
const struct selftest_host selftest_host = {
	.patterned = 0xffdfffe2,	/* not zero, tp, sp, a0, the kick register */
	.ra = 1, .core = 2, .a0 = 4, .break_mask = 0x7fff, .break_7 = 7,
	.high = 0x80000000, .high_alias = 0xffffffff80000000, .guards = guards,
};

u32 selftest_asid(void) { return (u32)csr_read(CSR_ASID) & 0x3ff; }

void selftest_no_tables(void) { paging_init(); }

void selftest_machine_error(void) { ((void (*)(void))(void *)machine_error_entry)(); }

const struct selftest arch_selftests[] = {
	{ 0 },
};
