/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kernel/selftest_mmu.c wants to know of this host. Addresses and exceptions expected are the
 * manual's (volume 1, chapters 5 and 6).
 */
#include "kernel/selftest_host.h"

#include "kernel/arch/loongarch64/cpu.h"
#include "kernel/arch/loongarch64/csr.h"
#include "kernel/arch/loongarch64/trap.h"
#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/lib/bits.h"
#include "kernel/printk.h"
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


const char *selftest_core(void)
{
	const struct {
		const char *name;
		u64 is, wants;
	} r[] = {
#define CSR(n, wants) { #n, csr_read(n), wants }
		CSR(CSR_CRMD, CRMD_WINDOWS | CRMD_IE), CSR(CSR_EUEN, EUEN_FP_LSX),
		CSR(CSR_EENTRY, (u64)trap_vectors), CSR(CSR_DMW0, DMW_UNCACHED),
		CSR(CSR_DMW1, DMW_CACHED), CSR(CSR_DMW2, 0), CSR(CSR_DMW3, 0),
		CSR(CSR_TLBRENTRY, ptr_phys(tlb_refill_entry).a), CSR(CSR_PWCL, PWCL_TWO_LEVEL),
		CSR(CSR_PWCH, 0), CSR(CSR_STLBPS, 12), CSR(CSR_RVACFG, 0),
		CSR(CSR_MERRENTRY, ptr_phys(machine_error_entry).a),
		CSR(CSR_CNTC, cores_at(0)->host[CPU_HOST_CNTC]),
		CSR(CSR_ECFG, 1u << IRQ_TIMER | 1u << IRQ_IPI |
		    (cpu_self()->id ? 0 : 1u << IRQ_HWI0)),
#undef CSR
	};

	for (unsigned k = 0; k < ARRAY_LEN(r); k++)
		if (r[k].is != r[k].wants) {
			printk("core %u: %s is %#lx, not %#lx\n", cpu_self()->id, r[k].name,
			       r[k].is, r[k].wants);
			return "a register is not as it must be";
		}
	return NULL;
}

u32 selftest_asid(void) { return (u32)csr_read(CSR_ASID) & 0x3ff; }

void selftest_no_tables(void) { paging_init_core(); }

void selftest_machine_error(void) { ((void (*)(void))(void *)machine_error_entry)(); }

const struct selftest arch_selftests[] = {
	{ 0 },
};
