/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC's timer (Intel SDM 3A §11.5.4): one-shot and periodic, on a clock of 100 MHz.
 * Not TSC deadline. Ticks that are late by more than a period are merged.
 * Invariant: the host timer is set as long as the count runs.
 */
#include "drivers/pc/lapic_core.h"

enum { TICK_NS = 10, MIN_NS = 20000 };

/* Nanoseconds for one count: DCR bits 3, 1, 0 are log2 of the divider minus one, 7 is /1. */
static u64 count_ns(const struct core *c)
{
	unsigned v = (c->dcr & 3) | (c->dcr >> 1 & 4);

	return (u64)TICK_NS << (v == 7 ? 0 : v + 1);
}

static bool periodic(const struct core *c) { return c->lvt[LVT_TIMER] & LVT_PERIODIC; }

u32 lapic_timer_count(const struct core *c)
{
	if (!c->ticr || !c->counting)
		return 0;
	u64 e = (clock_ns() - c->start) / count_ns(c);
	if (periodic(c))
		return c->ticr - (u32)(e % c->ticr);
	return e < c->ticr ? c->ticr - (u32)e : 0;
}

static void arm_timer(struct core *c)
{
	u64 now = clock_ns(), at = c->start + c->ticr * count_ns(c);

	if (!c->ticr || !c->counting) {
		timer_cancel(&c->timer);
		return;
	}
	timer_set(&c->timer, at > now ? at : now + MIN_NS);
}

static void fired(void *opaque)
{
	struct core *c = opaque;
	u32 lvt = c->lvt[LVT_TIMER];

	lock_take(&c->l->lock);
	u64 now = clock_ns(), period = c->ticr * count_ns(c);
	if (c->counting && period && now >= c->start + period) {
		if (!(lvt & LVT_MASKED) && lapic_core_enabled(c))
			lapic_core_accept(c, (u8)lvt, false);
		if (periodic(c))
			c->start += (now - c->start) / period * period;
		else
			c->counting = false;
	}
	arm_timer(c);
	lock_drop(&c->l->lock);
}

void lapic_timer_start(struct core *c, u32 v)
{
	c->ticr = v;
	c->start = clock_ns();
	c->counting = v != 0;
	arm_timer(c);
}

void lapic_timer_divide(struct core *c, u8 v)
{
	u32 count = lapic_timer_count(c);

	c->dcr = v & 0xb;
	if (c->counting) {
		c->start = clock_ns() - (c->ticr - count) * count_ns(c);
		arm_timer(c);
	}
}

void lapic_timer_init(struct core *c)
{
	c->timer.fn = fired;
	c->timer.opaque = c;
}
