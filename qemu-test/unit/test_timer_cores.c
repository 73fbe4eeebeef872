/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers that several cores set: each core is a thread with a host timer of its own, which calls
 * timer_run only when that has gone off, and looks at what is asked of it only when interrupted.
 * Every time that a device wants to be called at must come, whichever cores set, move and cancel
 * its timer; then the same with all timers on one core for good. Once more under ThreadSanitizer
 * (test_timer_cores_tsan). And the clock stands still.
 */
#include "kernel/timer.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "kernel/arch.h"
#include "kernel/cpu.h"
#include "kernel/lock.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/native.h"

enum { CORES = 3, DEVICES = 4, HOME = 2, ROUNDS = 3000, TICK = 10 };
#define FAR 1000000000000ull
#define PATIENCE 20000000000ull		/* ns until what has not come counts as lost */

static struct cpu core[CORES];
static u64 armed[CORES];		/* when the host timer goes off: its core's alone */
static u32 interrupted[CORES], over;
static bool at_home;			/* HOME has all timers of devices, for good */
static u32 strays;			/* then: callbacks elsewhere */
static __thread unsigned me;

struct cpu *this_cpu(void) { return &core[me]; }
u64 clock_hz(void) { return 1000000000 / TICK; }

u64 clock_ticks(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec) / TICK;
}

void arch_timer_arm(u64 ticks) { armed[me] = clock_ticks() + ticks; }
void arch_timer_stop(void) { armed[me] = ~0ull; }

void arch_ipi(u32 hw_id, enum ipi what)
{
	(void)what;
	__atomic_store_n(&interrupted[hw_id], 1, __ATOMIC_SEQ_CST);
}

/* -- A device: `due` is when it has something to do, 0 for nothing -- */

static struct device {
	struct lock lock;
	struct timer timer;
	u64 due;
	u32 served;
} device[DEVICES];

static void called(void *opaque)
{
	struct device *d = opaque;

	if (at_home && me != HOME)
		__atomic_add_fetch(&strays, 1, __ATOMIC_RELAXED);
	lock_take(&d->lock);
	if (d->due && clock_ns() >= d->due) {
		d->due = 0;
		__atomic_store_n(&d->served, d->served + 1, __ATOMIC_RELEASE);
	} else if (d->due) {
		timer_set(&d->timer, d->due);
	}
	lock_drop(&d->lock);
}

/* What a core's run loop does. */
static void attend(void)
{
	if (__atomic_exchange_n(&interrupted[me], 0, __ATOMIC_SEQ_CST))
		timer_asked();
	if (clock_ticks() < armed[me])
		return;
	if (at_home && me == HOME)
		timer_run_devices();
	else
		timer_run();
}

static u32 rnd(u32 *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	return *x ^= *x << 5;
}

static void want(struct device *d, u64 due)
{
	lock_take(&d->lock);
	d->due = due;
	due ? timer_set(&d->timer, due) : timer_cancel(&d->timer);
	lock_drop(&d->lock);
}

/* Each core: often with times that nobody waits for; this one's own device, until it is served. */
static bool round_of(struct device *mine, u32 *x)
{
	u32 before = __atomic_load_n(&mine->served, __ATOMIC_ACQUIRE);
	u64 begin = clock_ns();

	want(mine, clock_ns() + FAR);
	if (rnd(x) % 4 == 0)
		want(mine, 0);
	attend();
	want(mine, clock_ns() + rnd(x) % 20000 + 1);
	while (__atomic_load_n(&mine->served, __ATOMIC_ACQUIRE) == before) {
		if (clock_ns() - begin > PATIENCE)
			return false;
		attend();
		if (rnd(x) % 8 == 0)
			sched_yield();
	}
	want(mine, clock_ns() + FAR);	/* so that it is on this queue when the next core comes */
	return true;
}

/*
 * Devices go from core to core: in each round another core drives it, while the core whose queue
 * has its timer goes on attending.
 */
static u32 turn[DEVICES];
static bool lost;

static void *run(void *opaque)
{
	u32 x = 2463534242u + (u32)(me = *(unsigned *)opaque);

	while (__atomic_load_n(&over, __ATOMIC_ACQUIRE) < DEVICES) {
		attend();
		for (unsigned k = 0; k < DEVICES; k++) {
			u32 t = __atomic_load_n(&turn[k], __ATOMIC_ACQUIRE);

			if (t >= ROUNDS || (t + k) % CORES != me)
				continue;
			if (!round_of(&device[k], &x))
				__atomic_store_n(&lost, true, __ATOMIC_RELAXED);
			if (t + 1 == ROUNDS || __atomic_load_n(&lost, __ATOMIC_RELAXED))
				t = ROUNDS - 1, __atomic_add_fetch(&over, 1, __ATOMIC_RELEASE);
			__atomic_store_n(&turn[k], t + 1, __ATOMIC_RELEASE);
		}
		sched_yield();
	}
	return NULL;
}

/* A clock that stands still for 20 ms, and goes on as if that had been the 5 of the grace. */
static void check_standing(void)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	const u64 grace = 5000000, lead = 2000000;
	u64 at, behind, before = clock_ticks() * TICK;

	CHECK(clock_stop(lead / TICK), "it went");
	CHECK(clock_stops_at() * TICK >= before + lead, "and goes for a while");
	CHECK(!clock_stop_later(lead / TICK), "it is in time");
	while (clock_ticks() < clock_stops_at())
		;
	at = clock_ns();
	nanosleep(&nap, NULL);
	CHECK(!clock_stop(0), "it stands");
	CHECK(at >= before, "it stops where it is");
	CHECK_EQ(clock_ns(), at, "it stands still");
	CHECK_EQ(clock_ticks_still() * TICK, at, "so do the ticks");
	behind = clock_go_on(grace / TICK) * TICK;
	CHECK(behind >= (u64)nap.tv_nsec - grace, "that time is left out");
	CHECK(clock_ns() >= at + grace, "but for the grace");
	before = clock_ns();
	CHECK(clock_ticks() * TICK - behind >= before, "no more than that");
	CHECK(clock_ns() + PATIENCE > clock_ticks() * TICK - behind, "it goes on");
	CHECK_EQ(clock_go_on(0), 0, "it goes already");
	CHECK(clock_ns() >= before, "it has not gone back");
}

static void each_time(const char *what)
{
	static unsigned number[CORES] = { 0, 1, 2 };
	pthread_t t[CORES];

	for (unsigned k = 0; k < CORES; k++)
		pthread_create(&t[k], NULL, run, &number[k]);
	for (unsigned k = 0; k < CORES; k++)
		pthread_join(t[k], NULL);
	CHECK(!lost, what);
	for (unsigned k = 0; k < DEVICES; k++)
		CHECK_EQ(device[k].served, ROUNDS, "once");
}

static void begin(void)
{
	memset(device, 0, sizeof(device));
	memset(turn, 0, sizeof(turn));
	memset(core, 0, sizeof(core));
	over = 0;
	for (unsigned k = 0; k < DEVICES; k++) {
		device[k].timer.fn = called;
		device[k].timer.opaque = &device[k];
	}
	for (unsigned k = 0; k < CORES; k++) {
		core[k].id = core[k].hw_id = k;
		armed[k] = ~0ull;
	}
}

/* Set by core 0, which they leave; one that is set keeps its time. */
static void go_home(void)
{
	u64 due = clock_ns() + FAR;

	for (unsigned k = 0; k < DEVICES; k++)
		timer_of_device(&device[k].timer);
	want(&device[1], due);
	timer_devices_leave();
	CHECK(!core[0].timers, "they leave");
	at_home = true;
	me = HOME;
	timer_devices_come();
	CHECK_EQ(core[HOME].timers->deadline, due, "it keeps its time");
	want(&device[1], 0);
	for (unsigned k = 0; k < DEVICES; k++)
		CHECK(device[k].timer.cpu == &core[HOME], "and its core, though it is not set");
	me = 0;
}

int main(void)
{
	begin();
	each_time("each time comes");
	begin();
	go_home();
	each_time("each time comes, at home");
	CHECK_EQ(strays, 0, "nowhere else");
	check_standing();
	return check_done();
}
