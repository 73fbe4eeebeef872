/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool: equal regions, filled one after the other, the oldest evicted when
 * none is free. In a region code grows up and records grow down:
 *
 *   base ─► code … top        bottom … records ◄─ base + region_size
 *
 * Data never shares a page with code that grows towards it until the very end.
 */
#include "dbt/cache/cache.h"

#include "dbt/backend/host_limits.h"
#include "dbt/cache/this.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"

#include <string.h>

#define REGIONS_MAX 64
#define HIGH_WATER (8u * 1024)		/* a region with less left is full */
#define RECORDS_ROOM (4u * 1024)	/* of that, kept for a block's own records */

struct region {
	u8 *base;
	u32 *top;			/* first free word of code */
	u8 *bottom;			/* lowest record */
	struct block **block;		/* in order of code; grows down below the records' end */
	unsigned blocks;
	unsigned left;			/* of these, the first ones: the others are evicted */
};

/* All cores' pool. Law: one core for now; who changes it has no lock to take yet. */
static struct region region[REGIONS_MAX];
static unsigned regions, current;
static u64 region_size;
u8 *cache_pool;
u64 cache_pool_size;
/* The first core's; a name, so that a counting plugin knows what translated code probes. */
struct contexts first_contexts;

/* One index entry for each block of a region, at its upper end. */
#define BLOCKS_PER_REGION(size) ((size) / 256)

static void region_reset(struct region *r)
{
	u64 index = BLOCKS_PER_REGION(region_size) * sizeof(r->block[0]);

	r->top = (u32 *)r->base + (r->base == cache_pool);	/* nothing is at reference 0 */
	r->block = (struct block **)(r->base + region_size - index);
	r->bottom = (u8 *)r->block;
	r->blocks = r->left = 0;
}

void cache_init(void *mem, u64 size)
{
	must(size >= 256 * 1024 && !((uintptr_t)mem & 0xffff));
	cache_pool = mem;
	regions = size >= 16ull << 20 ? 32 : 8;
	region_size = align_down(size / regions, 32768);
	cache_pool_size = regions * region_size;
	current = 0;
	for (unsigned n = 0; n < regions; n++) {
		region[n].base = cache_pool + n * region_size;
		region_reset(&region[n]);
	}
}

void cache_core_init(struct cache_core *c, u64 *passages)
{
	c->contexts = &first_contexts;
	contexts_init(c->contexts, passages);
	cpu_self()->cache = c;
}

/* The last `most` blocks of those left in r go. */
static void evict_some(struct region *r, unsigned most)
{
	unsigned n = r->left < most ? r->left : most;

	r->left -= n;
	cache_this()->count.evicted_blocks += cache_drop_all(r->block + r->left, n);
}

static void region_evict(struct region *r)
{
	if (!r->blocks)
		return;
	cache_this()->count.evictions++;
	evict_some(r, r->left);
	region_reset(r);
	contexts_forget(cache_this()->contexts);
	memset(cache_this()->found, 0, sizeof(cache_this()->found));
	memset(cache_this()->found_site, 0, sizeof(cache_this()->found_site));
}

/*
 * With each new block a few of the region that is the next to go, so that the run loop need not
 * wait while all of them go at once. Before its turn comes a region is not filled, so nothing is
 * lost but some time that its blocks would have had.
 */
static void evict_ahead(void)
{
	enum { AHEAD = 8 };

	if (regions > 1)
		evict_some(&region[(current + 1) % regions], AHEAD);
}

void cache_next_region(void)
{
	current = (current + 1) % regions;
	region_evict(&region[current]);
	region_reset(&region[current]);
}

void cache_drop_mode(u32 mask, u32 flags)
{
	for (unsigned k = 0; k < regions; k++)
		for (unsigned n = 0; n < region[k].blocks; n++)
			if (!region[k].block[n]->dead &&
			    (region[k].block[n]->key.flags & mask) == flags)
				cache_drop(region[k].block[n]);
}

static u64 room_left(const struct region *r) { return (u64)(r->bottom - (u8 *)r->top); }

/* Records are carved downward; link records at multiples of their size from the pool's start. */
static void *carve(struct region *r, u64 size, u64 align)
{
	u64 at = (u64)(r->bottom - cache_pool) - size;

	at -= at % align;
	r->bottom = cache_pool + at;
	return r->bottom;
}

void cache_room(struct backend_out *o, unsigned links, u32 *link_base)
{
	struct region *r = &region[current];
	struct cache_core *c = cache_this();

	evict_ahead();
	if (room_left(r) < HIGH_WATER || r->blocks == BLOCKS_PER_REGION(region_size)) {
		cache_next_region();
		r = &region[current];
	}
	o->link = carve(r, links * sizeof(struct link), sizeof(struct link));
	*link_base = (u32)((u64)((u8 *)o->link - cache_pool) / sizeof(struct link));
	o->links_max = links;
	o->code = r->top;
	o->code_end = (u32 *)(r->bottom - RECORDS_ROOM);
	o->site = c->site;
	o->sites_max = CACHE_SITES_MAX;
	o->recipe = c->recipe;
	o->recipes_max = CACHE_RECIPES_MAX;
}

struct link *cache_link(u32 number) { return (struct link *)cache_pool + number; }

/* Bytes of a block's own record and tables. */
static u64 record_size(const struct backend_out *o)
{
	return sizeof(struct block) + o->sites * sizeof(struct fault_site) +
	       o->recipes * sizeof(struct recipe);
}

bool cache_fits(const struct backend_out *o)
{
	return record_size(o) <= RECORDS_ROOM - 8;
}

struct block *cache_commit(const struct backend_out *o)
{
	struct region *r = &region[current];
	struct block *b = carve(r, record_size(o), 8);
	struct cache_counters *count = &cache_this()->count;

	must((u8 *)o->end <= r->bottom);
	*b = (struct block){
		.code = pool_ref_of(o->start),
		.code_size = (u32)((u8 *)o->end - (u8 *)o->start),
		.links = o->links, .sites = o->sites, .recipes = o->recipes,
		.link = pool_ref_of(o->link), .head = o->head, .need = o->need,
	};
	memcpy(b->site, o->site, o->sites * sizeof(o->site[0]));
	memcpy(b->site + o->sites, o->recipe, o->recipes * sizeof(o->recipe[0]));
	for (unsigned n = 0; n < o->links; n++)
		o->link[n].from = pool_ref_of(b);
	r->top = o->end;
	r->block[r->blocks++] = b;
	r->left = r->blocks;
	backend_sync(o->code, o->end);
	count->barriers++;
	count->blocks++;
	count->code_bytes += b->code_size;
	return b;
}

static bool holds(const struct block *b, u64 pc)
{
	return pc - (u64)(uintptr_t)block_code(b) < b->code_size;
}

struct block *cache_block_at(u64 pc)
{
	u64 off = pc - (u64)(uintptr_t)cache_pool;
	struct cache_core *c = cache_this();
	struct block **found = &c->found[pc >> 7 & (CACHE_FOUND - 1)];
	const struct region *r;
	unsigned lo = 0, hi;

	if (*found && holds(*found, pc))
		return *found;
	if (!cache_holds(pc))
		return NULL;
	r = &region[off / region_size];
	hi = r->blocks;
	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		struct block *b = r->block[mid];

		if (holds(b, pc))
			return *found = b;
		if (pc < (u64)(uintptr_t)block_code(b))
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static const struct fault_site *find_site(const struct block *b, u64 pc)
{
	u64 off = (pc - (u64)(uintptr_t)block_code(b)) / HOST_INSN_SIZE;
	unsigned lo = 0, hi = b->sites;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (b->site[mid].offset == off)
			return &b->site[mid];
		if (b->site[mid].offset < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct fault_site *cache_site_at(const struct block *b, u64 pc)
{
	struct cache_core *c = cache_this();
	unsigned n = cache_site_place(pc);

	if (c->found_site[n].pc != pc) {
		c->found_site[n].site = find_site(b, pc);
		c->found_site[n].pc = pc;
	}
	return c->found_site[n].site;
}
