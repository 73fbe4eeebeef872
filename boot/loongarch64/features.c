/* SPDX-License-Identifier: BSD-2-Clause */
/* See features.h. One row for each need; the first that is not met is told. */
#include "boot/loongarch64/features.h"

#include "kernel/lib/bits.h"

enum { WORD1, WORD2, PAGES };

static const struct need {
	u8 word, low, high;	/* field high:low of it … */
	u32 value;		/* … must be at least this */
	const char *name;
} needs[] = {
	{ WORD1, 0, 1, 2, "LA64 (CPUCFG.1.ARCH)" },
	{ WORD1, 2, 2, 1, "page-mapped memory (CPUCFG.1.PGMMU)" },
	{ WORD1, 12, 19, 47, "48-bit virtual addresses (CPUCFG.1.VALEN)" },
	{ WORD1, 20, 20, 1, "unaligned accesses (CPUCFG.1.UAL)" },
	{ WORD1, 21, 21, 1, "read inhibit in page tables (CPUCFG.1.RI)" },
	{ WORD1, 22, 22, 1, "execution protection in page tables (CPUCFG.1.EP)" },
	{ WORD2, 0, 2, 7, "floating point of both sizes (CPUCFG.2.FP)" },
	{ WORD2, 6, 6, 1, "128-bit vectors, LSX (CPUCFG.2.LSX)" },
	{ WORD2, 21, 21, 1, "page walking instructions (CPUCFG.2.LSPW)" },
	{ WORD2, 22, 22, 1, "atomic memory instructions (CPUCFG.2.LAM)" },
	{ PAGES, 12, 12, 1, "4 KiB pages (PRCFG2)" },
};

const char *features_lack(u32 word1, u32 word2, u64 page_sizes)
{
	const u64 words[] = { [WORD1] = word1, [WORD2] = word2, [PAGES] = page_sizes };

	for (unsigned k = 0; k < ARRAY_LEN(needs); k++) {
		const struct need *n = &needs[k];

		if (bits(words[n->word], n->high, n->low) < n->value)
			return n->name;
	}
	return NULL;
}
