/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which lines of a page are in loops. Most code of a guest that starts runs once or twice: there a
 * block does not hold much that may never run (translate.c). When an exit back on its page, not too
 * far, is left for the first time, all between its ends is in a loop: blocks that are made there
 * from then on, such as the one that it leads to, are longer. Not here: loops over several pages.
 * Law: what is remembered changes how long blocks are, never what they do; it may be forgotten.
 */
#include "dbt/cache/cache.h"
#include "dbt/cache/this.h"

#include "mm/frame.h"

/* Bytes between the ends: in longer ones is too much that does not come around. */
#define LOOP_MAX 1024

static struct loop_page *page_of(u32 n) { return &cache_this()->loop[n % CACHE_LOOP_PAGES]; }

bool cache_in_loop(u32 n, u32 off)
{
	const struct loop_page *p = page_of(n);

	return p->frame == n && p->lines >> (off >> FRAME_LINE_SHIFT) & 1;
}

void cache_goes_around(const struct link *l)
{
	const struct block *from = link_from(l);
	u32 n = from->frame[0], start = from->range[0].off, at = start + l->at;
	struct loop_page *p = page_of(n);
	u32 to;

	if (l->far || l->delta > (s32)l->at || (s32)l->at - l->delta > LOOP_MAX)
		return;
	to = (start + (u32)l->delta) % FRAME_SIZE;
	if (p->frame != n)
		*p = (struct loop_page){ .frame = n };
	p->lines |= frame_lines(to, (at > to ? at - to : 0) + 1);
}
