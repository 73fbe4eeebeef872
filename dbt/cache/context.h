/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Context tags: small numbers that stand for "these mappings and this mode".
 * Guards of chained exits and jump cache entries carry one. A tag stays good
 * as long as no mapping of its context can have changed. Code on global pages runs in
 * contexts of its own, which outlive CR3 writes; nothing on other pages is reached by them.
 */
#ifndef DBT_CACHE_CONTEXT_H
#define DBT_CACHE_CONTEXT_H

#include "dbt/backend/host_limits.h"
#include "kernel/lib/types.h"

struct context {
	u32 generation, global_generation;	/* of the mappings (mm/shadow.h) */
	u32 global;				/* code on global pages: generation is 0 */
	u32 flags, cs_base, cs_limit;		/* of the mode */
};

#define CONTEXT_TAG_MAX HOST_GUARD_TAG_MAX	/* 0 is never a tag */

/* But for `global`. */
static inline bool context_same(const struct context *a, const struct context *b)
{
	return a->generation == b->generation && a->global_generation == b->global_generation &&
	       a->flags == b->flags && a->cs_base == b->cs_base && a->cs_limit == b->cs_limit;
}

/* The last few contexts of a core and their numbers. */
struct contexts {
	/* Of other pages, of global ones: those of CR3 writes do not push these out. */
	struct context_recent {
		struct { struct context c; u32 tag; } slot[16];
		unsigned next, last;	/* to be used next; found last */
	} recent[2];
	u32 last_tag;
	u32 wraps;			/* so often have tags started again */
};

/*
 * The tag of c; a new one if c was not seen lately. Tags that run out start again: everything
 * forgets, jump cache and chains.
 */
u32 context_tag(struct contexts *x, const struct context *c);

/* Can the tag still come back? */
bool context_tag_live(const struct contexts *x, u32 tag);

#endif
