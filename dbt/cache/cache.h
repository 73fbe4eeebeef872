/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code cache: one pool in equal regions, blocks found by key, chained by
 * patching, dropped by guest frame or with their region (design 3). The cache
 * knows no x86 and never translates. Invariant: a block that can be found or
 * reached by a chain lies in a live region, and its guest bytes are watched, or it
 * compares them at its entry (selfcheck.c).
 *
 * All cores share it. A core may hold blocks, exits and what they lead to between two of its quiet
 * points (kernel/epoch.h): until then nothing is written over them, though they may be dropped.
 */
#ifndef DBT_CACHE_CACHE_H
#define DBT_CACHE_CACHE_H

#include "dbt/backend/backend.h"
#include "dbt/backend/block.h"
#include "dbt/cache/context.h"
#include "dbt/cache/lock.h"

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
	u64 twice;			/* blocks that another core had made meanwhile */
	u64 outdated;			/* whose bytes changed while they were made */
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

struct region;

/* A core's part of the cache: what it counts, its contexts, the emission under way. */
struct cache_core {
	struct cache_counters count;
	struct contexts *contexts;
	struct region *region;		/* that it fills; NULL: it wants one */
	u32 *top;			/* the region's, before the emission under way */
	u8 *bottom;
	u32 given_up;			/* of these regions it knows nothing any more */
	/* its fetches see the code of blocks up to this number (publish.c) */
	u64 seen;
	/* faults come from few places: a block by code, a fault site by its instruction */
	struct block *found[CACHE_FOUND];
	struct { u64 pc; const struct fault_site *site; } found_site[CACHE_FOUND_SITES];
	struct loop_page loop[CACHE_LOOP_PAGES];	/* by frame; one is forgotten for another */
	_Alignas(8) struct fault_site site[CACHE_SITES_MAX];
	_Alignas(8) struct recipe recipe[CACHE_RECIPES_MAX];
};


/*
 * Use `size` bytes at `pool` (within a direct branch's reach of the monitor's text, 64 KiB
 * aligned) for code. size >= 256 KiB, and 64 KiB for each of `cores`, which translate and run. The
 * frame table must be there. Once, for all cores.
 */
void cache_init(void *pool, u64 size, unsigned cores);
/*
 * c, zeroed, is this core's part from now on; it stays the caller's and must stay, as must x, its
 * contexts (NULL: the first core's). passages: as struct contexts has it. Before it runs translated
 * code: cache_idle_end.
 */
void cache_core_init(struct cache_core *c, struct contexts *x, u64 *passages);

/*
 * This core is at a quiet point (kernel/epoch.h): what it knows of regions that are given up goes.
 * Called by itself if an epoch has begun; it is never wrong to call it there.
 */
void cache_quiet(void);

/* -- region.c: whose part of the pool -- */

/*
 * Give up the rest of this core's region: the next room is in a fresh one. With one core the oldest
 * region is evicted if need be. False: it has none now, since others have not been quiet since one
 * was evicted; ask again between quiet points, holding nothing.
 */
bool cache_next_region(void);
/* Ask the cores that the next region waits for to come to their quiet points. */
void cache_hurry_region(void);
bool cache_has_region(void);
/* Has it one, that nothing is in? */
bool cache_region_empty(void);
/*
 * Drop all blocks whose key has these flags, of those in mask. With the lock; this core runs no
 * translated code.
 */
void cache_drop_mode(u32 mask, u32 flags);

/* -- codebuf.c: room -- */

/* Is pc in the pool? */
extern u64 cache_pool_size;
static inline bool cache_holds(u64 pc) { return pc - (u64)(uintptr_t)cache_pool < cache_pool_size; }

/*
 * Room for one more block with up to `links` exits, in the core's region or a fresh one. The caller
 * fills it by backend_emit (link_base from *link_base), then calls cache_commit. False: as
 * cache_next_region.
 */
bool cache_room(struct backend_out *o, unsigned links, u32 *link_base);
/* Is there room for the records of what was emitted? If not, nothing of it may be used. */
bool cache_fits(const struct backend_out *o);
/*
 * Keep what was emitted and fits: returns the block, its tables copied. Key and what it is made of
 * are to be set, then it is published, before the next room.
 */
struct block *cache_commit(const struct backend_out *o);

/* -- publish.c: from one core to all -- */

/* What a block was made from, as it was before its bytes were read. */
struct cache_source {
	u32 frame[2];		/* FRAME_NONE: it has no second one */
	u32 count[2];		/* frame_code_count */
	bool self_check[2];	/* cache_self_checking, read after that */
	u32 reach;		/* a block with the same key that ends no later will do as well */
};

/*
 * Make the block that was committed known: by key, on the lists of its frames, their lines as code.
 * Returns it; or another core's that is there already; or NULL: its bytes are not what they were,
 * and it is to be made again.
 */
struct block *cache_publish(struct block *b, const struct cache_source *s);

/*
 * This core has found b, and is about to enter it, or to let its translated code enter it: its
 * fetches see b's code from here on, whoever wrote it.
 */
void cache_see_new(struct cache_core *c);
static inline void cache_meet(struct cache_core *c, const struct block *b)
{
	if (__builtin_expect((s32)(b->number - (u32)c->seen) > 0, 0))
		cache_see_new(c);
}

/*
 * With the cache's lock. Do all cores' fetches see b's code, so that an exit which any of them may
 * be at can be chained to it? If not, each that comes by its quiet point does (epoch_hurry).
 */
bool cache_settled(const struct block *b);

/*
 * This core waits, at a quiet point, and runs no translated code until it waits no more. So it does
 * once it has its part of the cache.
 */
void cache_idle_begin(void);
void cache_idle_end(void);
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

/* Blocks with this key but for page2, which the caller compares: walk by cache_next. No lock. */
struct block *cache_first(const struct block_key *k);
struct block *cache_next(struct block *b, const struct block_key *k);

/* -- link.c -- */

/* With the lock. The exit l, not chained, goes to `to` from now on; neither's block is dead. */
void cache_chain(struct link *l, struct block *to);
/* The far exit l was left for the first time: it probes from now on. */
void cache_open(struct link *l);

/* -- loops.c -- */

/* Is the code at offset off of frame n known to be in a loop? */
bool cache_in_loop(u32 n, u32 off);
/* The exit l was left, unchained: is it a loop's? */
void cache_goes_around(const struct link *l);

/* -- invalidate.c -- */

/*
 * Drop the block: nobody finds or reaches it any more (a core that runs it goes on to its exit);
 * its bytes stay until its region is used anew. False: it was dropped before.
 */
bool cache_drop(struct block *b);
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
