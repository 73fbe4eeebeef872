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
#define DEMAND_RAM_ALIGN (2ull << 20)		/* guest RAM: one run */
#define DEMAND_FIRMWARE_MAX (16ull << 20)
#define DEMAND_PER_FRAME 32ull			/* mm/frame: for each 4 KiB of RAM and firmware */
#define DEMAND_SHADOW (9ull << 20)		/* mm/shadow: 2048 tables of 4 KiB, and roots */
#define DEMAND_CODE_CACHE (32ull << 20)		/* where code_cache is not given */
#define DEMAND_CODE_REACH CODE_REACH		/* it lies below this address */
#define DEMAND_REST (2ull << 20)		/* single pages */

#endif
