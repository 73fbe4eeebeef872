/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what features.c judges, from the core that runs this, at PLV0. */
#include "boot/hostcpu.h"

#include "boot/loongarch64/features.h"

#define CSR_PRCFG2 0x22

static u32 cpucfg(u32 word)
{
	u32 v;

	__asm__("cpucfg %0, %1" : "=r"(v) : "r"(word));
	return v;
}

const char *hostcpu_lacks(void)
{
	u64 page_sizes;

	__asm__("csrrd %0, %1" : "=r"(page_sizes) : "i"(CSR_PRCFG2));
	return features_lack(cpucfg(1), cpucfg(2), page_sizes);
}
