/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A core that does not run for a while (a debugger, a host that has no processor for it) is nothing
 * that a PC's CPU does: a guest would say that it is locked up. Each guest CPU's core looks whether
 * the next one's still gives signs of life; if that has given none for a second, or one that wants
 * to be alone has waited so long, the clock stops and all stand still until it has come. Then
 * everything goes on as if that time had not been.
 * Law: a core that comes back stands still before it does what time asks for (join.c), and what it
 * does before finds the clock stopped, RDTSC too.
 */
#include "kernel/machine/guest.h"

#include "kernel/alone.h"
#include "kernel/host_cpu.h"
#include "kernel/printk.h"
#include "kernel/work.h"

#define BEAT_NS 200000000ull
#define BEATS_MISSED 5
#define GRACE_PER_S 1000		/* 1 ms passes all the same */

static u64 held;		/* so often */
static u32 ended;

static u32 beats_of(const struct guest_cpu *c)
{
	return __atomic_load_n(&c->beats, __ATOMIC_ACQUIRE);
}

static bool has_ended(void) { return __atomic_load_n(&ended, __ATOMIC_RELAXED); }

static void clock_goes_on(void)
{
	u64 ticks = dbt_clock_go_on(clock_hz() / GRACE_PER_S);

	if (ticks && printk_due(&held))
		printk("Loam: a core did not run: the guest's clock stood still for %lu ms\n",
		       (unsigned long)(ticks / (clock_hz() / 1000)));
}

/* Stopped again: another's hold may have ended while this one waited to be alone. */
static void hold_for(const struct guest_cpu *c)
{
	u32 beats = c->beats, signs;

	dbt_clock_stop();
	alone_begin();
	dbt_clock_stop();
	signs = alone_signs(c->id);
	while (beats_of(c) == beats && alone_signs(c->id) == signs && !has_ended()) {
		work_run();
		cpu_pause();
	}
	clock_goes_on();
	alone_end();
}

/* Where all wait for a core because one of them wants to be alone, nobody's timers go off. */
static void all_wait(bool waits)
{
	static u64 limit;
	u64 now = clock_ticks();

	if (!limit)
		limit = now + clock_hz();
	if (waits && now >= limit && clock_stops_at() == ~0ull && !has_ended())
		dbt_clock_stop();
	if (waits)
		return;
	if (now >= limit)
		clock_goes_on();
	limit = 0;
}

static void beat(void *opaque)
{
	struct guest_cpu *c = opaque, *next = &c->guest->cpu[(c->id + 1) % c->guest->cpus];
	u32 beats = beats_of(next);

	__atomic_store_n(&c->beats, c->beats + 1, __ATOMIC_RELEASE);
	c->unchanged = beats == c->next_beats ? c->unchanged + 1 : 0;
	c->next_beats = beats;
	if (c->unchanged >= BEATS_MISSED && !has_ended()) {
		c->unchanged = 0;
		hold_for(next);
	}
	timer_set(&c->beat, clock_ns() + BEAT_NS);
}

void guest_watch_begin(struct guest_cpu *c)
{
	alone_on_wait(all_wait);
	c->beat = (struct timer){ .fn = beat, .opaque = c };
	beat(c);
}

void guest_watch_end(void) { __atomic_store_n(&ended, 1, __ATOMIC_RELAXED); }
