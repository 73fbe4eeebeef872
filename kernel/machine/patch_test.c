/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A core runs code for the first time while another one replaces it (dbt/backend/chain.c): once it
 * is told that this was done, it runs the new code. On silicon that takes an instruction barrier.
 * An emulator may be translating the old word just then, for as long as what is behind it is long,
 * on a page of which nothing is translated yet. The law of the back end's anchors, not of blocks.
 */
#include "kernel/machine/patch_test.h"

#include "dbt/backend/backend.h"
#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/host_cpu.h"
#include "kernel/lib/bits.h"
#include "kernel/machine/emit_block.h"
#include "kernel/selftest_host.h"
#include "kernel/timer.h"
#include "kernel/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* PLACES: other pages of the pool, and from round to round another one. */
enum { PAGE_WORDS = ANCHOR_PAGE / HOST_INSN_SIZE, PLACES = 16, ROUNDS = 8000, DELAYS = 1024 };
enum { OLD = 42 };		/* what selftest_return returns */
#define LIMIT_NS 60000000000ull
#define WORDS (SELFTEST_RETURN_SIZE / HOST_INSN_SIZE)

/* The first core sets `ready` and `done` to the round's number, the other one `answered`. */
static struct {
	u32 code[PLACES][PAGE_WORDS];
	struct block block;
	struct link link;
	u32 ready, done, answered;
	u32 stale;		/* rounds in which the old code was run in the end */
	u64 end;
} *w;

static u32 *place(u32 k) { return w->code[k % PLACES]; }

/* In some rounds the code is long, and run once before it is replaced; else again and again. */
static bool is_long(u32 k) { return k % 8 == 0; }

static bool wait_for(const u32 *what, u32 k)
{
	while (__atomic_load_n(what, __ATOMIC_ACQUIRE) != k) {
		if (clock_ns() > w->end)
			return false;
		cpu_pause();
	}
	return true;
}

static void say(u32 *what, u32 k) { __atomic_store_n(what, k, __ATOMIC_RELEASE); }

static void run(void *opaque)
{
	(void)opaque;
	for (u32 k = 1; k <= ROUNDS && wait_for(&w->ready, k); k++) {
		do {
			instruction_barrier();
			selftest_call((u64)(uintptr_t)place(k));	/* the old or the new one */
		} while (!is_long(k) && __atomic_load_n(&w->done, __ATOMIC_ACQUIRE) != k);
		if (!wait_for(&w->done, k))
			return;
		instruction_barrier();
		w->stale += selftest_call((u64)(uintptr_t)place(k)) == OLD;
		say(&w->answered, k);
	}
}

/* The page's code returns OLD; its last words are a block's anchor. */
static void make_page(u32 *p, unsigned before)
{
	u32 returns[WORDS];

	memcpy(returns, (const void *)selftest_return, sizeof(returns));
	for (unsigned n = 0; n < before; n++)
		p[n] = returns[0];
	memcpy(p + before, returns, sizeof(returns));
	w->block.code = pool_ref_of(p);
	w->block.code_size = ANCHOR_PAGE;
	w->link = (struct link){ .from = pool_ref_of(&w->block), .slot = pool_ref_of(p + 1),
				 .words = 1, .how = LINK_DEAD, .word = { returns[1] } };
	if (p[PAGE_WORDS - 1] != returns[1])
		p[PAGE_WORDS - 1] = returns[1];
	backend_sync(p, p + PAGE_WORDS);
}

/* The first word becomes a return, as an exit's first word becomes what it was. */
static bool replace(u32 k)
{
	u64 until;

	make_page(place(k), is_long(k) ? PAGE_WORDS / 4 : 0);
	say(&w->ready, k);
	for (until = clock_ticks() + k % DELAYS * 7; clock_ticks() < until;)
		;
	backend_unlink(&w->link);
	say(&w->done, k);
	return wait_for(&w->answered, k);
}

/* A block that is on three pages, which would have one without an anchor, is not made. */
static bool long_is_made(bool many)
{
	int r;

	t.random = 1;
	block_begin();
	t.ir->guest[1] = t.ir->guest[0];
	t.ir->guests = 2;
	for (unsigned n = 0; n < 2 * PAGE_WORDS / 3; n++)
		put((struct ir_insn){ .op = IR_STSTATE, .x = M_64, .k = help_field(4),
				      .a = constant(T_I64, (s64)next_random()) });
	block_end(0, NEXT);
	backend_many_cores = many;
	r = emit(0);
	backend_many_cores = false;
	return !r;
}

static bool all_rounds(void)
{
	struct work job = { .fn = run };
	bool in_time = true;

	w->end = clock_ns() + LIMIT_NS;
	work_post(1, &job);
	for (u32 k = 1; k <= ROUNDS && in_time; k++)
		in_time = replace(k);
	work_wait(&job);
	return in_time;
}

const char *patch_test(void)
{
	static char why[80];
	u8 *pool = cache_pool;
	bool in_time;

	if (cores_count() < 2)
		return "wants two cores";
	if (!long_is_made(false) || long_is_made(true))
		return "a block of three pages";
	w = aligned_alloc(ANCHOR_PAGE, align_up(sizeof(*w), ANCHOR_PAGE));
	if (!w)
		return "no memory";
	memset(w, 0, sizeof(*w));
	cache_pool = (u8 *)w - ANCHOR_PAGE;
	backend_many_cores = true;
	in_time = all_rounds();
	backend_many_cores = false;
	cache_pool = pool;
	snprintf(why, sizeof(why), "old code in %u of %u rounds", w->stale, ROUNDS);
	in_time = in_time && !w->stale;
	free(w);
	return in_time ? NULL : why;
}
