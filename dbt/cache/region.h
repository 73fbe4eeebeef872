/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool's regions, for dbt/cache alone. In a region code grows up and records grow down:
 *
 *   base ─► code … top        bottom … records ◄─ base + region_size
 *
 * Data never shares a page with code that grows towards it until the very end. A region goes
 *
 *	free ─► a core's own ─► full ─(its blocks dropped, 8 at a time)─► leaving
 *	              ▲                                                      │
 *	              └────────────(an epoch has passed, kernel/epoch.h)─────┘
 *
 * Its core fills it without a lock; all else that is here changes with the cache's lock.
 */
#ifndef DBT_CACHE_REGION_H
#define DBT_CACHE_REGION_H

#include "dbt/cache/cache.h"

enum region_state { REGION_FREE, REGION_OWNED, REGION_FULL, REGION_LEAVING };

struct region {
	u8 *base;
	u32 *top;			/* first free word of code */
	u8 *bottom;			/* lowest record */
	struct block **block;		/* in order of code; grows down below the records' end */
	unsigned blocks;		/* of these; who looks without the lock sees them whole */
	unsigned left;			/* of a full one: the first ones, the others are evicted */
	enum region_state state;
	u64 age;			/* when its core took it */
	u64 epoch;			/* of a leaving one */
};

#define REGIONS_MAX 64
extern struct region region_table[REGIONS_MAX];
extern u64 region_size;

/* The region that holds `at`, an address in the pool. */
static inline struct region *region_at(u64 at)
{
	return &region_table[(at - (u64)(uintptr_t)cache_pool) / region_size];
}
/* So many blocks fit at most. */
unsigned region_blocks_max(void);
/* A few blocks of the region that is the next to go, if one is to go. Takes the lock. */
void region_evict_ahead(void);

#endif
