/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Self-tests of the cores: what each has of its own, work from each to each, epochs, one clock for
 * all; and any other test on a core that is not the boot core. With one core it plays both parts.
 * Invariant: whoever waits here for another core does so for a bounded time.
 */
#include "kernel/selftest.h"

#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/epoch.h"
#include "kernel/host_cpu.h"
#include "kernel/panic.h"
#include "kernel/selftest_host.h"
#include "kernel/timer.h"
#include "kernel/work.h"

#define MS 1000000ull
#define LIMIT (30000 * MS)	/* then something is lost; an emulator's cores may be slow */

/* As work_wait, but not for ever. */
static bool is_over(const struct work *w)
{
	u64 end = clock_ns() + LIMIT;

	while (work_busy(w)) {
		work_run();
		cpu_pause();
		if (clock_ns() > end)
			return false;
	}
	return true;
}

static void wait_ns(u64 ns)
{
	for (u64 end = clock_ns() + ns; clock_ns() < end;)
		cpu_pause();
}

/* -- What a core has -- */

struct answer {
	struct work w;
	const struct selftest *test;
	const char *why;
	unsigned core;
};

static void look_at_core(void *opaque)
{
	struct answer *a = opaque;
	struct cpu *c = cpu_self();

	if (c != cores_at(a->core) || c->id != a->core)
		a->why = "it runs on another core's area";
	else if (c->stack_top - arch_stack_pointer() > CPU_STACK_SIZE)
		a->why = "it does not run on its own stack";
	else
		a->why = selftest_core();
}

static const char *ask(unsigned core, void (*fn)(void *), const struct selftest *test)
{
	static struct answer answers[CORES_MAX];	/* one that is lost may still be written */
	struct answer *a = &answers[core];

	*a = (struct answer){ .w = { .fn = fn, .opaque = a }, .test = test, .core = core };
	work_post(core, &a->w);
	return is_over(&a->w) ? a->why : "it did not answer";
}

static const char *test_cores(void)
{
	for (unsigned k = 0; k < cores_count(); k++) {
		const char *why = ask(k, look_at_core, NULL);

		if (why)
			return why;
	}
	return NULL;
}

static void run_test(void *opaque)
{
	struct answer *a = opaque;

	a->why = a->test->run();
}

const char *selftest_on(unsigned core, const struct selftest *s)
{
	return ask(core, run_test, s);
}

/* -- Work -- */

static void nothing(void *opaque) { (void)opaque; }

/*
 * Posted before, within and after every instruction with which the other core goes idle: were a
 * wake-up lost it would not answer.
 */
static const char *test_wake(void)
{
	static struct work w[CORES_MAX];

	for (unsigned k = 0; k < cores_count(); k++)
		for (unsigned n = 0; n < 500; n++) {
			w[k] = (struct work){ .fn = nothing };
			work_post(k, &w[k]);
			if (!is_over(&w[k]))
				return "a wake-up was lost";
			wait_ns(n % 50 * 40);
		}
	return NULL;
}

enum { STORM = 64, SLOTS = 4 };

static struct item {
	struct work w;
	unsigned from, number;
} items[CORES_MAX][CORES_MAX][SLOTS];	/* by sender, receiver */
static unsigned received[CORES_MAX][CORES_MAX];	/* by receiver, sender: written by the receiver */
static bool out_of_order;

static void receive(void *opaque)
{
	const struct item *i = opaque;
	unsigned *next = &received[cpu_self()->id][i->from];

	if (*next != i->number)
		__atomic_store_n(&out_of_order, true, __ATOMIC_RELAXED);
	++*next;
}

/* To every core, itself too; as its own work comes in, that is done. */
static void send_storm(void *opaque)
{
	unsigned me = cpu_self()->id;

	(void)opaque;
	for (unsigned n = 0; n < STORM; n++)
		for (unsigned to = 0; to < cores_count(); to++) {
			struct item *i = &items[me][to][n % SLOTS];

			if (!is_over(&i->w))
				return;
			*i = (struct item){ { .fn = receive, .opaque = i }, me, n };
			work_post(to, &i->w);
		}
	for (unsigned to = 0; to < cores_count(); to++)
		for (unsigned n = 0; n < SLOTS; n++)
			is_over(&items[me][to][n].w);
}

/* Each to each at once: nothing is lost, and each sender's comes in its order. */
static const char *test_storm(void)
{
	static struct work start[CORES_MAX];

	for (unsigned k = 0; k < cores_count(); k++) {
		for (unsigned n = 0; n < CORES_MAX; n++)
			received[k][n] = 0;
		start[k] = (struct work){ .fn = send_storm };
	}
	out_of_order = false;
	for (unsigned k = cores_count(); k-- > 0;)
		work_post(k, &start[k]);
	for (unsigned k = 0; k < cores_count(); k++)
		if (!is_over(&start[k]))
			return "a core did not come to an end";
	for (unsigned k = 0; k < cores_count(); k++)
		for (unsigned n = 0; n < cores_count(); n++)
			if (received[k][n] != STORM)
				return "work was lost";
	return out_of_order ? "out of order" : NULL;
}

/* -- Epochs -- */

static struct hold {
	struct work w;
	u32 held, go;
} hold;

static void hold_on(void *opaque)
{
	(void)opaque;
	__atomic_store_n(&hold.held, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&hold.go, __ATOMIC_ACQUIRE))
		cpu_pause();
}

static bool passes(u64 t)
{
	for (u64 end = clock_ns() + LIMIT; !epoch_passed(t);) {
		work_run();
		epoch_quiet();
		cpu_pause();
		if (clock_ns() > end)
			return false;
	}
	return true;
}

/* A core in the middle of something is waited for; those that idle are not even woken. */
static const char *test_hold(void)
{
	unsigned last = cores_count() - 1;
	bool early;
	u64 t;

	if (!last)
		return NULL;
	hold = (struct hold){ .w = { .fn = hold_on } };
	work_post(last, &hold.w);
	for (u64 end = clock_ns() + LIMIT; !__atomic_load_n(&hold.held, __ATOMIC_ACQUIRE);)
		if (cpu_pause(), clock_ns() > end)
			return "it did not begin";
	t = epoch_begin();
	epoch_quiet();
	epoch_hurry(t);
	wait_ns(2 * MS);
	early = epoch_passed(t);
	__atomic_store_n(&hold.go, 1, __ATOMIC_RELEASE);
	if (early)
		return "an epoch has passed a core that holds something";
	return passes(t) ? NULL : "an epoch does not pass";
}

static u64 interrupts_of_others(void)
{
	u64 n = 0;

	for (unsigned k = 1; k < cores_count(); k++)
		n += __atomic_load_n(&cores_at(k)->irq_count, __ATOMIC_RELAXED);
	return n;
}

/* Something of the tests before may still come late: then once more. */
static const char *test_sleepers(void)
{
	for (unsigned n = 0; n < 20; n++) {
		u64 t, before;

		wait_ns(5 * MS);
		before = interrupts_of_others();
		t = epoch_begin();
		epoch_quiet();
		epoch_hurry(t);
		if (!passes(t))
			return "an epoch waits for a core that idles";
		wait_ns(MS);
		if (interrupts_of_others() == before)
			return NULL;
	}
	return "cores that idle are woken";
}

enum { LIVE = 0x4c495645, DEAD = 0x44454144, SWAPS = 100 };

static struct cell { u32 state; } cells[2], *shared;
static struct reader {
	struct work w;
	bool met_dead;
} readers[CORES_MAX];

/* Goes round with a pointer that it found, as run loops do, and is quiet in between. */
static void read_shared(void *opaque)
{
	struct reader *r = opaque;

	for (unsigned n = 0; n < 20; n++) {
		const struct cell *c = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);

		for (unsigned k = 0; k < 50; k++)
			if (__atomic_load_n(&c->state, __ATOMIC_RELAXED) != LIVE)
				r->met_dead = true;
		if (n % 4 == 3)
			epoch_quiet();
	}
}

static void keep_reading(void)
{
	for (unsigned k = 1; k < cores_count(); k++)
		if (!work_busy(&readers[k].w))
			work_post(k, &readers[k].w);
}

/* Two cells in turn: the one that nobody can reach any more is dead, and then used anew. */
static const char *test_reuse(void)
{
	cells[0].state = LIVE;
	shared = &cells[0];
	for (unsigned k = 0; k < cores_count(); k++)
		readers[k] = (struct reader){ .w = { .fn = read_shared, .opaque = &readers[k] } };
	for (unsigned n = 0; n < SWAPS; n++) {
		struct cell *old = shared, *new = &cells[old == &cells[0]];
		u64 t;

		keep_reading();
		__atomic_store_n(&new->state, LIVE, __ATOMIC_RELAXED);
		__atomic_store_n(&shared, new, __ATOMIC_RELEASE);
		t = epoch_begin();
		epoch_hurry(t);
		if (!passes(t))
			return "an epoch does not pass";
		__atomic_store_n(&old->state, DEAD, __ATOMIC_RELAXED);
	}
	for (unsigned k = 1; k < cores_count(); k++)
		if (!is_over(&readers[k].w) || readers[k].met_dead)
			return "memory was used anew while a core could reach it";
	epoch_wait(epoch_begin());
	return NULL;
}

/* -- One clock -- */

static struct { u64 last; bool back; } clocks;

static void read_clock(void *opaque)
{
	u64 now = clock_ns();

	(void)opaque;
	clocks.back |= now < clocks.last;
	clocks.last = now;
}

/* Read on one core after another, it never goes back. */
static const char *test_clocks(void)
{
	static struct work w[CORES_MAX];

	clocks.back = false;
	for (unsigned n = 0; n < 100; n++)
		for (unsigned k = 0; k < cores_count(); k++) {
			w[k] = (struct work){ .fn = read_clock };
			work_post(k, &w[k]);
			if (!is_over(&w[k]))
				return "a core did not answer";
		}
	return clocks.back ? "a core's clock is behind another's" : NULL;
}

static void do_panic(void *opaque)
{
	(void)opaque;
	panic("selftest: this panic is wanted, on core %u", cpu_self()->id);
}

static const char *test_panic(void)
{
	static struct work w = { .fn = do_panic };

	work_post(cores_count() - 1, &w);
	work_wait(&w);
	return "it came back";
}

const struct selftest core_selftests[] = {
	{ "cores", test_cores, false },
	{ "wake", test_wake, false },
	{ "storm", test_storm, false },
	{ "hold", test_hold, false },
	{ "sleepers", test_sleepers, false },
	{ "reuse", test_reuse, false },
	{ "clocks", test_clocks, false },
	{ "core_panic", test_panic, true },
	{ 0 },
};
