/* SPDX-License-Identifier: BSD-2-Clause */
/* Filling and emptying a jump cache; the probes are in jump_cache.h and glue.S. */
#include "dbt/cache/jump_cache.h"

void jump_cache_clear(struct jump_cache *j)
{
	for (unsigned n = 0; n < JUMP_ENTRIES; n++)
		j->entry[n].eip = JUMP_EMPTY;
	j->fills = 0;
}

void jump_cache_empty(struct jump_cache *j)
{
	if (j->fills > JUMP_LOG) {
		jump_cache_clear(j);
		return;
	}
	while (j->fills)
		j->entry[j->filled[--j->fills]].eip = JUMP_EMPTY;
}

void jump_cache_fill(struct jump_cache *j, u64 eip, const struct block *b)
{
	unsigned n = jump_cache_index(eip);

	if (j->entry[n].eip == JUMP_EMPTY && j->fills <= JUMP_LOG) {
		if (j->fills < JUMP_LOG)
			j->filled[j->fills] = (u16)n;
		j->fills++;
	}
	j->entry[n] = (struct jump_entry){ (u64)(s64)(s32)eip, block_entry(b) };
}

void jump_cache_drop(struct jump_cache *j, u64 eip)
{
	struct jump_entry *e = &j->entry[jump_cache_index(eip)];

	if (e->eip == (u64)(s64)(s32)eip)
		e->eip = JUMP_EMPTY;
}
