/* SPDX-License-Identifier: BSD-2-Clause */
/* Which lines are in loops: those between the two ends of an exit back on its page, no others. */
#include "dbt/cache/cache.h"

#include "kernel/cpu.h"
#include "mm/frame.h"
#include "qemu-test/unit/check.h"

enum { BOOK = 3, LIBRARY = 7, LINE = 1 << FRAME_LINE_SHIFT };

static u8 pool[4096] __attribute__((aligned(8)));
u8 *cache_pool = pool;
static struct cache_core core;
static struct cpu self = { .cache = &core };
static struct block *const block = (struct block *)(pool + 64);

struct cpu *this_cpu(void) { return &self; }

/* An exit of the block at offset `start`, at so many bytes from there, to so many. */
static void leave(u32 frame, u32 start, u32 at, s32 delta, bool far)
{
	const struct link l = { .from = pool_ref_of(block), .at = (u16)(at & 0xfff),
				.delta = delta, .far = far };

	block->frame[0] = frame;
	block->range[0].off = (u16)start;
	cache_goes_around(&l);
}

static void forget(void) { memset(core.loop, 0, sizeof(core.loop)); }

static void what_is_between(void)
{
	forget();
	leave(BOOK, 10 * LINE, 2 * LINE, -3 * LINE, false);
	for (u32 n = 0; n < 64; n++)
		CHECK_EQ(cache_in_loop(BOOK, n * LINE), n >= 7 && n <= 12, "line of the loop");
	CHECK(!cache_in_loop(LIBRARY, 8 * LINE), "another frame");
	leave(BOOK, 20 * LINE, 5, 5, false);
	CHECK(cache_in_loop(BOOK, 20 * LINE + 63), "a jump to itself");
	CHECK(cache_in_loop(BOOK, 7 * LINE), "the first loop still is one");
	leave(BOOK, 40 * LINE, 1024, 0, false);
	CHECK(cache_in_loop(BOOK, 56 * LINE), "a long loop");
}

static void no_loops(void)
{
	forget();
	leave(BOOK, 10 * LINE, 5, 6, false);
	CHECK(!cache_in_loop(BOOK, 10 * LINE), "forward");
	leave(BOOK, 10 * LINE, 1025, 0, false);
	CHECK(!cache_in_loop(BOOK, 10 * LINE), "too long a way back");
	leave(BOOK, 10 * LINE, 5, -LINE, true);
	CHECK(!cache_in_loop(BOOK, 10 * LINE), "to another page");
}

static void one_for_another(void)
{
	forget();
	leave(BOOK, 10 * LINE, LINE, 0, false);
	leave(BOOK + CACHE_LOOP_PAGES, 30 * LINE, LINE, 0, false);
	CHECK(!cache_in_loop(BOOK, 10 * LINE), "forgotten");
	CHECK(!cache_in_loop(BOOK + CACHE_LOOP_PAGES, 10 * LINE), "not taken over");
	CHECK(cache_in_loop(BOOK + CACHE_LOOP_PAGES, 30 * LINE), "the new one");
}

int main(void)
{
	what_is_between();
	no_loops();
	one_for_another();
	return check_done();
}
