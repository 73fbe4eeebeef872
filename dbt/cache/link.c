/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chaining: exits patched to go straight to a block, and undone when it goes. Other cores may be
 * in these very instructions: each patch is one aligned word, before and after which the exit is
 * right, or several that are right in any mixture (dbt/backend/chain.c).
 */
#include "dbt/cache/cache.h"

#include "dbt/cache/inside.h"
#include "dbt/cache/this.h"
#include "mm/frame.h"

void cache_chain(struct link *l, struct block *to)
{
	backend_chain(l, to);
	l->to = pool_ref_of(to);
	l->next_in = to->in;
	to->in = pool_ref_of(l);
	cache_this()->count.barriers++;
	cache_this()->count.links++;
}

static void remove_incoming(struct link *l)
{
	pool_ref *p = &link_to(l)->in;

	while (*p != pool_ref_of(l))
		p = &((struct link *)pool_at(*p))->next_in;
	*p = l->next_in;
}

void link_undo(struct link *l)
{
	remove_incoming(l);
	l->to = 0;
	backend_unlink(l);
	cache_this()->count.unlinks++;
	cache_this()->count.barriers++;
}

void link_undo_far(u32 n)
{
	for (struct block *b = pool_at(frame_at(n)->blocks); b; b = block_behind(b, n))
		for (unsigned e = 0; e < b->links && b->frame[0] == n; e++)
			if (block_link(b, e)->far && block_link(b, e)->to)
				link_undo(block_link(b, e));
}

void cache_open(struct link *l)
{
	cache_lock();
	backend_open(l);
	cache_unlock();
}
