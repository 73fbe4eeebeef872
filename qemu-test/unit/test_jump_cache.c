/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A jump cache against a model: what it says is what was filled last for that EIP, unless that has
 * been closed, and what was just filled it knows, by the name that says whether it wants flags.
 * EIPs that share places settle: filled again whenever they are missed, as
 * the run loop does, they are all known in the end.
 */
#include "dbt/cache/jump_cache.h"
#include "qemu-test/unit/check.h"

enum { EIPS = 3000, BLOCKS = 64, ROUNDS = 400000, LAPS = 40 };

static u8 pool[4096];
u8 *cache_pool = pool;

static struct jump_cache jump;
static struct block block[BLOCKS];
static u64 eip[EIPS];
static const struct block *model[EIPS];		/* NULL: it must be missed */

static u64 seed = 88172645463325252ull;

static u32 chance(u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (u32)(seed >> 20) % below;
}

static void world(void)
{
	for (unsigned n = 0; n < BLOCKS; n++) {
		block[n].code = 64 * n + 32;
		block[n].head.sets_flags = n % 2;
	}
	for (unsigned n = 0; n < EIPS; n++)	/* 16 bytes apart or on a few pages' same offsets */
		eip[n] = jump_cache_key(n % 2 ? 0xc0100000u + 16 * n : (u64)n << 19 | n % 64 << 4,
					false);
	jump_cache_clear(&jump);
}

static bool probe_is_right(unsigned n)
{
	const u32 *code = jump_cache_probe(&jump, eip[n]);

	return !code || (model[n] && code == block_entry(model[n]) && *code != HOST_CLOSED);
}

/* Does a probe that has put no flags find only blocks that want none? */
static bool name_is_right(unsigned n)
{
	const struct jump_entry *e = &jump.entry[jump_cache_first(eip[n])];

	return e->name != eip[n] || !HOST_PROBES_FIRST ||
	       (model[n] && block_flags_dead(model[n]));
}

static void close_or_open(struct block *b)
{
	*block_entry(b) = *block_entry(b) == HOST_CLOSED ? 0 : HOST_CLOSED;
}

static void fill(unsigned n, const struct block *b)
{
	jump_cache_fill(&jump, eip[n], b);
	model[n] = b;
}

static unsigned lost, promoted, stayed, fewer;

/* What is known stays so, others too, and is in its first place then, but for want of room. */
static void promote(unsigned n)
{
	const struct jump_entry *first = &jump.entry[jump_cache_first(eip[n])];
	const u32 *was = jump_cache_probe(&jump, eip[n]);
	u32 known = jump.taken;

	promoted += was && !jump_entry_is(first, eip[n]);
	jump_cache_promote(&jump, eip[n]);
	stayed += was && !jump_entry_is(first, eip[n]);
	fewer += jump.taken != known;
	lost += jump_cache_probe(&jump, eip[n]) != was;
}

static void empty(void)
{
	jump_cache_empty(&jump);
	memset(model, 0, sizeof(model));
	for (unsigned n = 0; n < JUMP_ENTRIES; n++)
		if (jump.entry[n].name != JUMP_EMPTY) {
			CHECK(false, "all of it is empty");
			return;
		}
}

static unsigned taken(void)
{
	unsigned count = 0;

	for (unsigned n = 0; n < JUMP_ENTRIES; n++)
		count += jump.entry[n].name != JUMP_EMPTY;
	return count;
}

static void at_random(void)
{
	unsigned wrong = 0, missed = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned n = chance(EIPS);

		if (chance(8)) {
			struct block *b = &block[chance(BLOCKS)];

			fill(n, b);
			missed += *block_entry(b) != HOST_CLOSED &&
				  !jump_cache_probe(&jump, eip[n]);
		} else {
			jump_cache_drop(&jump, eip[n]);
			model[n] = NULL;
		}
		promote(chance(EIPS));
		if (!chance(64))
			close_or_open(&block[chance(BLOCKS)]);
		wrong += !probe_is_right(n) || !probe_is_right(chance(EIPS)) || !name_is_right(n);
		if (!chance(20000) || round == JUMP_LOG / 2)
			empty();
	}
	CHECK_EQ(wrong, 0, "what it says is right");
	CHECK_EQ(missed, 0, "what was just filled is there");
	CHECK_EQ(lost, 0, "what is promoted is there");
	CHECK_EQ(fewer, 0, "nobody is turned out for it");
	CHECK_EQ(taken(), jump.taken, "so many are taken");
	CHECK(promoted > 1000 && stayed < promoted / 2, "and mostly in its first place");
}

/* More than there is room for: what was filled last is there, and places are left. */
static void too_many(void)
{
	unsigned missed = 0, crowded = 0;

	for (unsigned n = 0; n < 20000; n++) {
		u64 at = jump_cache_key(0xc0000000u + 24 * n, false);

		jump_cache_fill(&jump, at, &block[n % BLOCKS]);
		missed += !jump_cache_probe(&jump, at);
		crowded += jump.taken > JUMP_FULL;
	}
	CHECK_EQ(missed, 0, "what was just filled is there");
	CHECK_EQ(crowded, 0, "it is never full");
	CHECK_EQ(taken(), jump.taken, "so many are taken");
}

/* Misses in the last of some laps, each EIP probed once a lap and filled when it is missed. */
static unsigned settles(unsigned eips, unsigned laps)
{
	unsigned missed = 0;

	for (unsigned lap = 0; lap < laps; lap++) {
		missed = 0;
		for (unsigned n = 0; n < eips; n++)
			if (!jump_cache_probe(&jump, eip[n])) {
				missed++;
				jump_cache_fill(&jump, eip[n], &block[n % BLOCKS]);
			}
	}
	return missed;
}

static unsigned settled(unsigned eips)
{
	jump_cache_clear(&jump);
	memset(pool, 0, sizeof(pool));
	return settles(eips, LAPS);
}

/* Where there is room. */
static void promotes(void)
{
	promoted = stayed = lost = fewer = 0;
	for (unsigned world = 0; world < 20; world++) {
		for (unsigned n = 0; n < EIPS; n++)
			eip[n] = jump_cache_key(0xc0000000u + chance(8u << 20), false);
		settled(2500);
		for (unsigned n = 0; n < 5000; n++)
			promote(chance(2500));
	}
	CHECK_EQ(lost + fewer, 0, "what is promoted is there, and nobody is turned out for it");
	CHECK(promoted > 1000 && stayed < promoted / 10, "and nearly always in its first place");
}

/* A few that are looked for again and again, beside many that are not. */
static void among_many(void)
{
	enum { MANY = JUMP_ENTRIES / 2, FEW = 400, WORLDS = 20 };
	unsigned missed = 0;

	for (unsigned world = 0; world < WORLDS; world++) {
		jump_cache_clear(&jump);
		for (unsigned n = 0; n < MANY; n++)
			jump_cache_fill(&jump, jump_cache_key(chance(~0u), false), block);
		for (unsigned n = 0; n < FEW; n++)
			eip[n] = jump_cache_key(chance(~0u), false);
		missed += settles(FEW, 1000);
	}
	CHECK_EQ(missed, 0, "they settle");
}

static void places_that_are_shared(void)
{
	for (unsigned n = 0; n < EIPS; n++)
		eip[n] = jump_cache_key(0xc0000000u + chance(8u << 20), false);
	CHECK(settled(2500) <= 25, "a third of its size settles, but for one in 100");
	for (unsigned n = 0; n < EIPS; n++)	/* one second place, many first ones */
		eip[n] = 0x08000123u + ((u64)n << 13);
	CHECK_EQ(settled(64), 0, "the same offset on many pages");
}

int main(void)
{
	world();
	at_random();
	empty();
	memset(pool, 0, sizeof(pool));
	too_many();
	places_that_are_shared();
	among_many();
	promotes();
	return check_done();
}
