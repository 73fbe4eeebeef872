/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The jump cache of a core, in the per-core area: from (context tag, eip) to code, as glue.S probes
 * it (dbt/backend/glue.h). Not the table of blocks (dbt/cache). Invariant: an entry's code belongs
 * to a live block that may run in the tag's context.
 */
#ifndef DBT_CACHE_JUMP_CACHE_H
#define DBT_CACHE_JUMP_CACHE_H

#include "dbt/backend/glue.h"
#include "dbt/backend/block.h"
#include "kernel/host_cpu.h"

struct jump_entry { u64 tag_eip; const u32 *code; };
#define JUMP_ENTRIES (1u << JUMP_CACHE_BITS)

/* Where glue.S looks for eip. */
static inline struct jump_entry *jump_cache_entry(u32 eip)
{
	struct jump_entry *first = (void *)((char *)cpu_self() + JUMP_CACHE_OFFSET);

	return &first[(eip ^ eip >> JUMP_CACHE_FOLD) & (JUMP_ENTRIES - 1)];
}

/*
 * Code that glue.S would find for eip, if any, under tag[1] (code on global pages) or tag[0].
 * *ctx is then the tag that has it.
 */
static inline const u32 *jump_cache_probe(u32 eip, const u32 tag[2], u64 *ctx)
{
	const struct jump_entry *e = jump_cache_entry(eip);

	for (int global = 1; global >= 0; global--)
		if (e->tag_eip == ((u64)tag[global] << 32 | eip)) {
			*ctx = tag[global];
			return e->code;
		}
	return NULL;
}

/* From now on b is found by its eip in the context that has this tag. */
static inline void jump_cache_fill(const struct block *b, u64 tag)
{
	u32 eip = (u32)b->key.eip;

	*jump_cache_entry(eip) = (struct jump_entry){ tag << 32 | eip, block_code(b) };
}

/* b goes: its entry, if it has one, is emptied. */
void jump_cache_drop(const struct block *b);
/* Empty all of it. */
void jump_cache_clear(void);

#endif
