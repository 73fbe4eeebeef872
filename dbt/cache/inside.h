/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of dbt/cache do for each other: with the cache's lock (lock.h), where nothing else
 * is said.
 */
#ifndef DBT_CACHE_INSIDE_H
#define DBT_CACHE_INSIDE_H

#include "dbt/cache/cache.h"

/* -- region.c -- */

void region_init(void *mem, u64 size, unsigned cores);
/* What the core knows of regions that were given up is forgotten. Needs no lock. */
void region_forget(struct cache_core *c);

/* -- lookup.c -- */

/* A block is in the table of keys, and on the lists of its frames, from now on. */
void block_insert(struct block *b);
/* It is not in the table any more; who stands on it still gets on. */
void block_forget(struct block *b);
/* The block in the table whose key is *k, page2 too, and whose last byte is within `reach`. */
struct block *block_same(const struct block_key *k, u32 reach);

/* -- link.c -- */

/* l is chained: undo it. */
void link_undo(struct link *l);
/* Undo all far exits of the blocks that begin on frame n. */
void link_undo_far(u32 n);

/* -- invalidate.c -- */

/* Those of these blocks that are not dropped go; how many they were. */
unsigned blocks_drop(struct block *const *b, unsigned count);
/* The same for blocks with bytes in [off, off+size) of frame n. */
void blocks_drop_on(u32 n, u32 off, u32 size);
/* The lines of frame n that the block lies on. */
u64 block_lines(const struct block *b, u32 n);

#endif
