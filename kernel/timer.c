/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The deadline queue of each core: a list sorted by deadline, first come first served among
 * equals. Invariant: while the queue is not empty the host timer is armed for its head or
 * earlier, or its interrupt is already noted in the core's pending events; or the core is to be
 * interrupted for its list of timers that others want earlier. Where the clock stood still, the
 * host timer was armed too early, and is armed again.
 * A timer that stays is on its queue all the time, due NEVER when it is not set. So another core
 * that sets it finds it there, and asks: it has no moment at which it is nobody's.
 */
#include "kernel/timer.h"

#include "kernel/arch.h"
#include "kernel/host_cpu.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

#define NS 1000000000ull
#define NEVER (~0ull)

static struct timer *of_devices;	/* all of them, by next_device */

/*
 * Nanoseconds in a tick where that is a whole number, ~0 where it is not; 0: not looked at yet, or
 * the clock has once stood still.
 */
static u64 tick_ns;

/* When the clock stopped (~0: it goes), for how many ticks it stood before, and if it ever did. */
static u64 stopped = ~0ull, stood;
static u32 has_stopped;

/* Of ticks read before: whoever was held up in between finds the clock stopped here. */
static u64 still(u64 ticks)
{
	u64 stop = __atomic_load_n(&stopped, __ATOMIC_ACQUIRE);

	return ticks < stop ? ticks : stop;
}

static u64 quick(void) { return __atomic_load_n(&tick_ns, __ATOMIC_RELAXED); }

/* It is looked at first while one core runs; who finds 0 later sees that the clock has stopped. */
static __attribute__((noinline)) u64 ns_of(u64 ticks)
{
	u64 hz = clock_hz();

	if (!__atomic_load_n(&tick_ns, __ATOMIC_ACQUIRE) &&
	    !__atomic_load_n(&has_stopped, __ATOMIC_RELAXED))
		__atomic_store_n(&tick_ns, NS % hz ? ~0ull : NS / hz, __ATOMIC_RELAXED);
	ticks = still(ticks) - stood;
	return ticks / hz * NS + ticks % hz * NS / hz;
}

u64 clock_ns(void)
{
	u64 ticks = clock_ticks(), ns = quick();

	return ns + 1 > 1 ? ticks * ns : ns_of(ticks);
}

u64 clock_ticks_still(void) { return still(clock_ticks()); }

bool clock_stop(u64 lead)
{
	u64 goes = ~0ull;

	__atomic_store_n(&has_stopped, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&tick_ns, 0, __ATOMIC_SEQ_CST);
	return __atomic_compare_exchange_n(&stopped, &goes, clock_ticks() + lead, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

u64 clock_stops_at(void) { return __atomic_load_n(&stopped, __ATOMIC_ACQUIRE); }

bool clock_stop_later(u64 lead)
{
	u64 now = clock_ticks();

	if (now < clock_stops_at())
		return false;
	__atomic_store_n(&stopped, now + lead, __ATOMIC_SEQ_CST);
	return true;
}

u64 clock_go_on(u64 grace)
{
	u64 since = clock_stops_at(), now = clock_ticks(), behind;

	if (since == ~0ull)
		return 0;
	behind = now > since + grace ? now - since - grace : 0;
	stood += behind;
	__atomic_store_n(&stopped, ~0ull, __ATOMIC_RELEASE);
	return behind;
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
	u64 now = clock_ns(), wait = deadline > now ? deadline - now : 0, ns = quick();

	cpu_self()->timer_armed = true;
	arch_timer_arm((ns + 1 > 1 ? wait / ns + 1 : ticks_of(wait)) + 4);
}

/* -- The own queue -- */

static void unlink_own(struct cpu *c, struct timer *t)
{
	struct timer **p = &c->timers;

	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
}

static void link_own(struct cpu *c, struct timer *t, u64 deadline)
{
	struct timer **p = &c->timers;

	t->deadline = deadline;
	while (*p && (*p)->deadline <= deadline)
		p = &(*p)->next;
	t->next = *p;
	*p = t;
	if (c->timers == t)
		arm(deadline);
}

/* -- Another's: nobody but its core touches a queue, and what is on it -- */

/* What t->wanted was before is seen by whoever takes t off the list. */
static __attribute__((noinline)) void ask(struct cpu *c, struct timer *t)
{
	struct timer *first = __atomic_load_n(&c->asked, __ATOMIC_RELAXED);

	if (__atomic_exchange_n(&t->asked, 1, __ATOMIC_SEQ_CST))
		return;
	do
		t->next_asked = first;
	while (!__atomic_compare_exchange_n(&c->asked, &first, t, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED));
	arch_ipi(c->hw_id, IPI_WORK);
}

/*
 * It may have been called meanwhile: then fn, under the lock that whoever asked had, has done what
 * is right. Or it was queued elsewhere since: that core is asked.
 */
static void answer(struct cpu *c, struct timer *t)
{
	struct cpu *on;
	u64 wanted;

	__atomic_exchange_n(&t->asked, 0, __ATOMIC_SEQ_CST);
	wanted = __atomic_load_n(&t->wanted, __ATOMIC_RELAXED);
	on = __atomic_load_n(&t->cpu, __ATOMIC_ACQUIRE);
	if (on && on != c) {
		ask(on, t);
	} else if (on && wanted < t->deadline) {
		unlink_own(c, t);
		link_own(c, t, wanted);
	}
}

void timer_asked(void)
{
	struct cpu *c = cpu_self();
	struct timer *t = __atomic_exchange_n(&c->asked, NULL, __ATOMIC_ACQUIRE), *next;

	for (; t; t = next) {
		next = t->next_asked;
		answer(c, t);
	}
}

/* -- Both -- */

void timer_cancel(struct timer *t)
{
	struct cpu *c = cpu_self();

	if (__atomic_load_n(&t->cpu, __ATOMIC_RELAXED) != c)
		return;
	unlink_own(c, t);
	if (t->stays)
		link_own(c, t, NEVER);
	else
		__atomic_store_n(&t->cpu, NULL, __ATOMIC_RELAXED);
}

void timer_set(struct timer *t, u64 deadline)
{
	struct cpu *c = cpu_self(), *on = __atomic_load_n(&t->cpu, __ATOMIC_ACQUIRE);

	if (on && on != c) {
		__atomic_store_n(&t->wanted, deadline, __ATOMIC_RELAXED);
		ask(on, t);
		return;
	}
	if (on)
		unlink_own(c, t);
	link_own(c, t, deadline);
	__atomic_store_n(&t->cpu, c, __ATOMIC_RELAXED);
}

/* t, just taken off the queue, is about to be called. */
static inline void leaves(struct cpu *c, struct timer *t, u64 *stayed)
{
	(void)c, (void)stayed;
	__atomic_store_n(&t->cpu, NULL, __ATOMIC_RELEASE);	/* any core may set it */
}

static inline void stays(struct cpu *c, struct timer *t, u64 *stayed)
{
	if (!t->stays) {
		leaves(c, t, stayed);
		return;
	}
	link_own(c, t, NEVER);
	++*stayed;
}

static inline __attribute__((always_inline)) u64
run_due(void (*off)(struct cpu *c, struct timer *t, u64 *stayed))
{
	struct cpu *c = cpu_self();
	u64 now = clock_ns(), late, stayed = 0;

	c->timer_armed = false;
	while (c->timers && c->timers->deadline <= now) {
		struct timer *t = c->timers;

		c->timers = t->next;
		late = now - t->deadline;
		off(c, t, &stayed);
		if (late > c->timer_late)
			c->timer_late = late;
		trace(TIMER, "timer %p, due %lu ns, runs %lu ns later\n", (void *)t, now - late,
		      late);
		t->fn(t->opaque);
	}
	if (!c->timers)
		arch_timer_stop();
	else if (!c->timer_armed)
		arm(c->timers->deadline);
	return stayed;
}

void timer_run(void) { run_due(leaves); }
u64 timer_run_devices(void) { return run_due(stays); }

/* -- From one core to another, before there is a guest -- */

void timer_of_device(struct timer *t)
{
	t->next_device = of_devices;
	of_devices = t;
}

void timer_devices_leave(void)
{
	for (struct timer *t = of_devices; t; t = t->next_device) {
		t->wanted = t->cpu ? t->deadline : NEVER;
		timer_cancel(t);
	}
}

void timer_devices_come(void)
{
	struct cpu *c = cpu_self();

	for (struct timer *t = of_devices; t; t = t->next_device) {
		must(!t->cpu);
		t->stays = true;
		link_own(c, t, t->wanted);
		__atomic_store_n(&t->cpu, c, __ATOMIC_RELEASE);
	}
}
