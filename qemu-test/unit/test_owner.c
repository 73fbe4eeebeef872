/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs a frame's code: one linear page of one mapping, whatever its upper bits are; a second
 * one ends its far chains, but where the first mapping is gone. Chains themselves are counted here.
 */
#include "dbt/cache/owner.h"

#include "dbt/cache/inside.h"
#include "kernel/cpu.h"
#include "kernel/lib/bits.h"
#include "mm/frame.h"
#include "qemu-test/unit/check.h"

enum { FRAMES = 16, BOOK = 3, LIBRARY = 7 };

static u8 pool[4096] __attribute__((aligned(8)));
u8 *cache_pool = pool;
static struct frame frames[FRAMES];
struct frame *frame_table = frames;
u32 frame_count = FRAMES;

static struct cache_core core;
static struct cpu self = { .cache = &core };
static struct contexts x;
static struct block *const block = (struct block *)(pool + 64);
static unsigned undone;

struct cpu *this_cpu(void) { return &self; }
unsigned cache_cores = 1;
struct lock cache_writers;
void link_undo_far(u32 n) { undone += n == BOOK; }

bool contexts_live(const struct contexts *c, u32 mapping)
{
	return c->mapping[0] == mapping || c->mapping[1] == mapping ||
	       c->mapping[SPACE_GLOBAL] == mapping;
}

static bool may_chain(u64 eip, s32 delta, bool wide)
{
	const struct link l = { .from = pool_ref_of(block), .delta = delta, .wide = wide };

	return owner_may_chain(&x, &l, eip, false);
}

/* The number of chains that were undone by it. */
static unsigned enter(u32 mapping, u64 va)
{
	unsigned before = undone;

	owner_enter(&x, block, mapping, va);
	return undone - before;
}

static void world(void)
{
	owner_forget_all(&x);
	memset(frames, 0, sizeof(frames));
	block->frame[0] = BOOK;
	x.mapping[0] = 1;
	x.mapping[1] = 2;
	x.mapping[SPACE_GLOBAL] = 3;
}

static void one_owner(u64 va)
{
	world();
	CHECK(!may_chain(va, 4096, true), "nobody has run it");
	CHECK_EQ(enter(1, va), 0, "the first one");
	CHECK(may_chain(va, 4096, true), "its owner's");
	CHECK_EQ(enter(1, va + 0xabc), 0, "the same page");
	CHECK(may_chain(va, 4096, true), "still its owner's");
}

static void two_owners(u64 va, u32 mapping, u64 other)
{
	world();
	enter(1, va);
	CHECK_EQ(enter(mapping, other), 1, "chains of the first one are undone");
	CHECK(!may_chain(other, 4096, true), "shared");
	enter(1, va);
	CHECK(!may_chain(va, 4096, true), "shared for good");
}

static void the_next_one_follows(void)
{
	world();
	enter(1, 0x7f0012345000);
	x.mapping[0] = 4;
	CHECK_EQ(enter(4, 0x560012345000), 1, "the first one's are undone");
	CHECK(may_chain(0x560012345000, 4096, true), "it is the second one's now");
}

/* Numbers of 4 GiB run out: who owned something does not any more. */
static void numbers_run_out(void)
{
	world();
	enter(1, LIBRARY << 12);
	block->frame[0] = LIBRARY;
	for (u64 n = 1; n <= OWNER_SPACES; n++) {
		frames[LIBRARY].owner = 0;
		enter(2, n << 32);
	}
	block->frame[0] = BOOK;
	CHECK(!may_chain(LIBRARY << 12, 4096, true), "forgotten");
	enter(1, LIBRARY << 12);
	CHECK(may_chain(LIBRARY << 12, 4096, true), "its owner's again");
}

static void around_4_gib(void)
{
	one_owner(0xfffff000);
	CHECK(!may_chain(0x00000800, 0x1800, false), "forward over 4 GiB tests no kick");
	CHECK(may_chain(0x00001800, 0x1800, false), "forward");
	CHECK(may_chain(0x00000800, -0x1800, false), "backward");
	CHECK(may_chain(0x100000800, 0x1800, true), "64-bit code does not wrap");
}

int main(void)
{
	static const u64 place[] = { 0x401000, 0xffffffff81001000, 0x7f0012345000, 0x560012345000,
				     0xffff888000123000 };

	for (unsigned n = 0; n < ARRAY_LEN(place); n++) {
		one_owner(place[n]);
		two_owners(place[n], 1, place[n] + 0x1000);
		two_owners(place[n], 2, place[n]);
		two_owners(place[n], 1, place[n] ^ 1ull << 32);
		two_owners(place[n], 1, place[n] ^ 1ull << 46);
	}
	the_next_one_follows();
	numbers_run_out();
	around_4_gib();
	return check_done();
}
