/* SPDX-License-Identifier: BSD-2-Clause */
/* Emptying the jump cache; what is inline is in jump_cache.h, and the probe in glue.S too. */
#include "dbt/cache/jump_cache.h"

#include <string.h>

void jump_cache_clear(void)
{
	memset((char *)cpu_self() + JUMP_CACHE_OFFSET, 0,
	       JUMP_ENTRIES * sizeof(struct jump_entry));
}

/* A block can be in one place only: its eip's. */
void jump_cache_drop(const struct block *b)
{
	struct jump_entry *e = jump_cache_entry((u32)b->key.eip);

	if (e->code == block_code(b))
		*e = (struct jump_entry){ 0, NULL };
}
