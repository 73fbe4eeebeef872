/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A jump cache against a model: what it says is what was filled last for that EIP, and what was
 * just filled it knows. EIPs that share places settle: filled again whenever they are missed, as
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
	for (unsigned n = 0; n < BLOCKS; n++)
		block[n].code = 64 * n + 32;
	for (unsigned n = 0; n < EIPS; n++)	/* 16 bytes apart or on a few pages' same offsets */
		eip[n] = jump_cache_key(n % 2 ? 0xc0100000u + 16 * n : (u64)n << 19 | n % 64 << 4,
					false);
	jump_cache_clear(&jump);
}

static bool probe_is_right(unsigned n)
{
	const u32 *code = jump_cache_probe(&jump, eip[n]);

	return !code || (model[n] && code == block_entry(model[n]));
}

static void fill(unsigned n, const struct block *b)
{
	jump_cache_fill(&jump, eip[n], b);
	model[n] = b;
}

static void empty(void)
{
	jump_cache_empty(&jump);
	memset(model, 0, sizeof(model));
	for (unsigned n = 0; n < JUMP_ENTRIES; n++)
		if (jump.entry[n].eip != JUMP_EMPTY) {
			CHECK(false, "all of it is empty");
			return;
		}
}

static void at_random(void)
{
	unsigned wrong = 0, missed = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned n = chance(EIPS);

		if (chance(8)) {
			fill(n, &block[chance(BLOCKS)]);
			missed += !jump_cache_probe(&jump, eip[n]);
		} else {
			jump_cache_drop(&jump, eip[n]);
			model[n] = NULL;
		}
		wrong += !probe_is_right(n) || !probe_is_right(chance(EIPS));
		if (!chance(20000) || round == JUMP_LOG / 2)
			empty();
	}
	CHECK_EQ(wrong, 0, "what it says is right");
	CHECK_EQ(missed, 0, "what was just filled is there");
}

/* Misses in the last lap, each EIP probed once a lap and filled when it is missed. */
static unsigned settled(unsigned eips)
{
	unsigned missed = 0;

	jump_cache_clear(&jump);
	for (unsigned lap = 0; lap < LAPS; lap++) {
		missed = 0;
		for (unsigned n = 0; n < eips; n++)
			if (!jump_cache_probe(&jump, eip[n])) {
				missed++;
				jump_cache_fill(&jump, eip[n], &block[n % BLOCKS]);
			}
	}
	return missed;
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
	places_that_are_shared();
	return check_done();
}
