/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PC's clocks as exact fractions of clock_ns(), so that PIT, PM timer and LAPIC
 * timer never disagree. Not a timer queue: that is kernel/timer.h.
 * All PC clocks descend from 14.318181… MHz = 315/22 MHz: PIT = /12, PM timer = /4.
 */
#ifndef DRIVERS_PC_CLOCK_H
#define DRIVERS_PC_CLOCK_H

#include "kernel/lib/types.h"

#define NS_PER_S 1000000000ull

/* floor(v * num / den); exact for any v as long as the result fits, num and den < 2^31. */
static inline u64 scale(u64 v, u32 num, u32 den)
{
	if (!(v >> (32 + __builtin_clz(num))))		/* the product fits */
		return v * num / den;
	return v / den * num + v % den * num / den;
}

/* ceil(v * num / den): the first input of the inverse scale() that reaches v. */
static inline u64 scale_up(u64 v, u32 num, u32 den)
{
	return v / den * num + (v % den * num + den - 1) / den;
}

/* 1.193181… MHz = 105/88 MHz */
static inline u64 pit_ticks(u64 ns) { return scale(ns, 105, 88000); }
static inline u64 pit_ns(u64 ticks) { return scale_up(ticks, 88000, 105); }

/* 3.579545… MHz = 315/88 MHz */
static inline u64 pmtimer_ticks(u64 ns) { return scale(ns, 315, 88000); }
static inline u64 pmtimer_ns(u64 ticks) { return scale_up(ticks, 88000, 315); }

#endif
