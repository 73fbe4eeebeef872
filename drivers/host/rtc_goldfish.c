/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Goldfish clock of QEMU's boards: nanoseconds since 1970 UTC in two registers. Alarms are not
 * used. Invariant: the halves belong together, since reading the low one latches the high one.
 */
#include "drivers/host/rtc.h"

#include "kernel/arch.h"

enum { TIME_LOW = 0, TIME_HIGH = 4 };

static u64 now(void *opaque)
{
	volatile u32 *reg = opaque;
	u32 low = reg[TIME_LOW / 4];

	return ((u64)reg[TIME_HIGH / 4] << 32 | low) / 1000000000u;
}

struct wallclock rtc_goldfish_end(hpa_t base)
{
	return (struct wallclock){ .opaque = phys_ptr_uncached(base), .now = now };
}
