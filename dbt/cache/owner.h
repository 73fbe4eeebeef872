/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs the code of a frame. Blocks are shared by all addresses and address spaces that map
 * their frame; but where an exit to another page leads depends on both. So far exits of a frame are
 * chained only as long as all who ran its code did so at one linear page of one mapping: its
 * *owner*. As soon as another one is about to, they are undone, and probe jump caches from then on;
 * but if the old owner's mapping is in force no more, the new one takes its place, some times.
 * Mappings are a core's own: code that two cores run is shared.
 *
 * Invariant: translated code on a frame runs for its owner, or the frame is shared; for
 * whoever runs it got there by an exit that was chained or filled after owner_enter.
 */
#ifndef DBT_CACHE_OWNER_H
#define DBT_CACHE_OWNER_H

#include "dbt/backend/block.h"
#include "dbt/cache/context.h"
#include "dbt/cache/lock.h"

/*
 * b is about to be entered, or to be made reachable, at linear address va of `mapping` (of the
 * global pages, if its page is global).
 */
void owner_enter(struct contexts *x, struct block *b, u32 mapping, u64 va);

/*
 * May far exit l be chained to code at eip (of `from`'s CS base) that was found just now? `global`:
 * it is on global pages. With the cache's lock.
 */
bool owner_may_chain(const struct contexts *x, const struct link *l, u64 eip, bool global);

/* This core's numbers of mappings or spaces start again: it owns nothing, chains no far exit. */
void owner_forget_all(struct contexts *x);

/* So many spaces of a core have numbers at a time. */
static inline u32 owner_spaces_max(void) { return OWNER_SPACES / cache_cores; }

#endif
