/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The deadline queue of each core: a list sorted by deadline, first come first served among
 * equals. Invariant: while the queue is not empty the host timer is armed for its head or
 * earlier, or its interrupt is already noted in the core's pending events.
 */
#include "kernel/timer.h"

#include "kernel/arch.h"
#include "kernel/cpu.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

#define NS 1000000000ull

/* Nanoseconds in a tick where that is a whole number, ~0 where it is not; 0: not looked at yet. */
static u64 tick_ns;

static __attribute__((noinline)) u64 ns_of(u64 ticks)
{
	u64 hz = clock_hz();

	tick_ns = NS % hz ? ~0ull : NS / hz;
	return ticks / hz * NS + ticks % hz * NS / hz;
}

u64 clock_ns(void)
{
	u64 ticks = clock_ticks();

	return tick_ns + 1 > 1 ? ticks * tick_ns : ns_of(ticks);
}

/* Rounded up, so that the interrupt is never early. */
static void arm(u64 deadline)
{
	u64 now = clock_ns(), wait = deadline > now ? deadline - now : 0, hz = clock_hz();

	if (wait > NS)
		wait = NS;	/* then it is armed again; keeps the product below 2^64 */
	arch_timer_arm((wait * hz + NS - 1) / NS + 4);
}

void timer_cancel(struct timer *t)
{
	struct timer **p;

	if (!t->cpu)
		return;
	must(t->cpu == this_cpu());
	p = &t->cpu->timers;
	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	t->cpu = NULL;
}

void timer_set(struct timer *t, u64 deadline)
{
	struct cpu *c = this_cpu();
	struct timer **p = &c->timers;

	timer_cancel(t);
	t->deadline = deadline;
	while (*p && (*p)->deadline <= deadline)
		p = &(*p)->next;
	t->next = *p;
	*p = t;
	t->cpu = c;
	if (c->timers == t)
		arm(deadline);
}

void timer_run(void)
{
	struct cpu *c = this_cpu();
	u64 now = clock_ns(), late;

	while (c->timers && c->timers->deadline <= now) {
		struct timer *t = c->timers;

		c->timers = t->next;
		t->cpu = NULL;
		late = now - t->deadline;
		if (late > c->timer_late)
			c->timer_late = late;
		trace(TIMER, "timer %p, due %lu ns, runs %lu ns later\n", (void *)t, t->deadline,
		      late);
		t->fn(t->opaque);
	}
	if (c->timers)
		arm(c->timers->deadline);
	else
		arch_timer_stop();
}
