/* SPDX-License-Identifier: BSD-2-Clause */
/* The board's clock, whichever kind it is, and the calendar that the kinds share. */
#include "drivers/host/rtc.h"

#include "boot/host_board.h"

u64 rtc_seconds(unsigned year, unsigned month, unsigned day, unsigned h, unsigned m, unsigned s)
{
	/* Years that begin in March: the leap day is their last. */
	u64 y = month > 2 ? year : year - 1, shifted = month > 2 ? month - 3 : month + 9;
	u64 days = y * 365 + y / 4 - y / 100 + y / 400 + (153 * shifted + 2) / 5 + day - 1;

	return ((days - 719468) * 24 + h) * 3600 + m * 60 + s;
}

struct wallclock rtc_end(void)
{
	return BOARD_RTC_KIND == RTC_LS7A ? rtc_ls7a_end(hpa(BOARD_RTC)) :
					    rtc_goldfish_end(hpa(BOARD_RTC));
}
