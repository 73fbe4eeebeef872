/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's real-time clock as a wall clock end. Alarms are not used. */
#ifndef DRIVERS_HOST_RTC_H
#define DRIVERS_HOST_RTC_H

#include "drivers/ends.h"

/* The board's clock, started if it is not running. It keeps UTC by our convention. */
struct wallclock rtc_end(void);

/* The kinds that rtc_end chooses from, with their registers at this address. */
struct wallclock rtc_ls7a_end(hpa_t base);
struct wallclock rtc_goldfish_end(hpa_t base);

/* Seconds since 1970-01-01 UTC of a date of the Gregorian calendar, month and day from 1. */
u64 rtc_seconds(unsigned year, unsigned month, unsigned day, unsigned h, unsigned m, unsigned s);

#endif
