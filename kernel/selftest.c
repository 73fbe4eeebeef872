/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs self-tests, on each core, and has those that no host differs in: timers, kick, idle, libc,
 * exception table. Invariant: a test leaves nothing behind (timers queued, pages taken) when it
 * passes.
 */
#include "kernel/selftest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/irq.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/timer.h"

#define MS 1000000ull
#define TICKS 20

static struct {
	struct timer timer[TICKS];
	unsigned order[TICKS];	/* which timer fired k-th */
	u64 when[TICKS];
	unsigned fired;
} t;

static void tick(void *opaque)
{
	if (t.fired < TICKS) {
		t.order[t.fired] = (unsigned)((struct timer *)opaque - t.timer);
		t.when[t.fired] = clock_ns();
	}
	t.fired++;
}

/* Idle and run timers until `count` have fired or 2 s have passed. */
static void run_until_fired(unsigned count)
{
	u64 end = clock_ns() + 2000 * MS;

	while (t.fired < count && clock_ns() < end) {
		cpu_idle();
		if (irq_take_events() & CPU_EVENT_TIMER)
			timer_run();
	}
}

/* Twenty timers 1 ms apart, queued in scrambled order, fire in order, none early. */
static const char *test_ticks(void)
{
	u64 start = clock_ns();

	memset(&t, 0, sizeof(t));
	for (unsigned k = 0; k < TICKS; k++) {
		unsigned n = k * 7 % TICKS;

		t.timer[n].fn = tick;
		t.timer[n].opaque = &t.timer[n];
		timer_set(&t.timer[n], start + (n + 1) * MS);
	}
	run_until_fired(TICKS);
	if (t.fired != TICKS)
		return "not all timers fired";
	for (unsigned k = 0; k < TICKS; k++) {
		if (t.order[k] != k)
			return "out of order";
		if (t.when[k] < start + (k + 1) * MS)
			return "early";
	}
	return this_cpu()->timers ? "the queue is not empty" : NULL;
}

/* Cancelled and moved timers; equal deadlines fire in the order queued. */
static const char *test_timer_queue(void)
{
	u64 start = clock_ns();

	memset(&t, 0, sizeof(t));
	for (unsigned n = 0; n < 6; n++) {
		t.timer[n].fn = tick;
		t.timer[n].opaque = &t.timer[n];
		timer_set(&t.timer[n], start + 2 * MS);
	}
	timer_cancel(&t.timer[0]);
	timer_cancel(&t.timer[0]);
	timer_cancel(&t.timer[3]);
	timer_set(&t.timer[5], start + MS);
	timer_set(&t.timer[1], start + 3 * MS);
	run_until_fired(4);
	if (t.fired != 4 || t.timer[0].cpu || t.timer[3].cpu)
		return "wrong number fired";
	if (t.order[0] != 5 || t.order[1] != 2 || t.order[2] != 4 || t.order[3] != 1)
		return "wrong order";
	return NULL;
}

/*
 * Thousands of waits for a timer that is due at once or nearly so: its interrupt arrives before,
 * within or after every instruction of the idle region. A lost wake-up would wait for ever, so a
 * second timer ends it and the test fails.
 */
static const char *test_idle(void)
{
	static struct timer guard;
	unsigned k;

	memset(&t, 0, sizeof(t));
	for (k = 0; k < 3000; k++) {
		u64 now = clock_ns();

		t.timer[0] = (struct timer){ .fn = tick, .opaque = &t.timer[0] };
		guard = (struct timer){ .fn = tick, .opaque = &t.timer[1] };
		irq_take_events();
		timer_set(&guard, now + 500 * MS);
		timer_set(&t.timer[0], now + k % 100 * 30);
		for (t.fired = 0; !t.fired;) {
			cpu_idle();
			if (irq_take_events() & CPU_EVENT_TIMER)
				timer_run();
		}
		if (clock_ns() - now > 400 * MS)
			return "a wake-up was lost";
		timer_cancel(&guard);
	}
	return NULL;
}

static const char *test_clock(void)
{
	u64 ticks = clock_ticks(), start = clock_ns(), last = start;

	while (last < start + 5 * MS) {
		u64 now = clock_ns();

		if (now < last)
			return "clock_ns went back";
		last = now;
	}
	ticks = clock_ticks() - ticks;
	if (ticks * 1000 / (clock_hz() / 1000) < (last - start) / 1000)
		return "ticks and nanoseconds disagree";
	return NULL;
}

static const char *test_libc(void)
{
	char text[64], *big = malloc(1 << 20), *small = calloc(1, 100);

	if (!big || !small)
		return "malloc";
	memset(big, 0x5a, 1 << 20);
	big = realloc(big, 3 << 20);
	if (!big || big[(1 << 20) - 1] != 0x5a)
		return "realloc";
	for (unsigned k = 0; k < 100; k++)
		if (small[k])
			return "calloc";
	free(big);
	free(small);
	if (malloc(1ull << 40))
		return "a terabyte was found";
	sniprintf(text, sizeof(text), "%d %s %#lx %5u|%-3d|", -5, "x", 0x9000000000200000, 42u, 7);
	return strcmp(text, "-5 x 0x9000000000200000    42|7  |") ? "sniprintf" : NULL;
}

static const char *test_panic(void)
{
	panic("selftest: this panic is wanted, %d", 42);
}

static const struct selftest tests[] = {
	{ "clock", test_clock, false },
	{ "ticks", test_ticks, false },
	{ "queue", test_timer_queue, false },
	{ "idle", test_idle, false },
	{ "libc", test_libc, false },
	{ "panic", test_panic, true },
	{ 0 },
};

/* Is name in the comma separated list, or covered by `all`? */
static bool wanted(const struct selftest *s, const char *names)
{
	for (; *names; names += strcspn(names, ","), names += *names == ',') {
		size_t size = strcspn(names, ",");

		if (size == strlen(s->name) && !memcmp(names, s->name, size))
			return true;
		if (size == 3 && !memcmp(names, "all", 3) && !s->fatal)
			return true;
	}
	return false;
}

static bool known(const char *name, size_t size, const struct selftest *const *lists)
{
	if (size == 3 && !memcmp(name, "all", 3))
		return true;
	for (; *lists; lists++)
		for (const struct selftest *s = *lists; s->name; s++)
			if (size == strlen(s->name) && !memcmp(name, s->name, size))
				return true;
	return false;
}

struct counts { unsigned passed, failed; };

static void count(struct counts *n, const char *name, const char *core, const char *why)
{
	printk("SELFTEST %s%s %s%s\n", name, core, why ? "FAIL " : "ok", why ? why : "");
	n->passed += !why;
	n->failed += why != NULL;
}

static void run_list(const struct selftest *list, const char *names, struct counts *n)
{
	for (const struct selftest *s = list; s->name; s++)
		if (wanted(s, names))
			count(n, s->name, "", s->run());
}

static void run_list_on(unsigned core, const struct selftest *list, const char *names,
			struct counts *n)
{
	char where[16];

	sniprintf(where, sizeof(where), " on core %u", core);
	for (const struct selftest *s = list; s->name; s++)
		if (!s->fatal && wanted(s, names))
			count(n, s->name, where, selftest_on(core, s));
}

static void refuse_unknown(const char *names, const struct selftest *const *lists,
			   struct counts *n)
{
	for (size_t size; *names; names += size + (names[size] == ',')) {
		size = strcspn(names, ",");
		if (known(names, size, lists))
			continue;
		printk("SELFTEST %.*s FAIL unknown name\n", (int)size, names);
		n->failed++;
	}
}

void selftest_run(const char *names, const struct selftest *driver_tests)
{
	/* The kernel's own are those before core_selftests. */
	const struct selftest *const lists[] = { mmu_selftests, arch_selftests, tests,
						 core_selftests, alone_selftests, driver_tests,
						 NULL };
	struct counts n = { 0 };

	refuse_unknown(names, lists, &n);
	for (unsigned k = 0; lists[k]; k++)
		run_list(lists[k], names, &n);
	for (unsigned core = 1; core < cores_count(); core++)
		for (unsigned k = 0; lists[k] != core_selftests; k++)
			run_list_on(core, lists[k], names, &n);
	printk("SELFTEST done: %u passed, %u failed\n", n.passed, n.failed);
}
