/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A context's jump cache: from EIP to code, as glue.S probes it (dbt/backend/glue.h). Not the table
 * of blocks (dbt/cache). Invariant: an entry's code belongs to a block that may run in the context,
 * or is that of a dropped one, whose entry is closed; never of a region that was given up.
 */
#ifndef DBT_CACHE_JUMP_CACHE_H
#define DBT_CACHE_JUMP_CACHE_H

#include "dbt/backend/glue.h"
#include "dbt/backend/block.h"

#define JUMP_ENTRIES (1u << JUMP_CACHE_BITS)
#define JUMP_LOG 512			/* more fills than this are not remembered one by one */

/*
 * All functions take eip as R_ARG(0) holds it, sign-extended from 32 bits outside 64-bit code. So
 * is an entry's name, or tagged (jump_cache_tagged); an empty one has JUMP_EMPTY, which none is.
 */
struct jump_entry { u64 name; const u32 *code; };
#define JUMP_EMPTY (1ull << 62)
#define JUMP_MOVES 4
#define JUMP_FULL (JUMP_ENTRIES * 3 / 4)	/* with so many taken it is emptied first */
/*
 * When so many were turned out, and half as many as there are, it is emptied, too: they may be a
 * few that turn each other out, beside many that nobody looks for any more.
 */
#define JUMP_LOST 256
#define JUMP_LOOKS 32		/* each such look at a second place promotes what it finds */

/* The name of a block at eip that may look at the flags it is entered with. */
static inline u64 jump_cache_tagged(u64 eip)
{
	return (eip & ((1ull << 52) - 1)) | (u64)JUMP_TAG << 52;
}

struct jump_cache {
	struct jump_entry entry[JUMP_ENTRIES];	/* first: R_CTX points here */
	/* entries that are not empty, unless there have been more of them */
	u16 filled[JUMP_LOG];
	u32 fills;
	u32 taken;		/* so many are not empty */
	u32 lost;		/* so many were turned out since it was emptied */
};

/* Empty all of it, whatever is in it. */
void jump_cache_clear(struct jump_cache *j);
/* The same, by what has been filled. */
void jump_cache_empty(struct jump_cache *j);

/* From now on b's code is entered for eip. */
void jump_cache_fill(struct jump_cache *j, u64 eip, const struct block *b);

/* eip, if in its second place, comes to its first, unless who is in its way finds no other. */
void jump_cache_promote(struct jump_cache *j, u64 eip);

/* eip has no entry any more. */
void jump_cache_drop(struct jump_cache *j, u64 eip);

/* The two places of eip: where the later one of two that share a place goes, and the other's. */
static inline unsigned jump_cache_first(u64 eip)
{
	return ((u32)eip >> JUMP_CACHE_SHIFT) % JUMP_ENTRIES;
}

static inline unsigned jump_cache_second(u64 eip)
{
	return ((u32)eip ^ (u32)eip >> JUMP_CACHE_BITS) % JUMP_ENTRIES;
}

/* eip as entries have it; wide: of 64-bit code. */
static inline u64 jump_cache_key(u64 eip, bool wide)
{
	return wide ? eip : (u64)(s64)(s32)(u32)eip;
}

static inline bool jump_entry_is(const struct jump_entry *e, u64 eip)
{
	return e->name == eip || e->name == jump_cache_tagged(eip);
}

/* What is entered by the entry, or NULL if that is closed. */
static inline const u32 *jump_entry_code(const struct jump_entry *e)
{
	return __atomic_load_n(e->code, __ATOMIC_RELAXED) == HOST_CLOSED ? NULL : e->code;
}

/* The entry of the block that would be entered for eip, or NULL. */
static inline const u32 *jump_cache_probe(const struct jump_cache *j, u64 eip)
{
	const struct jump_entry *e = &j->entry[jump_cache_first(eip)];

	if (!jump_entry_is(e, eip)) {
		e = &j->entry[jump_cache_second(eip)];
		if (!jump_entry_is(e, eip))
			return NULL;
	}
	return jump_entry_code(e);
}

/* Has nothing: the jump cache of who is to leave translated code (dbt/backend/host_frame.h). */
extern struct jump_entry jump_nothing[JUMP_ENTRIES];
void jump_nothing_init(void);

#endif
