/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Room for a block in its core's region, and its records; the way back, from an address in it. Not
 * whose region it is (region.c), nor how others come to know of it (publish.c).
 */
#include "dbt/cache/cache.h"

#include "dbt/backend/host_limits.h"
#include "dbt/cache/region.h"
#include "dbt/cache/this.h"
#include "kernel/panic.h"

#include <string.h>

#define HIGH_WATER (8u * 1024)		/* a region with less left is full */
#define RECORDS_ROOM (4u * 1024)	/* of that, kept for a block's own records */

static u64 room_left(const struct region *r) { return (u64)(r->bottom - (u8 *)r->top); }

/* Records are carved downward; link records at multiples of their size from the pool's start. */
static void *carve(struct region *r, u64 size, u64 align)
{
	u64 at = (u64)(r->bottom - cache_pool) - size;

	at -= at % align;
	r->bottom = cache_pool + at;
	return r->bottom;
}

bool cache_has_region(void) { return cache_this()->region; }

bool cache_region_empty(void)
{
	const struct region *r = cache_this()->region;

	return r && !r->blocks;
}

bool cache_room(struct backend_out *o, unsigned links, u32 *link_base)
{
	struct cache_core *c = cache_this();
	struct region *r = c->region;

	region_evict_ahead();
	if ((!r || room_left(r) < HIGH_WATER || r->blocks == region_blocks_max()) &&
	    !cache_next_region())
		return false;
	r = c->region;
	c->top = r->top;
	c->bottom = r->bottom;
	o->link = carve(r, links * sizeof(struct link), sizeof(struct link));
	*link_base = (u32)((u64)((u8 *)o->link - cache_pool) / sizeof(struct link));
	o->links_max = links;
	o->code = r->top;
	o->code_end = (u32 *)(r->bottom - RECORDS_ROOM);
	o->site = c->site;
	o->sites_max = CACHE_SITES_MAX;
	o->recipe = c->recipe;
	o->recipes_max = CACHE_RECIPES_MAX;
	return true;
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
	struct region *r = cache_this()->region;
	struct block *b = carve(r, record_size(o), 8);

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
	backend_sync(o->code, o->end);
	cache_this()->count.barriers++;
	return b;
}

/* -- From an address to its block -- */

static bool holds(const struct block *b, u64 pc)
{
	return pc - (u64)(uintptr_t)block_code(b) < b->code_size;
}

struct block *cache_block_at(u64 pc)
{
	struct cache_core *c = cache_this();
	struct block **found = &c->found[pc >> 7 & (CACHE_FOUND - 1)];
	const struct region *r;
	unsigned lo = 0, hi;

	if (*found && holds(*found, pc))
		return *found;
	if (!cache_holds(pc))
		return NULL;
	r = region_at(pc);
	hi = __atomic_load_n(&r->blocks, __ATOMIC_ACQUIRE);
	/* The newest first: its exits are the ones that are left for the first time. */
	for (unsigned mid = hi - 1; lo < hi; mid = (lo + hi) / 2) {
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
