/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool and its regions: who has which, and how the oldest comes to be used anew. See region.h.
 * Law: nothing is written over a region's blocks before each core has been quiet since the last of
 * them was dropped, and has forgotten there what it knew of the region (cache_quiet). With one
 * core that is when it takes the region.
 */
#include "dbt/cache/region.h"

#include "dbt/cache/inside.h"
#include "dbt/cache/lock.h"
#include "dbt/cache/this.h"
#include "kernel/epoch.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"

#include <string.h>

#define REGION_UNIT 32768u

u8 *cache_pool;
u64 cache_pool_size, region_size;
struct region region_table[REGIONS_MAX];
static unsigned regions;
static unsigned wanted;		/* so many are to be free or leaving, so that nobody waits */
static unsigned spare;		/* so many are */
static struct region *victim;	/* a full one that is being evicted */
static u64 ages;
static u32 given_up;		/* how many have left, so far */

/* One index entry for each block of a region, at its upper end. */
unsigned region_blocks_max(void) { return (unsigned)(region_size / 256); }

static void reset(struct region *r)
{
	r->top = (u32 *)r->base + (r->base == cache_pool);	/* nothing is at reference 0 */
	r->block = (struct block **)(r->base + region_size) - region_blocks_max();
	r->bottom = (u8 *)r->block;
	r->blocks = r->left = 0;
}

/* Each core has its own; as many again are full or on their way, if the pool has room for them. */
static unsigned regions_for(u64 size, unsigned cores)
{
	unsigned n = size >= 16ull << 20 ? 32 : 8;

	while (cores > 1 && n < 2 * cores + 2 && 2 * n <= REGIONS_MAX &&
	       size / (2 * n) >= REGION_UNIT)
		n *= 2;
	return n;
}

void region_init(void *mem, u64 size, unsigned cores)
{
	must(size >= 256 * 1024 && !((uintptr_t)mem & 0xffff));
	cache_pool = mem;
	regions = regions_for(size, cores);
	region_size = align_down(size / regions, REGION_UNIT);
	cache_pool_size = regions * region_size;
	must(regions > cores);
	wanted = cores < regions / 4 ? cores : regions / 4;
	spare = regions;
	victim = NULL;
	for (unsigned n = 0; n < regions; n++) {
		region_table[n] = (struct region){ .base = cache_pool + n * region_size };
		reset(&region_table[n]);
	}
}

/* -- What a core knows of regions that are given up -- */

static void forget(struct cache_core *c)
{
	contexts_forget(c->contexts);
	memset(c->found, 0, sizeof(c->found));
	memset(c->found_site, 0, sizeof(c->found_site));
}

void region_forget(struct cache_core *c)
{
	u32 now = __atomic_load_n(&given_up, __ATOMIC_ACQUIRE);

	if (c->given_up == now)
		return;
	c->given_up = now;
	forget(c);
}

/* -- Eviction -- */

static struct region *oldest_full(void)
{
	struct region *best = NULL;

	for (struct region *r = region_table; r < region_table + regions; r++)
		if (r->state == REGION_FULL && (!best || r->age < best->age))
			best = r;
	return best;
}

/*
 * The last `most` blocks that are left of the oldest full region go. If it leaves thereby, returns
 * the epoch after which it may be used anew, for epoch_hurry without the lock; else 0.
 */
static u64 evict(unsigned most)
{
	struct region *r = victim ? victim : oldest_full();
	unsigned n;

	victim = r;
	if (!r)
		return 0;
	n = r->left < most ? r->left : most;
	r->left -= n;
	cache_this()->count.evicted_blocks += blocks_drop(r->block + r->left, n);
	if (r->left)
		return 0;
	victim = NULL;
	r->state = REGION_LEAVING;
	__atomic_store_n(&spare, spare + 1, __ATOMIC_RELAXED);
	if (!cache_many())
		return 0;
	__atomic_store_n(&given_up, given_up + 1, __ATOMIC_RELEASE);
	return r->epoch = epoch_begin();
}

static bool is_spare(void) { return __atomic_load_n(&spare, __ATOMIC_RELAXED) >= wanted; }

/*
 * With each new block a few of the region that is the next to go, so that nobody need wait while
 * all of them go at once. Before its turn comes a region is not filled, so nothing is lost but some
 * time that its blocks would have had.
 */
void region_evict_ahead(void)
{
	enum { AHEAD = 8 };
	u64 t;

	if (is_spare())
		return;
	cache_lock();
	t = evict(AHEAD);
	cache_unlock();
	if (t)
		epoch_hurry(t);
}

/* -- Whose region -- */

static bool is_ready(const struct region *r)
{
	return r->state == REGION_FREE ||
	       (r->state == REGION_LEAVING && (!cache_many() || epoch_passed(r->epoch)));
}

/* A region for core c, or NULL: none is ready. */
static struct region *take(struct cache_core *c)
{
	struct region *r = region_table;

	while (r < region_table + regions && !is_ready(r))
		r++;
	if (r == region_table + regions)
		return NULL;
	if (r->state == REGION_LEAVING) {
		c->count.evictions++;
		reset(r);
		if (cache_many())
			backend_forget_page((const u32 *)r->base);	/* which others wrote */
		else
			forget(c);
	}
	r->state = REGION_OWNED;
	r->age = ++ages;
	__atomic_store_n(&spare, spare - 1, __ATOMIC_RELAXED);
	return r;
}

static void retire(struct region *r)
{
	r->state = REGION_FULL;
	r->left = r->blocks;
}

bool cache_next_region(void)
{
	struct cache_core *c = cache_this();
	u64 t = 0;

	cache_lock();
	if (c->region)
		retire(c->region);
	c->region = take(c);
	if (!c->region && !cache_many()) {
		evict(~0u);
		c->region = take(c);
	} else if (!c->region && !is_spare()) {
		t = evict(8);
	}
	cache_unlock();
	if (t)
		epoch_hurry(t);
	return c->region;
}

void cache_hurry_region(void)
{
	u64 t = 0;

	cache_lock();
	for (const struct region *r = region_table; r < region_table + regions; r++)
		if (r->state == REGION_LEAVING && (!t || r->epoch < t))
			t = r->epoch;
	cache_unlock();
	if (t)
		epoch_hurry(t);
}

void cache_drop_mode(u32 mask, u32 flags)
{
	for (struct region *r = region_table; r < region_table + regions; r++)
		for (unsigned n = 0; n < r->blocks; n++)
			if ((r->block[n]->key.flags & mask) == flags)
				blocks_drop(&r->block[n], 1);
}
