/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The deadline queue of each core: a list sorted by deadline, first come first served among
 * equals. Invariant: while the queue is not empty the host timer is armed for its head or
 * earlier, or its interrupt is already noted in the core's pending events.
 */
#include "kernel/timer.h"

#include "kernel/arch.h"
#include "kernel/host_cpu.h"
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

/* Nanoseconds to ticks where a tick is not a whole number of them. */
static __attribute__((noinline)) u64 ticks_of(u64 wait)
{
	if (wait > NS)
		wait = NS;	/* then it is armed again; keeps the product below 2^64 */
	return (wait * clock_hz() + NS - 1) / NS;
}

/* Rounded up, so that the interrupt is never early. */
static void arm(u64 deadline)
{
	u64 now = clock_ns(), wait = deadline > now ? deadline - now : 0;

	cpu_self()->timer_armed = true;
	arch_timer_arm((tick_ns + 1 > 1 ? wait / tick_ns + 1 : ticks_of(wait)) + 4);
}

void timer_cancel(struct timer *t)
{
	struct timer **p;

	if (!t->cpu)
		return;
	must(t->cpu == cpu_self());
	p = &t->cpu->timers;
	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	t->cpu = NULL;
}

void timer_set(struct timer *t, u64 deadline)
{
	struct cpu *c = cpu_self();
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
	struct cpu *c = cpu_self();
	u64 now = clock_ns(), late;

	c->timer_armed = false;
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
	if (!c->timers)
		arch_timer_stop();
	else if (!c->timer_armed)
		arm(c->timers->deadline);
}
