/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TOY counter of the LS7A (LS7A1000 manual, chapter on the RTC). TOYREAD0: month 31:26,
 * day 25:21, hour 20:16, minute 15:10, second 9:4, 0.1 s 3:0; TOYREAD1: years since 1900.
 * Invariant: the two halves returned belong together (read until the year is stable).
 */
#include "drivers/host/rtc.h"

#include "kernel/arch.h"
#include "kernel/lib/bits.h"

#define RTC_BASE 0x100d0100
enum { TOYREAD0 = 0x2c, TOYREAD1 = 0x30, RTCCTRL = 0x40 };
enum { CTRL_EO = 1 << 8, CTRL_TOYEN = 1 << 11 };

static volatile u32 *reg(unsigned offset)
{
	return (volatile u32 *)((char *)phys_ptr_uncached(hpa(RTC_BASE)) + offset);
}

u64 rtc_seconds(unsigned year, unsigned month, unsigned day, unsigned h, unsigned m, unsigned s)
{
	/* Years that begin in March: the leap day is their last. */
	u64 y = month > 2 ? year : year - 1, shifted = month > 2 ? month - 3 : month + 9;
	u64 days = y * 365 + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day - 1;

	return ((days - 719468) * 24 + h) * 3600 + m * 60 + s;
}

static u64 now(void *opaque)
{
	u32 low, year;

	(void)opaque;
	do {
		year = *reg(TOYREAD1);
		low = *reg(TOYREAD0);
	} while (year != *reg(TOYREAD1));
	return rtc_seconds(1900 + year, (unsigned)bits(low, 31, 26), (unsigned)bits(low, 25, 21),
			   (unsigned)bits(low, 20, 16), (unsigned)bits(low, 15, 10),
			   (unsigned)bits(low, 9, 4));
}

struct wallclock rtc_end(void)
{
	*reg(RTCCTRL) |= CTRL_EO | CTRL_TOYEN;
	return (struct wallclock){ .now = now };
}
