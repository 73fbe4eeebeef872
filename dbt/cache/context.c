/* SPDX-License-Identifier: BSD-2-Clause */
/* Context tags: the last few contexts and their numbers. */
#include "dbt/cache/context.h"

#include "dbt/cache/cache.h"
#include "kernel/lib/bits.h"

#include <string.h>

void (*context_on_wrap)(void);

static struct { struct context c; u32 tag; } recent[16];
static unsigned next_slot, last_slot;	/* to be used next; found last */
static u32 last_tag;

static bool same(const struct context *a, const struct context *b)
{
	return a->generation == b->generation && a->global_generation == b->global_generation &&
	       a->flags == b->flags && a->cs_base == b->cs_base && a->cs_limit == b->cs_limit;
}

static void wrap(void)
{
	memset(recent, 0, sizeof(recent));
	last_tag = 0;
	cache_unchain_guarded();
	if (context_on_wrap)
		context_on_wrap();
}

u32 context_tag(const struct context *c)
{
	unsigned n = last_slot;

	for (unsigned left = ARRAY_LEN(recent); left; left--, n = (n + 1) % ARRAY_LEN(recent))
		if (recent[n].tag && same(&recent[n].c, c)) {
			last_slot = n;
			return recent[n].tag;
		}
	if (last_tag == CONTEXT_TAG_MAX)
		wrap();
	next_slot = (next_slot + 1) % ARRAY_LEN(recent);
	last_slot = next_slot;
	recent[next_slot].c = *c;
	recent[next_slot].tag = ++last_tag;
	return last_tag;
}

bool context_tag_live(u32 tag)
{
	for (unsigned n = 0; n < ARRAY_LEN(recent); n++)
		if (recent[n].tag == tag)
			return true;
	return false;
}
