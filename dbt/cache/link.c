/* SPDX-License-Identifier: BSD-2-Clause */
/* Chaining: exits patched to go straight to a block, and undone when it goes. */
#include "dbt/cache/cache.h"

/* All chained links that have a guard, by way of next_guarded. */
static struct link *guarded;

void cache_chain(struct link *l, struct block *to, u32 tag)
{
	bool fresh = !l->to;

	if (l->to && l->to != to) {
		cache_unchain(l);
		fresh = true;
	}
	backend_link(l, to->code, tag);
	cache_counters.barriers++;
	cache_counters.links++;
	if (!fresh)
		return;
	l->to = to;
	l->next_in = to->in;
	to->in = l;
	if (l->guard) {
		l->next_guarded = guarded;
		l->prev_guarded = &guarded;
		if (guarded)
			guarded->prev_guarded = &l->next_guarded;
		guarded = l;
	}
}

static void remove_incoming(struct link *l)
{
	struct link **p = &l->to->in;

	while (*p != l)
		p = &(*p)->next_in;
	*p = l->next_in;
}

void cache_unchain(struct link *l)
{
	remove_incoming(l);
	if (l->guard) {
		*l->prev_guarded = l->next_guarded;
		if (l->next_guarded)
			l->next_guarded->prev_guarded = l->prev_guarded;
	}
	l->to = NULL;
	backend_unlink(l);
	cache_counters.unlinks++;
	cache_counters.barriers++;
}

void cache_unchain_guarded(void)
{
	while (guarded)
		cache_unchain(guarded);
}
