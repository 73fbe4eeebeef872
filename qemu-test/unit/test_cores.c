/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cores as threads: their start, good, slow, late and never; the kernel's own self-tests of work,
 * epochs and being alone; memory that is used anew by plain accesses, of which ThreadSanitizer says
 * whether an epoch orders them (test_cores_tsan).
 */
#include "kernel/cores.h"

#include <stdlib.h>

#include "kernel/epoch.h"
#include "kernel/irq.h"
#include "kernel/host_cpu.h"
#include "kernel/selftest.h"
#include "kernel/timer.h"
#include "kernel/work.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/fake_cores.h"

#define MS 1000000ull

static u64 epoch_of_first_work;

static void look_at_epoch(void *opaque)
{
	(void)opaque;
	epoch_of_first_work = cpu_self()->epoch;
}

/* What is there before a core first looks is done by one that is awake: it is waited for. */
static void test_first_work(void)
{
	static struct work w = { .fn = look_at_epoch };

	work_post(1, &w);
	fake_cores_hold(false);
	work_wait(&w);
	CHECK(epoch_of_first_work != EPOCH_IDLE, "a core is awake in its first work");
}

/* Hardware numbers in no order; the second needs four wakes, the third and fifth do not come. */
static void test_start(void)
{
	struct core_start s[] = {
		{ 7, fake_area(), false }, { 3, fake_area(), false }, { 9, fake_area(), false },
		{ 1, fake_area(), false }, { 5, fake_area(), false },
	};
	struct cpu *late = s[4].area;

	CHECK_EQ(cores_count(), 1, "the boot core is there");
	CHECK(cores_at(0) == this_cpu(), "as core 0");
	fake_core_comes(3, 4);
	fake_core_comes(9, FAKE_NEVER);
	fake_core_comes(5, FAKE_NEVER);
	cores_start(s, 5, 5000 * MS);
	CHECK(s[0].runs && s[1].runs && s[3].runs, "who came in time runs");
	CHECK(!s[2].runs && !s[4].runs, "who did not come does not");
	CHECK_EQ(cores_count(), 4, "four run");
	CHECK(cores_at(1) == s[0].area && cores_at(2) == s[1].area && cores_at(3) == s[3].area,
	      "they have the numbers 1 to 3");
	CHECK(cores_at(1)->id == 1 && cores_at(2)->id == 2 && cores_at(3)->id == 3, "and know");
	fake_core_come(5);
	CHECK(fake_core_join(5), "one that is late halts");
	CHECK_EQ(cores_count(), 4, "and is not counted");
	CHECK(late->id == 0 && !late->posted, "and is nobody's");
	free(s[2].area);
}

/* After a failure cores may be in any state. */
static bool test_kernel_tests(const struct selftest *t)
{
	for (; t->name; t++) {
		const char *why = t->fatal ? NULL : t->run();

		CHECK(!why, why ? why : t->name);
		if (why)
			return false;
	}
	return true;
}

enum { ROUNDS = 200, GONE = 1 << 30 };

static struct cell { u64 value; } *shared;
static struct reader {
	struct work w;
	u64 sum;
	bool met_gone;
} readers[CORES_MAX];
static bool enough;

/* All that orders it and whoever frees is what it says of itself between two rounds. */
static void read_cells(void *opaque)
{
	struct reader *r = opaque;

	for (unsigned n = 0; !__atomic_load_n(&enough, __ATOMIC_RELAXED); n++) {
		const struct cell *c = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);

		for (unsigned k = 0; k < 20; k++) {
			r->sum += c->value;
			r->met_gone |= c->value == GONE;
		}
		if (n % 8 == 3) {
			epoch_idle_begin();
			cpu_pause();
			epoch_idle_end();
		} else if (n % 8 == 7) {
			epoch_quiet();
		}
	}
}

/* What nobody can reach any more is written by plain stores, and freed. */
static void test_reclaim(void)
{
	bool met_gone = false;

	shared = calloc(1, sizeof(*shared));
	for (unsigned k = 1; k < cores_count(); k++) {
		readers[k] = (struct reader){ .w = { .fn = read_cells, .opaque = &readers[k] } };
		work_post(k, &readers[k].w);
	}
	for (unsigned n = 1; n < ROUNDS; n++) {
		struct cell *old = shared, *new = malloc(sizeof(*new));

		new->value = n;
		__atomic_store_n(&shared, new, __ATOMIC_RELEASE);
		epoch_wait(epoch_begin());
		old->value = GONE;
		free(old);
	}
	__atomic_store_n(&enough, true, __ATOMIC_RELAXED);
	for (unsigned k = 1; k < cores_count(); k++) {
		work_wait(&readers[k].w);
		met_gone |= readers[k].met_gone;
	}
	CHECK(!met_gone, "nobody has met what was gone");
	free(shared);
}

/* Two cores wait for each other's epochs, each holding nothing: neither waits for ever. */
static void wait_often(void *opaque)
{
	(void)opaque;
	for (unsigned n = 0; n < 50; n++)
		epoch_wait(epoch_begin());
}

static void test_both_wait(void)
{
	struct work w[CORES_MAX];

	for (unsigned k = 1; k < cores_count(); k++) {
		w[k] = (struct work){ .fn = wait_often };
		work_post(k, &w[k]);
	}
	wait_often(NULL);
	for (unsigned k = 1; k < cores_count(); k++)
		for (; work_busy(&w[k]); cpu_pause()) {
			work_run();
			epoch_quiet();
		}
	CHECK(epoch_passed(1), "all have come to their ends");
}

/* Who begins an epoch is asked for its quiet point, too, and not again once it was quiet. */
static void test_own_epoch(void)
{
	u64 t = epoch_begin();

	irq_take_events();
	epoch_hurry(t);
	CHECK(irq_take_events() & CPU_EVENT_IPI, "this core is asked, too");
	epoch_quiet();
	epoch_hurry(t);
	CHECK(!irq_take_events(), "it has been quiet");
}

/* Work that waits for work posted after it, on the core that waits for it in turn. */
static struct work first, second, there;
static bool second_done;

static void do_second(void *opaque) { (void)opaque; second_done = true; }
static void do_there(void *opaque) { (void)opaque; work_wait(&second); }

static void do_first(void *opaque)
{
	(void)opaque;
	work_post(2, &there);
	work_wait(&there);
}

static void test_nested(void)
{
	first = (struct work){ .fn = do_first };
	second = (struct work){ .fn = do_second };
	there = (struct work){ .fn = do_there };
	work_post(0, &first);
	work_post(0, &second);
	work_run();
	CHECK(second_done && !work_busy(&first), "work that waits does what is behind it");
}

static void test_stop(void)
{
	cores_stop();
	CHECK(fake_core_join(7) && fake_core_join(3) && fake_core_join(1), "all others halt");
	for (unsigned k = 0; k < 4; k++)
		free(cores_at(k));
}

int main(void)
{
	fake_cores_begin();
	cores_init();
	fake_cores_hold(true);
	test_start();
	test_first_work();
	if (!test_kernel_tests(core_selftests) || !test_kernel_tests(alone_selftests))
		return check_done();
	test_reclaim();
	test_both_wait();
	test_own_epoch();
	test_nested();
	test_stop();
	return check_done();
}
