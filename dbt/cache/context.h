/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contexts: what the meaning of EIP depends on, and a jump cache for each (design 3). A context is
 * a mapping (of one address space, or of the global pages of all), the mode that is in block keys,
 * and base and limit of CS. Code on global pages runs in contexts of its own, which outlive CR3
 * writes.
 *
 * A mapping's number stands for "as these pages were fetched" (shadow_fetch, mm/shadow.h): when one
 * of them may not be so any more, the mapping gets a new number, and nothing found under the old
 * one is used again.
 */
#ifndef DBT_CACHE_CONTEXT_H
#define DBT_CACHE_CONTEXT_H

#include "dbt/cache/jump_cache.h"
#include "kernel/lib/types.h"

#define CONTEXTS 64
#define MAPPING_MAX 4000		/* numbers of mappings, from 1 on */
#define SPACES 64			/* address spaces, as mm/shadow numbers roots */
#define SPACE_GLOBAL SPACES		/* the global pages of all */
#define OWNER_SPACES 4000		/* owner.h: numbers of spaces, from 1 on, of all cores */
#define OWNER_PLACES 8192
#define PAGE_FILTER 4096		/* bits */
#define PLACES 64
#define FETCHED_PAGES 1024

struct context {
	u32 mapping;			/* 0: the slot is free */
	u32 space;			/* whose mapping */
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

/* A page that code was fetched from: so it is as long as the mapping has its number. */
struct fetched_page {
	u64 page;			/* linear, va >> 12; bit 52: with user rights */
	u32 mapping;
	u64 at;				/* guest physical address; bit 0: it is global */
};

/* owner.c: linear addresses of a mapping whose upper halves are `high`. */
struct owner_space { u32 mapping, high; };

/*
 * Where the guest runs: an address space, a mode, CS; and what is known of it, as long as
 * `changes` of the contexts is what it was. [0]: the address space's own pages; [1]: global ones.
 */
struct context_place {
	struct jump_cache *jump[2];
	u64 *used[2];			/* of its contexts */
	u32 space, flags;
	u64 cs_base;
	u32 cs_limit;
	u32 changes;
	u32 mapping[2];
};

/* A core's contexts, and the mappings in force. */
struct contexts {
	u64 *passages;			/* ~0 goes there when a place changes (vcpu.passage_not) */
	u64 uses;
	u32 epoch;			/* goes up when code is given up that entries may lead to */
	u32 changes;			/* the same, and when a mapping or a context is; not 0 */
	u32 mapping[SPACES + 1];	/* of each space; 0: to be numbered when it is wanted */
	u32 last_mapping;
	u64 fetched[PAGE_FILTER / 64];	/* linear pages that code was fetched from, hashed */
	struct fetched_page page[FETCHED_PAGES];
	u32 owner_first;		/* owner.c: this core's numbers come behind it */
	u32 owner_spaces;		/* so many have some */
	u16 owner_place[OWNER_PLACES];	/* their numbers, hashed; 0: none */
	struct owner_space owner_space[OWNER_SPACES + 1];
	struct context_place place[PLACES];
	struct context context[CONTEXTS];
	struct jump_cache jump[CONTEXTS];
};

/* core: its number, of cache_cores. */
void contexts_init(struct contexts *x, u64 *passages, unsigned core);

/* Places are to be found anew. */
static inline void contexts_changed(struct contexts *x)
{
	x->changes++;
	*x->passages = ~0ull;
}

/* Has a space this number now? */
bool contexts_live(const struct contexts *x, u32 mapping);

/* What was fetched in the space holds no more; all of them: SPACE_ALL. */
#define SPACE_ALL (~0u)
void contexts_gone(struct contexts *x, u32 space);
/* The same for a page at linear address va, if code was fetched there. */
void contexts_page_gone(struct contexts *x, u32 space, u64 va);
/* Code was fetched at linear address va; what that gave may be kept as *contexts_page. */
void contexts_fetched(struct contexts *x, u64 va);
static inline struct fetched_page *contexts_page(struct contexts *x, u64 page)
{
	return &x->page[(u32)(page ^ page >> 10) % FETCHED_PAGES];
}

/*
 * The place, its two contexts found or made (the ones not used for longest make room). What it
 * points to stays as long as its `changes` is that of x, and it until the next call.
 */
const struct context_place *contexts_place_slow(struct contexts *x,
						const struct context_place *like);

static inline struct context_place *contexts_place_guess(struct contexts *x, u32 space,
							 u32 flags)
{
	return &x->place[(flags ^ flags >> 8 ^ flags >> 19 ^ space * 5) % PLACES];
}

static inline const struct context_place *contexts_place(struct contexts *x, u32 space, u32 flags,
						 u64 cs_base, u32 cs_limit)
{
	const struct context_place *p = contexts_place_guess(x, space, flags);

	if (p->changes != x->changes || p->space != space || p->flags != flags ||
	    p->cs_base != cs_base || p->cs_limit != cs_limit)
		return contexts_place_slow(x, &(struct context_place){
			.space = space, .flags = flags, .cs_base = cs_base,
			.cs_limit = cs_limit,
		});
	*p->used[0] = *p->used[1] = ++x->uses;
	return p;
}

/* The same of flat code, whose flags say all of CS. */
static inline const struct context_place *contexts_place_flat(struct contexts *x, u32 space,
							      u32 flags)
{
	const struct context_place *p = contexts_place_guess(x, space, flags);

	if (__builtin_expect(p->changes != x->changes || p->space != space || p->flags != flags, 0))
		return contexts_place_slow(x, &(struct context_place){
			.space = space, .flags = flags, .cs_limit = ~0u,
		});
	*p->used[0] = *p->used[1] = ++x->uses;
	return p;
}

/* Code of a region is given up: no entry may lead there any more. */
static inline void contexts_forget(struct contexts *x)
{
	x->epoch++;
	contexts_changed(x);
}

#endif
