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
	/* what another core wants of that one */
	u64 wanted;
	struct timer *next_asked;
	u32 asked;		/* it is on that core's list */
	bool stays;		/* on its core's queue for good, as timer_devices_come says */
	struct timer *next_device;
};

/* Host counter in ticks since it was reset, and its frequency in Hz. */
u64 clock_ticks(void);
u64 clock_hz(void);

/*
 * Nanoseconds since the host counter was reset, but for those that it stood still; monotonic, the
 * same on all cores.
 */
u64 clock_ns(void);

/*
 * clock_ns stands still from `lead` ticks on, for all cores: so none has passed that by the time it
 * is told. False, and nothing, if it does already, or will. clock_ticks goes on; clock_ticks_still
 * is what it was then, or else what it is.
 */
bool clock_stop(u64 lead);
u64 clock_ticks_still(void);

/* When it stops, or has, by clock_ticks; ~0: not. */
u64 clock_stops_at(void);

/*
 * By who has had it stop: if that is over, and somebody may not have been told in time, it stands
 * still from `lead` ticks on instead. False: it is in time.
 */
bool clock_stop_later(u64 lead);

/*
 * It goes on, as if it had stood still but for `grace` ticks. Only by a core that is alone
 * (kernel/alone.h). Returns by how many ticks clock_ns is later behind clock_ticks than before.
 */
u64 clock_go_on(u64 grace);

/*
 * Queue t on this core for the absolute time `deadline` (ns); an already queued one is moved. If it
 * is on another core's queue that core is asked to have it go off by then.
 * Law of a timer that several cores set or cancel: one lock is held around each of these calls, and
 * taken by fn, which may be called early and for nothing: it sets the timer again, if need be.
 */
void timer_set(struct timer *t, u64 deadline);

/*
 * Take t off this core's queue; harmless if it is not queued. Another core's queue keeps it, and so
 * does the queue that it is on for good: there it goes off no more.
 */
void timer_cancel(struct timer *t);

/* Do what other cores have asked for of timers on this core's queue: after their interrupt. */
void timer_asked(void);

/* Run every callback of this core that is due, then arm the host timer for the next. */
void timer_run(void);

/*
 * -- A core for the timers of devices --
 * t, which is not set, is a device's: it matters to nobody on which core it goes off. While one
 * core runs; t stays for ever.
 */
void timer_of_device(struct timer *t);

/*
 * All of these move to another core's queue for good, whoever sets them later: first they leave
 * this core's, on which all of them are that are set, then that core takes them. Nobody sets or
 * cancels any meanwhile. From then on that core calls timer_run_devices instead of timer_run.
 */
void timer_devices_leave(void);
void timer_devices_come(void);

/* timer_run, on that core. Returns how many of the devices' timers went off. */
u64 timer_run_devices(void);

#endif
