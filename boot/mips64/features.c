/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of what Loam needs. Invariant: the first thing lacking is the one told. */
#include "boot/mips64/features.h"

#include "kernel/lib/bits.h"

#define PRID_COMPANY_LOONGSON 0x14
#define PRID_GS464V 0xc0		/* 3A4000; its successors count on */

enum word { CONFIG0, CONFIG1, CONFIG3, CONFIG4, CPUCFG1, CPUCFG2 };

static const struct need {
	enum word word;
	u8 high, low;
	u8 value;			/* the least */
	const char *name;
} needs[] = {
	{ CONFIG0, 14, 13, 2, "64-bit addresses (Config.AT)" },
	{ CONFIG0, 12, 10, 1, "MIPS64 release 2 (Config.AR)" },
	{ CONFIG0, 9, 7, 1, "a TLB (Config.MT)" },
	{ CONFIG1, 0, 0, 1, "floating point (Config1.FP)" },
	{ CONFIG3, 26, 26, 1, "the faulting instruction in a register (Config3.BI)" },
	{ CONFIG3, 28, 28, 1, "128-bit vectors, MSA (Config3.MSAP)" },
	{ CONFIG4, 18, 18, 1, "scratch registers (Config4.KScrExist)" },
	{ CONFIG4, 19, 19, 1, "scratch registers (Config4.KScrExist)" },
	{ CONFIG4, 20, 20, 1, "scratch registers (Config4.KScrExist)" },
	{ CONFIG4, 28, 28, 1, "10-bit address space numbers (Config4.AE)" },
	{ CONFIG4, 30, 29, 2, "TLBINV (Config4.IE)" },
	{ CPUCFG1, 25, 25, 1, "unaligned accesses (CPUCFG.1.MUALP)" },
	{ CPUCFG1, 26, 26, 1, "unaligned accesses in kernel mode (CPUCFG.1.KMUALEN)" },
	{ CPUCFG2, 0, 0, 1, "Loongson's extensions (CPUCFG.2.LEXT1)" },
};

bool mips_has_cpucfg(u32 prid)
{
	return bits(prid, 23, 16) == PRID_COMPANY_LOONGSON && bits(prid, 15, 8) >= PRID_GS464V;
}

const char *mips_features_lack(const struct mips_features *f)
{
	const u32 words[] = {
		[CONFIG0] = f->config0, [CONFIG1] = f->config1, [CONFIG3] = f->config3,
		[CONFIG4] = f->config4, [CPUCFG1] = f->cpucfg1, [CPUCFG2] = f->cpucfg2,
	};

	for (unsigned k = 0; k < ARRAY_LEN(needs); k++) {
		const struct need *n = &needs[k];

		if (bits(words[n->word], n->high, n->low) < n->value)
			return n->name;
	}
	return NULL;
}
