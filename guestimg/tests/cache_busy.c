/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A page with code and data that is written all the time: trapping each store would make both slow.
 * On any x86 nothing of it shows but in time; here the monitor's counters do.
 */
#include "guestimg/tests/cache.h"

void make_busy(u32 fn, u32 data, u32 times)
{
	put_function(fn, 0x5150);
	for (u32 k = 0; k < times; k++) {
		poke(data, k);
		if (!expect("a function beside data", call(fn), 0x5150))
			break;
	}
}

static volatile u32 ticks;

static bool on_tick(struct trap *t)
{
	(void)t;
	ticks++;
	timer_eoi(TIMER_PIT);
	return true;
}

static void wait_10ms(u32 n)
{
	timer_init();
	on_trap[VEC_PIT] = on_tick;
	ticks = 0;
	timer_periodic(10000);
	while (ticks < n)
		__asm__ volatile("sti; hlt; cli");
	timer_stop();
}

static void test_open(u32 va)
{
	u32 watched, pages;

	test("stores beside code do not trap for long");
	wait_10ms(150);				/* pages that were busy are not any more */
	call(va + 0xa00);
	pages = counter(C_SELF_CHECKED);
	make_busy(va + 0xa00, va + 0xb00, 1000);
	expect("the page's blocks check themselves", counter(C_SELF_CHECKED) > pages, 1);
	watched = counter(C_WATCHED);
	make_busy(va + 0xa00, va + 0xb00, 20000);
	expect("few of 20000 were trapped", counter(C_WATCHED) - watched < 1000, 1);
}

static void test_stale(u32 va)
{
	u32 stale = counter(C_STALE);

	test("such a block finds its bytes changed");
	make_busy(va + 0xa00, va + 0xb00, 600);
	for (u32 k = 0; k < 100; k++) {
		put_function(va + 0xa00, k);
		expect("the new code", call(va + 0xa00), k);
	}
	expect("found at its entry", counter(C_STALE) - stale >= 99, 1);
}

static void test_quiet(u32 va)
{
	u32 watched;

	test("a page that has gone quiet is watched again");
	make_busy(va + 0xa00, va + 0xb00, 600);
	wait_10ms(150);
	expect("the function", call(va + 0xa00), 0x5150);
	watched = counter(C_WATCHED);
	poke(va + 0xb00, 1);
	expect("a store was trapped", counter(C_WATCHED) - watched, 1);
}

void test_busy(u32 va)
{
	if (!have_counters()) {
		test("stores beside code");
		skip("no counters");
		return;
	}
	test_open(va);
	test_stale(va);
	test_quiet(va);
}
