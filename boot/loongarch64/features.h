/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which bits of CPUCFG and PRCFG2 Loam needs, as a pure function for native tests.
 * LoongArch Reference Manual vol. 1: 2.2.10.5 (CPUCFG), 7.4.16 (PRCFG2).
 */
#ifndef BOOT_LOONGARCH64_FEATURES_H
#define BOOT_LOONGARCH64_FEATURES_H

#include "kernel/lib/types.h"

/* CPUCFG words 1 and 2, and the page sizes of PRCFG2. Returns what is lacking, or NULL. */
const char *features_lack(u32 word1, u32 word2, u64 page_sizes);

#endif
