/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what features.c judges, from the core that runs this, in kernel mode. */
#include "boot/hostcpu.h"

#include "boot/mips64/features.h"
#include "kernel/arch/mips64/cp0.h"

/* Config n has bit 31 set where Config n + 1 exists. */
const char *hostcpu_lacks(void)
{
	struct mips_features f = {
		.prid = cp0_read32(CP0_PRID), .config0 = cp0_read32(CP0_CONFIG),
		.config1 = cp0_read32(CP0_CONFIG1),
	};

	if (cp0_read32(CP0_CONFIG1) >> 31 && cp0_read32(CP0_CONFIG2) >> 31)
		f.config3 = cp0_read32(CP0_CONFIG3);
	if (f.config3 >> 31)
		f.config4 = cp0_read32(CP0_CONFIG4);
	if (mips_has_cpucfg(f.prid)) {
		f.cpucfg1 = cpucfg(1);
		f.cpucfg2 = cpucfg(2);
	}
	return mips_features_lack(&f);
}
