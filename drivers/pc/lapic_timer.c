/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC's timer (Intel SDM 3A §11.5.4): one-shot and periodic, on a clock of 100 MHz, and
 * TSC deadline. Ticks that are late by more than a period are merged.
 * Invariant: the host timer is set, on this core's queue, as long as the count runs or a deadline
 * is to come; it may go off once more after that, for nothing.
 */
#include "drivers/pc/lapic_core.h"

enum { TICK_NS = 10, MIN_NS = 20000 };

/* Nanoseconds for one count: DCR bits 3, 1, 0 are log2 of the divider minus one, 7 is /1. */
static u64 count_ns(const struct core *c)
{
	unsigned v = (c->dcr & 3) | (c->dcr >> 1 & 4);

	return (u64)TICK_NS << (v == 7 ? 0 : v + 1);
}

static u32 mode(const struct core *c) { return c->lvt[LVT_TIMER] & LVT_TIMER_MODE; }
static bool periodic(const struct core *c) { return mode(c) == LVT_PERIODIC; }

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

static void interrupt(struct core *c)
{
	u32 lvt = c->lvt[LVT_TIMER];

	if (!(lvt & LVT_MASKED) && lapic_core_enabled(c))
		lapic_core_accept(c, (u8)lvt, false);
}

static void deadline_came(struct core *c)
{
	if (!c->deadline)
		return;
	if (clock_ns() < c->deadline_ns) {
		timer_set(&c->timer, c->deadline_ns);
		return;
	}
	c->deadline = 0;
	interrupt(c);
}

static void fired(void *opaque)
{
	struct core *c = opaque;

	if (mode(c) == LVT_DEADLINE) {
		deadline_came(c);
		return;
	}
	u64 now = clock_ns(), period = c->ticr * count_ns(c);
	if (c->counting && period && now >= c->start + period) {
		interrupt(c);
		if (periodic(c))
			c->start += (now - c->start) / period * period;
		else
			c->counting = false;
	}
	arm_timer(c);
}

void lapic_timer_start(struct core *c, u32 v)
{
	if (mode(c) == LVT_DEADLINE)
		return;			/* §11.5.4.1: ignored */
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

void lapic_timer_mode(struct core *c, u32 was)
{
	if ((was & LVT_TIMER_MODE) == mode(c) ||
	    ((was & LVT_TIMER_MODE) != LVT_DEADLINE && mode(c) != LVT_DEADLINE))
		return;
	c->counting = false;
	c->ticr = 0;
	c->deadline = 0;
	timer_cancel(&c->timer);
}

u64 lapic_deadline(const struct lapic *l, unsigned core) { return l->core[core].deadline; }

void lapic_set_deadline(struct lapic *l, unsigned core, u64 tsc, u64 ns)
{
	struct core *c = &l->core[core];

	if (mode(c) != LVT_DEADLINE)
		return;
	c->deadline = tsc;
	c->deadline_ns = ns;
	if (tsc)
		timer_set(&c->timer, ns);
	else
		timer_cancel(&c->timer);
}

void lapic_timer_init(struct core *c)
{
	c->timer.fn = fired;
	c->timer.opaque = c;
}
