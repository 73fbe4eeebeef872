/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Self-tests of kernel/alone.h: what one core changes alone, by plain stores, no other ever finds
 * half done, wherever it was when that began. With one core it plays all parts.
 */
#include "kernel/selftest.h"

#include "kernel/alone.h"
#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/epoch.h"
#include "kernel/host_cpu.h"
#include "kernel/timer.h"
#include "kernel/work.h"

#define MS 1000000ull
#define LIMIT (30000 * MS)	/* then something is lost; an emulator's cores may be slow */

/* What others look at without a lock: both are the same, but for whoever is alone. */
static struct { u64 a, b; } pair;
static bool half_done;		/* somebody found them different: atomic */
static unsigned players_here;	/* atomic */
static struct player {
	struct work w;
	struct work ask;	/* for the next core, while that stands, or not */
	unsigned asked;		/* of its own core's */
} players[CORES_MAX];

static void wait_ns(u64 ns)
{
	for (u64 end = clock_ns() + ns; clock_ns() < end;)
		cpu_pause();
}

static bool is_over(const struct work *w)
{
	for (u64 end = clock_ns() + LIMIT; work_busy(w);) {
		work_run();
		epoch_quiet();
		cpu_pause();
		if (clock_ns() > end)
			return false;
	}
	return true;
}

static void look_at_pair(void)
{
	for (unsigned k = 0; k < 20; k++)
		if (pair.a != pair.b)
			__atomic_store_n(&half_done, true, __ATOMIC_RELAXED);
}

static void count_asked(void *opaque)
{
	(void)opaque;
	players[cpu_self()->id].asked++;
}

/* With another core's work, waited for, and a second begin between the halves. */
static void change_pair(unsigned me, bool ask)
{
	struct player *p = &players[me];

	alone_begin();
	pair.a++;
	if (ask) {
		p->ask = (struct work){ .fn = count_asked };
		work_post((me + 1) % cores_count(), &p->ask);
		work_wait(&p->ask);
	}
	alone_begin();
	alone_end();
	for (unsigned k = 0; k < 50; k++)
		cpu_pause();
	pair.b++;
	alone_end();
}

enum { ROUNDS = 160, CHANGES = ROUNDS / 4 };

/* Nobody asks before all are here: work that a core does while it stands may not look. */
static void play(void *opaque)
{
	unsigned me = cpu_self()->id;
	u64 end = clock_ns() + LIMIT;

	(void)opaque;
	__atomic_fetch_add(&players_here, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&players_here, __ATOMIC_SEQ_CST) < cores_count() && clock_ns() < end)
		cpu_pause();
	for (unsigned n = 0; n < ROUNDS; n++) {
		look_at_pair();
		switch ((n + me) % 4) {
		case 0: change_pair(me, n % 8 == 0); break;
		case 1: epoch_quiet(); break;
		case 2: epoch_idle_begin(); cpu_pause(); epoch_idle_end(); break;
		}
	}
}

static const char *test_alone(void)
{
	bool all = true;

	pair.a = pair.b = 0;
	half_done = false;
	players_here = 0;
	for (unsigned k = 1; k < cores_count(); k++) {
		players[k] = (struct player){ .w = { .fn = play } };
		work_post(k, &players[k].w);
	}
	play(NULL);
	for (unsigned k = 1; k < cores_count(); k++)
		all &= is_over(&players[k].w);
	if (!all)
		return "a core did not come to an end";
	if (half_done)
		return "a core went on beside one that was alone";
	return pair.a == pair.b && pair.a == CHANGES * cores_count() ? NULL : "a change was lost";
}

static struct { struct work w; u32 begun; bool over; } helper;

static void help_long(void *opaque)
{
	(void)opaque;
	__atomic_store_n(&helper.begun, 1, __ATOMIC_RELEASE);
	wait_ns(2 * MS);
	helper.over = true;
}

static bool has_begun(void)
{
	u64 end = clock_ns() + LIMIT;

	while (!__atomic_load_n(&helper.begun, __ATOMIC_ACQUIRE) && clock_ns() < end)
		cpu_pause();
	return __atomic_load_n(&helper.begun, __ATOMIC_ACQUIRE);
}

/*
 * A core in the middle of something is waited for, the last one too. An epoch first: one that still
 * stands since the last time might do the work there, and that is not waited for.
 */
static const char *test_helper(void)
{
	bool over;

	for (unsigned k = 1; k < cores_count(); k++) {
		helper.w = (struct work){ .fn = help_long };
		helper.begun = 0;
		helper.over = false;
		epoch_wait(epoch_begin());
		work_post(k, &helper.w);
		if (!has_begun())
			return "it did not begin";
		alone_begin();
		over = helper.over;
		alone_end();
		if (!over)
			return "a core in the middle of something was not waited for";
		if (!is_over(&helper.w))
			return "it does not come back";
	}
	return NULL;
}

static u64 interrupts_of_others(void)
{
	u64 n = 0;

	for (unsigned k = 1; k < cores_count(); k++)
		n += __atomic_load_n(&cores_at(k)->irq_count, __ATOMIC_RELAXED);
	return n;
}

/* Something of the tests before may still come late: then once more. */
static const char *test_idle(void)
{
	for (unsigned n = 0; n < 20; n++) {
		u64 before;

		wait_ns(5 * MS);
		before = interrupts_of_others();
		alone_begin();
		alone_end();
		wait_ns(MS);
		if (interrupts_of_others() == before)
			return NULL;
	}
	return "cores that idle are woken";
}

const struct selftest alone_selftests[] = {
	{ "alone", test_alone, false },
	{ "alone_helper", test_helper, false },
	{ "alone_idle", test_idle, false },
	{ 0 },
};
