/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock of those who change what all cores find in the code cache: the table of keys, frames'
 * lists, lines and owners, chains, regions' states, self-checking pages, numbers of breakpoints.
 * Finding a block, jump caches and running take none.
 *
 * Laws: a small lock, and the last one: who holds it waits for nobody (no work, epoch or other
 * lock but the console's), touches no guest memory, and calls nothing of mm/ but frame_code_lines
 * and frame_code_set. So who wants it waits for a bounded time, and serves nobody meanwhile: it may
 * be anywhere, in the middle of a fill of the shadow tables too, where work of others would find
 * things half done.
 */
#ifndef DBT_CACHE_LOCK_H
#define DBT_CACHE_LOCK_H

#include "kernel/lib/types.h"
#include "kernel/lock.h"

/* So many cores translate and run; said before the second one begins. */
extern unsigned cache_cores;
extern struct lock cache_writers;

/* Does it matter what other cores do? */
static inline bool cache_many(void) { return __builtin_expect(cache_cores > 1, 0); }

static inline void cache_lock(void)
{
	if (cache_many())
		lock_take(&cache_writers);
}

static inline void cache_unlock(void)
{
	if (cache_many())
		lock_drop(&cache_writers);
}

#endif
