/* SPDX-License-Identifier: BSD-2-Clause */
/* Context tags: the last few contexts and their numbers. */
#include "dbt/cache/context.h"

#include "dbt/cache/cache.h"
#include "kernel/lib/bits.h"

#include <string.h>

void (*context_on_wrap)(void);

/* Of other pages, of global ones: those that every CR3 write makes do not push these out. */
static struct recent {
	struct { struct context c; u32 tag; } slot[16];
	unsigned next, last;		/* to be used next; found last */
} recent[2];
static u32 last_tag;
u32 context_wraps;

static void wrap(void)
{
	memset(recent, 0, sizeof(recent));
	last_tag = 0;
	context_wraps++;
	cache_unchain_guarded();
	if (context_on_wrap)
		context_on_wrap();
}

u32 context_tag(const struct context *c)
{
	struct recent *r = &recent[c->global];
	unsigned n = r->last;

	for (unsigned left = ARRAY_LEN(r->slot); left; left--, n = (n + 1) % ARRAY_LEN(r->slot))
		if (r->slot[n].tag && context_same(&r->slot[n].c, c)) {
			r->last = n;
			return r->slot[n].tag;
		}
	if (last_tag == CONTEXT_TAG_MAX)
		wrap();
	r->last = r->next = (r->next + 1) % ARRAY_LEN(r->slot);
	r->slot[r->next].c = *c;
	r->slot[r->next].tag = ++last_tag;
	return last_tag;
}

bool context_tag_live(u32 tag)
{
	for (unsigned n = 0; n < ARRAY_LEN(recent[0].slot); n++)
		if (recent[0].slot[n].tag == tag || recent[1].slot[n].tag == tag)
			return true;
	return false;
}
