/* SPDX-License-Identifier: BSD-2-Clause */
/* Chaining: exits patched to go straight to a block, and undone when it goes. */
#include "dbt/cache/cache.h"

#include "dbt/cache/this.h"

void cache_chain(struct link *l, struct block *to, u32 tag)
{
	bool fresh = link_to(l) != to;

	if (l->to && fresh)
		cache_unchain(l);
	backend_link(l, block_code(to), to->key.eip, tag);
	cache_this()->count.barriers++;
	cache_this()->count.links++;
	if (!fresh)
		return;
	l->to = pool_ref_of(to);
	l->next_in = to->in;
	to->in = pool_ref_of(l);
}

static void remove_incoming(struct link *l)
{
	pool_ref *p = &link_to(l)->in;

	while (*p != pool_ref_of(l))
		p = &((struct link *)pool_at(*p))->next_in;
	*p = l->next_in;
}

void cache_unchain(struct link *l)
{
	remove_incoming(l);
	l->to = 0;
	backend_unlink(l);
	cache_this()->count.unlinks++;
	cache_this()->count.barriers++;
}
