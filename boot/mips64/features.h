/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which bits of a MIPS64's configuration registers Loam needs, as a pure function for native tests.
 * MIPS64 Architecture For Programmers vol. III, 9.44 on (Config); CPUCFG: Loongson-3A4000 manual.
 */
#ifndef BOOT_MIPS64_FEATURES_H
#define BOOT_MIPS64_FEATURES_H

#include "kernel/lib/types.h"

struct mips_features {
	u32 prid, config0, config1, config3, config4;
	u32 cpucfg1, cpucfg2;	/* 0 where there is no CPUCFG */
};

/* Has a core of this PRId Loongson's CPUCFG instruction? */
bool mips_has_cpucfg(u32 prid);

/* Returns what is lacking, or NULL. */
const char *mips_features_lack(const struct mips_features *f);

#endif
