/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code cache: one pool in equal regions, blocks found by key, chained by
 * patching, dropped by guest frame or with their region (design 3). The cache
 * knows no x86 and never translates. Invariant: a block that can be found or
 * reached by a chain lies in a live region, and its guest bytes are watched, or it
 * compares them at its entry (selfcheck.c).
 */
#ifndef DBT_CACHE_CACHE_H
#define DBT_CACHE_CACHE_H

#include "dbt/backend/backend.h"
#include "dbt/backend/block.h"
#include "dbt/cache/context.h"

struct cache_counters {
	u64 blocks, guest_insns;	/* translated since the start */
	u64 code_bytes;
	u64 lookups, misses;
	u64 links, unlinks;
	u64 shared;			/* frames that several ran (owner.h) */
	u64 drops;			/* blocks dropped because their bytes were written */
	u64 stale;			/* by a self-checking block that found them changed */
	u64 self_checked_pages;		/* so often a page's blocks began to check themselves */
	u64 evictions;			/* regions */
	u64 evicted_blocks;
	u64 barriers;			/* instruction cache barriers */
};

/* So much one emission may fill; records are copied to the region when their number is known. */
#define CACHE_SITES_MAX 1024
#define CACHE_RECIPES_MAX 1024

enum { CACHE_FOUND = 8, CACHE_FOUND_SITES = 1 << 6, CACHE_LOOP_PAGES = 256 };

/* loops.c: the lines of a frame that are in loops. */
struct loop_page {
	u64 lines;
	u32 frame;
};

/* A core's part of the cache: what it counts, its contexts, the emission under way. */
struct cache_core {
	struct cache_counters count;
	struct contexts *contexts;
	/* faults come from few places: a block by code, a fault site by its instruction */
	struct block *found[CACHE_FOUND];
	struct { u64 pc; const struct fault_site *site; } found_site[CACHE_FOUND_SITES];
	struct loop_page loop[CACHE_LOOP_PAGES];	/* by frame; one is forgotten for another */
	_Alignas(8) struct fault_site site[CACHE_SITES_MAX];
	_Alignas(8) struct recipe recipe[CACHE_RECIPES_MAX];
};


/*
 * Use `size` bytes at `pool` (within a direct branch's reach of the monitor's text, 64 KiB
 * aligned) for code. size >= 256 KiB. The frame table must be there. Once, for all cores.
 */
void cache_init(void *pool, u64 size);
/*
 * c, zeroed, is this core's part from now on; it stays the caller's and must stay. passages: as
 * struct contexts has it.
 */
void cache_core_init(struct cache_core *c, u64 *passages);

/* -- codebuf.c: room -- */

/* Is pc in the pool? */
extern u64 cache_pool_size;
static inline bool cache_holds(u64 pc) { return pc - (u64)(uintptr_t)cache_pool < cache_pool_size; }

/*
 * Room for one more block with up to `links` exits; evicts the oldest region if it must. The
 * caller fills it by backend_emit (link_base from *link_base), then calls cache_commit.
 */
void cache_room(struct backend_out *o, unsigned links, u32 *link_base);
/* Is there room for the records of what was emitted? If not, nothing of it may be used. */
bool cache_fits(const struct backend_out *o);
/*
 * Keep what was emitted and fits: returns the block, its tables copied, key and guest length to
 * be set.
 */
struct block *cache_commit(const struct backend_out *o);
/* Give up the rest of the current region: the next room is in a fresh one. */
void cache_next_region(void);
/* Drop all blocks whose key has these flags, of those in mask. No translated code is running. */
void cache_drop_mode(u32 mask, u32 flags);
/* The link record that an exit stub's number names. */
struct link *cache_link(u32 number);
/* The live block that holds pc, and its fault site there; NULL if none. */
struct block *cache_block_at(u64 pc);
const struct fault_site *cache_site_at(const struct block *b, u64 pc);
static inline unsigned cache_site_place(u64 pc)
{
	return ((u32)pc >> 2) * 0x9e3779b1u >> 26;	/* 6 bits */
}
/* The same if it was asked for lately; NULL says nothing. */
static inline const struct fault_site *cache_site_known(const struct cache_core *c, u64 pc)
{
	unsigned n = cache_site_place(pc);

	return c->found_site[n].pc == pc ? c->found_site[n].site : NULL;
}

/* -- lookup.c -- */

/* Blocks with this key but for page2, which the caller compares: walk by cache_next. */
struct block *cache_first(const struct block_key *k);
struct block *cache_next(struct block *b, const struct block_key *k);
/* Make a committed block known: by key, and on the lists of its frames. */
void cache_insert(struct block *b, u32 frame, u32 frame2);
/* Take it out of the table of keys. */
void cache_forget(struct block *b);

/* -- link.c -- */

/* The exit l, which is not chained, goes straight to `to` from now on. */
void cache_chain(struct link *l, struct block *to);
/* l is chained: undo it. */
void cache_unchain(struct link *l);
/* Undo all far exits of the blocks that begin on frame n. */
void cache_unchain_far(u32 n);

/* -- loops.c -- */

/* Is the code at offset off of frame n known to be in a loop? */
bool cache_in_loop(u32 n, u32 off);
/* The exit l was left, unchained: is it a loop's? */
void cache_goes_around(const struct link *l);

/* -- invalidate.c -- */

/* Drop the block: nobody finds or reaches it any more; its bytes stay until its region goes. */
void cache_drop(struct block *b);
/* The same for `count` of them, if they are not dropped yet; how many were not. */
unsigned cache_drop_all(struct block *const *b, unsigned count);
/* Bytes [off, off+size) of frame n were written: drop the blocks that they belong to. */
void cache_code_written(u32 n, u32 off, u32 size);
/* Are any of bytes [off, off+size) of frame n, which is one of b's, bytes of block b? */
bool cache_block_touched(const struct block *b, u32 n, u32 off, u32 size);
/* -- selfcheck.c: pages with code that are written again and again -- */

/* Blocks on frame n are to check themselves, and n is not to be watched. */
bool cache_self_checking(u32 n);
/*
 * A store to watched frame n was trapped, at `now` (clock_ns). True: so many were that
 * cache_page_busy is to be called as soon as no translated code is running.
 */
bool cache_store_trapped(u32 n, u64 now);
/* Frame n's blocks go; the next ones may be self-checking. */
void cache_page_busy(u32 n, u64 now);
/* Are there such pages? */
bool cache_self_checks(void);
/* Now and then: pages whose time is over are watched again. */
void cache_self_check_end(u64 now);

#endif
