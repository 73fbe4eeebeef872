/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much memory the kernel takes besides boot files, for the check before boot services are left.
 * Upper bounds of what kernel/machine asks mm/page for, in bytes; whoever makes those larger
 * changes this too (test_boot compares what can be compared natively).
 */
#ifndef BOOT_DEMAND_H
#define BOOT_DEMAND_H

#include "kernel/host_limits.h"

#define DEMAND_HEAP (8ull << 20)		/* newlib's heap */
#define DEMAND_RAM_ALIGN (2ull << 20)		/* guest RAM: one run, else runs of pieces */
#define DEMAND_RAM_PIECE (1ull << 30)
#define DEMAND_RAM_MAX (256ull << 30)
#define DEMAND_RAM_LOW (3ull << 30)		/* the rest of it lies above 4 GiB */
#define DEMAND_FIRMWARE_MAX (16ull << 20)
#define DEMAND_PER_FRAME 32ull			/* mm/frame: for each 4 KiB of RAM and firmware */
/* mm/shadow: nodes of 4.3 KiB for 1 % of RAM, but some that every guest needs; and the roots. */
#define DEMAND_SHADOW_MIN 512ull
#define DEMAND_SHADOW_MAX 60000ull
#define DEMAND_SHADOW_WANT(ram) ((ram) / 100 / 4400)
#define DEMAND_SHADOW_NODES(ram) \
	(DEMAND_SHADOW_WANT(ram) < DEMAND_SHADOW_MIN ? DEMAND_SHADOW_MIN : \
	 DEMAND_SHADOW_WANT(ram) > DEMAND_SHADOW_MAX ? DEMAND_SHADOW_MAX : DEMAND_SHADOW_WANT(ram))
#define DEMAND_SHADOW(ram) ((5ull << 20) + DEMAND_SHADOW_NODES(ram) * 4400)
/* What the guest's second CPU and each further one takes of its own besides shadow tables. */
#define DEMAND_CPU_FRAME 12ull			/* mm/frame: for each frame … */
#define DEMAND_CPU_CHUNKS (1ull << 20)		/* … and for all */
#define DEMAND_CPU_CONTEXTS (9ull << 20)	/* its jump caches */
#define DEMAND_CPU_HEAP (2ull << 20)		/* its translator and decoder, on the heap */
#define DEMAND_CPU(frames) \
	((frames) * DEMAND_CPU_FRAME + DEMAND_CPU_CHUNKS + DEMAND_CPU_CONTEXTS + DEMAND_CPU_HEAP)
#define DEMAND_CODE_CACHE (32ull << 20)		/* where code_cache is not given */
#define DEMAND_CODE_REACH CODE_REACH		/* it lies below this address */
#define DEMAND_CORE 0x14000			/* area and stack of each core but the first */
#define DEMAND_CORES (15ull * DEMAND_CORE)
#define DEMAND_REST (2ull << 20)		/* single pages */

#endif
