/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TOY counter of the LS7A (LS7A1000 manual, chapter on the RTC). TOYREAD0: month 31:26,
 * day 25:21, hour 20:16, minute 15:10, second 9:4, 0.1 s 3:0; TOYREAD1: years since 1900.
 * Invariant: the two halves returned belong together (read until the year is stable).
 */
#include "drivers/host/rtc.h"

#include "kernel/arch.h"
#include "kernel/lib/bits.h"

enum { TOYREAD0 = 0x2c, TOYREAD1 = 0x30, RTCCTRL = 0x40 };
enum { CTRL_EO = 1 << 8, CTRL_TOYEN = 1 << 11 };

static volatile u32 *reg(void *base, unsigned offset)
{
	return (volatile u32 *)((char *)base + offset);
}

static u64 now(void *opaque)
{
	u32 low, year;

	do {
		year = *reg(opaque, TOYREAD1);
		low = *reg(opaque, TOYREAD0);
	} while (year != *reg(opaque, TOYREAD1));
	return rtc_seconds(1900 + year, (unsigned)bits(low, 31, 26), (unsigned)bits(low, 25, 21),
			   (unsigned)bits(low, 20, 16), (unsigned)bits(low, 15, 10),
			   (unsigned)bits(low, 9, 4));
}

struct wallclock rtc_ls7a_end(hpa_t at)
{
	void *base = phys_ptr_uncached(at);

	*reg(base, RTCCTRL) |= CTRL_EO | CTRL_TOYEN;
	return (struct wallclock){ .opaque = base, .now = now };
}
