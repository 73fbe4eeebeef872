/* SPDX-License-Identifier: BSD-2-Clause */
/* Context tags: the last few contexts and their numbers. */
#include "dbt/cache/context.h"

#include "dbt/cache/cache.h"
#include "dbt/cache/jump_cache.h"
#include "kernel/lib/bits.h"

#include <string.h>

static void wrap(struct contexts *x)
{
	memset(x->recent, 0, sizeof(x->recent));
	x->last_tag = 0;
	x->wraps++;
	cache_unchain_guarded();
	jump_cache_clear();
}

u32 context_tag(struct contexts *x, const struct context *c)
{
	struct context_recent *r = &x->recent[c->global];
	unsigned n = r->last;

	for (unsigned left = ARRAY_LEN(r->slot); left; left--, n = (n + 1) % ARRAY_LEN(r->slot))
		if (r->slot[n].tag && context_same(&r->slot[n].c, c)) {
			r->last = n;
			return r->slot[n].tag;
		}
	if (x->last_tag == CONTEXT_TAG_MAX)
		wrap(x);
	r->last = r->next = (r->next + 1) % ARRAY_LEN(r->slot);
	r->slot[r->next].c = *c;
	r->slot[r->next].tag = ++x->last_tag;
	return x->last_tag;
}

bool context_tag_live(const struct contexts *x, u32 tag)
{
	for (unsigned n = 0; n < ARRAY_LEN(x->recent[0].slot); n++)
		if (x->recent[0].slot[n].tag == tag || x->recent[1].slot[n].tag == tag)
			return true;
	return false;
}
