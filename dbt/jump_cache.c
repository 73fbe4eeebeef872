/* SPDX-License-Identifier: BSD-2-Clause */
/* Filling and emptying the jump cache; the probe is in jump_cache.h and in glue.S. */
#include "dbt/jump_cache.h"

#include "dbt/x86/mode.h"

#include <string.h>

_Static_assert(CPU_VCPU_OFFSET + sizeof(struct vcpu) <= JUMP_CACHE_OFFSET, "per-core area");

void jump_cache_clear(void)
{
	memset((char *)cpu_self() + JUMP_CACHE_OFFSET, 0,
	       JUMP_ENTRIES * sizeof(struct jump_entry));
}

/* A block can be in one place only: its eip's. */
void jump_cache_drop(const struct block *b)
{
	struct jump_entry *e = jump_cache_entry(b->key.eip);

	if (e->code == block_code(b))
		*e = (struct jump_entry){ 0, NULL };
}

void jump_cache_fill(struct dbt *d, const struct block *b)
{
	struct jump_entry *e = jump_cache_entry(b->key.eip);

	if (b->key.flags & KEY_SINGLE)
		return;
	*e = (struct jump_entry){ d->c->ctx << 32 | b->key.eip, block_code(b) };
	d->count.jump_cache_fills++;
}
