/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One deadline queue for each core on the host's constant timer, and the
 * monotonic clock that everything a guest can see of time derives from.
 * Callbacks run from the run loop (timer_run), never in interrupt context.
 */
#ifndef KERNEL_TIMER_H
#define KERNEL_TIMER_H

#include "kernel/lib/types.h"

struct cpu;

struct timer {
	u64 deadline;		/* ns on clock_ns() */
	void (*fn)(void *opaque);
	void *opaque;
	struct timer *next;	/* the queue's */
	struct cpu *cpu;	/* the core on whose queue it is; NULL: on none */
};

/* Host counter in ticks since it was reset, and its frequency in Hz. */
u64 clock_ticks(void);
u64 clock_hz(void);

/* Nanoseconds since the host counter was reset; monotonic, the same on all cores. */
u64 clock_ns(void);

/* Queue t on this core for the absolute time `deadline` (ns); an already queued one is moved. */
void timer_set(struct timer *t, u64 deadline);

/* Take t off its queue, which must be this core's; harmless if it is not queued. */
void timer_cancel(struct timer *t);

/* Run every callback of this core that is due, then arm the host timer for the next. */
void timer_run(void);

#endif
