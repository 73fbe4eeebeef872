/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contexts: what the meaning of EIP depends on, and a jump cache for each (design 3). A context is
 * a mapping (of one address space, or of the global pages of all), the mode that is in block keys,
 * and base and limit of CS. Code on global pages runs in contexts of its own, which outlive CR3
 * writes.
 *
 * A mapping's number stands for "as the guest's tables are now": when they may have changed, the
 * mapping has a new one, and nothing found under the old one is used again.
 */
#ifndef DBT_CACHE_CONTEXT_H
#define DBT_CACHE_CONTEXT_H

#include "dbt/cache/jump_cache.h"
#include "kernel/lib/types.h"

#define CONTEXTS 64
#define MAPPING_MAX 4000		/* numbers of mappings, from 1 on (owner.h) */

struct context {
	u32 mapping;			/* 0: the slot is free */
	u32 flags, cs_limit;
	u64 cs_base;
	u64 used;			/* when */
	u32 epoch;			/* of struct contexts, when its jump cache was last right */
};

static inline bool context_same(const struct context *a, const struct context *b)
{
	return a->mapping == b->mapping && a->flags == b->flags && a->cs_base == b->cs_base &&
	       a->cs_limit == b->cs_limit;
}

/* A core's contexts, and the mappings in force. */
struct contexts {
	u32 mapping[2];			/* of this address space; of the global pages */
	u32 generation[2];		/* of these (mm/shadow.h) */
	u32 last_mapping;
	u64 uses;
	u32 epoch;			/* goes up when code is given up that entries may lead to */
	struct context context[CONTEXTS];
	struct jump_cache jump[CONTEXTS];
};

void contexts_init(struct contexts *x);

/*
 * The mappings are of these generations now: those that have changed get new numbers. When the
 * numbers run out, they start again: all contexts go, and so does what owner.h says.
 */
void contexts_mappings(struct contexts *x, u32 generation, u32 global_generation);

/*
 * The jump cache of the context that is like `like` (mapping, flags, CS); the one not used for
 * longest makes room. Good until the next call of anything here.
 */
struct jump_cache *contexts_find(struct contexts *x, const struct context *like);

/* Code of a region is given up: no entry may lead there any more. */
static inline void contexts_forget(struct contexts *x) { x->epoch++; }

#endif
