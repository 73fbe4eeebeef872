/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Count and Compare (chapter 9): Count has 32 bits and wraps within seconds, so that the clock is
 * its continuation to 64. Invariant: the clock is looked at more often than Count wraps, since the
 * timer's interrupt always comes within TICKS_MAX, whether a deadline waits for it or not.
 */
#include "kernel/timer.h"

#include "kernel/arch.h"
#include "kernel/arch/mips64/cp0.h"
#include "kernel/arch/mips64/cpu.h"
#include "kernel/arch/mips64/trap.h"
#include "kernel/panic.h"

#define TICKS_MAX 0x60000000u		/* 4 s at 400 MHz, less than half a turn */
#define TICKS_MIN 64u			/* that Compare is surely written before Count is there */

static u64 hz;				/* set once, before the other cores run */

/*
 * An interrupt between the lines may look too; what is stored then goes back by less than one
 * turn, which the next look makes good.
 */
u64 clock_ticks(void)
{
	volatile u64 *last = &cpu_self()->host[CPU_HOST_TICKS];
	u64 before = *last, now = (before & ~0xffffffffull) | cp0_read32(CP0_COUNT);

	if (now < before)
		now += 1ull << 32;
	*last = now;
	return now;
}

u64 clock_hz(void)
{
	must(hz);
	return hz;
}

/* Count runs at the core's clock divided by CCRes (RDHWR 3). */
void arch_clock_set(u64 core_hz)
{
	u32 divisor;

	__asm__("rdhwr %0, $3" : "=r"(divisor));
	hz = core_hz / (divisor ? divisor : 1);
	if (!hz)
		panic("the firmware does not tell the core's clock");
}

/* Returns false if Count may have passed Compare before that was written: nothing would come. */
static bool set_compare(u32 wait)
{
	u32 at = (u32)clock_ticks() + wait;

	cp0_write(CP0_COMPARE, (u64)(s32)at);
	return (s32)(at - cp0_read32(CP0_COUNT)) > 0 || cp0_read32(CP0_CAUSE) & CAUSE_TI;
}

void arch_timer_arm(u64 ticks)
{
	u32 wait = ticks < TICKS_MIN ? TICKS_MIN : ticks > TICKS_MAX ? TICKS_MAX : (u32)ticks;

	while (!set_compare(wait))
		wait = wait < TICKS_MAX / 2 ? wait * 2 : wait;
}

void arch_timer_stop(void) { arch_timer_arm(TICKS_MAX); }

void timer_init(void) { arch_timer_stop(); }
