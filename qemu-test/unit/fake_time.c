/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/timer.h for natively built unit tests: one sorted queue on a clock that only
 * the test moves. Not a model of any host timer.
 * Invariant: a callback never sees a time before its deadline.
 */
#include "kernel/timer.h"

#include "qemu-test/unit/native.h"

static u64 now;
static struct timer *queue;

#define FAKE_CORE ((struct cpu *)&queue)	/* whose queue it is: never looked into */

u64 clock_ticks(void) { return now / 10; }
u64 clock_hz(void) { return 100000000; }
u64 clock_ns(void) { return now; }
u64 fake_next(void) { return queue ? queue->deadline : ~0ull; }

void timer_of_device(struct timer *t) { (void)t; }

void timer_cancel(struct timer *t)
{
	for (struct timer **p = &queue; *p; p = &(*p)->next)
		if (*p == t) {
			*p = t->next;
			break;
		}
	t->cpu = NULL;
}

void timer_set(struct timer *t, u64 deadline)
{
	struct timer **p = &queue;

	timer_cancel(t);
	t->deadline = deadline;
	while (*p && (*p)->deadline <= deadline)
		p = &(*p)->next;
	t->next = *p;
	*p = t;
	t->cpu = FAKE_CORE;
}

void timer_run(void)
{
	while (queue && queue->deadline <= now) {
		struct timer *t = queue;

		timer_cancel(t);
		t->fn(t->opaque);
	}
}

void fake_time_reset(u64 ns)
{
	while (queue)
		timer_cancel(queue);
	now = ns;
}

void fake_jump(u64 ns)
{
	now += ns;
}

void fake_advance(u64 ns)
{
	u64 end = now + ns;

	while (queue && queue->deadline <= end) {
		if (queue->deadline > now)
			now = queue->deadline;
		timer_run();
	}
	now = end;
}
