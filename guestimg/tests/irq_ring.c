/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that jump to each other without end. The last one's code has run before at another address,
 * where the same jump goes the other way around 4 GiB and leads elsewhere.
 */
#include "guestimg/tests/irq.h"
#include "guestimg/tests/lib.h"

enum { RING_MAX = 3, INTERRUPTS = 20, MICROSECONDS = 150 };

static const struct ring {
	const char *name[2];			/* by timer */
	u32 page[RING_MAX], pages;
	u32 elsewhere;				/* of the last page */
} rings[] = {
	{ { "PIT jumps forward over 4 GiB", "LAPIC jumps forward over 4 GiB" },
	  { 0x50000000, 0x90000000, 0xf0000000 }, 3, 0x80000000 },
	{ { "PIT jumps back, before over 0", "LAPIC jumps back, before over 0" },
	  { 0x80000000, 0xe0000000 }, 2, 0x50000000 },
};

static const struct ring *ring;
static enum timer timer;
static u32 count;

static u32 next(u32 k) { return ring->page[(k + 1) % ring->pages]; }

static bool in_ring(u32 eip)
{
	for (u32 k = 0; k < ring->pages; k++)
		if (eip == ring->page[k])
			return true;
	return false;
}

static bool on_ring_timer(struct trap *t)
{
	timer_eoi(timer);
	if (!in_ring(t->eip))
		expect("eip outside the ring", t->eip, ring->page[0]);
	if (++count == INTERRUPTS)
		return false;
	timer_once(timer, MICROSECONDS);
	return true;
}

static void put_jump(u32 pa, u32 distance)
{
	*(u8 *)pa = 0xe9;
	*(u32 *)(pa + 1) = distance - 5;
}

static u32 *ring_new(void)
{
	u32 *pd = pd_new(), last = ring->pages - 1, page = 0, end = page_new();

	for (u32 k = 0; k < ring->pages; k++) {
		page = page_new();
		put_jump(page, next(k) - ring->page[k]);
		map(pd, ring->page[k], page, P | W);
	}
	*(u16 *)end = 0xcd | VEC_EXIT << 8;
	map(pd, ring->elsewhere, page, P | W);
	map(pd, ring->elsewhere + next(last) - ring->page[last], end, P | W);
	return pd;
}

static void test_ring(void)
{
	struct regs r = kernel_regs((const void *)ring->elsewhere);

	u32 *pd = ring_new();

	test(ring->name[timer == TIMER_LAPIC]);
	count = 0;
	load_cr3(pd);
	run(&r);
	expect("ended elsewhere", stopped.vector, VEC_EXIT);
	map(pd, ring->elsewhere, 0, 0);
	invlpg(ring->elsewhere);		/* the code is the ring's alone */
	r.eip = ring->page[0];
	timer_once(timer, MICROSECONDS);
	run(&r);
	timer_stop();
	expect("interrupts", count, INTERRUPTS);
	load_cr3(kernel_pd);
}

void test_rings(enum timer t)
{
	u32 vector = t == TIMER_PIT ? VEC_PIT : VEC_LAPIC;
	handler was = on_trap[vector];

	timer = t;
	on_trap[vector] = on_ring_timer;
	for (u32 k = 0; k < COUNT(rings); k++) {
		ring = &rings[k];
		test_ring();
	}
	on_trap[vector] = was;
}
