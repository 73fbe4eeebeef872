/* SPDX-License-Identifier: BSD-2-Clause */
/* See owner.h. A frame's owner is in its entry (mm/frame.h), as mapping << 20 | linear page. */
#include "dbt/cache/owner.h"

#include "dbt/cache/cache.h"
#include "dbt/cache/this.h"
#include "mm/frame.h"

#define NOBODY 0u
#define SHARED 0xffffffffu
#define MAPPING_SHIFT 20

_Static_assert(MAPPING_MAX < SHARED >> MAPPING_SHIFT, "no owner looks like SHARED");

static u32 owner(u32 mapping, u64 va)
{
	return mapping << MAPPING_SHIFT | (u32)va >> FRAME_SHIFT;
}

void owner_enter(const struct contexts *x, struct block *b, u32 mapping, u64 va)
{
	u32 *o = &frame_at(b->frame[0])->owner, now = owner(mapping, va);

	if (*o == now || *o == SHARED)
		return;
	if (*o != NOBODY) {
		cache_unchain_far(b->frame[0]);
		/* code on global pages comes back, after a flush, to where it was */
		if (contexts_live(x, *o >> MAPPING_SHIFT) || mapping != x->mapping[SPACE_GLOBAL])
			now = SHARED;
		cache_this()->count.shared += now == SHARED;
	}
	*o = now;
}

bool owner_may_chain(const struct contexts *x, const struct link *l, u64 eip, bool global)
{
	u32 o = frame_at(link_from(l)->frame[0])->owner;

	if (o == NOBODY || o == SHARED)
		return false;
	if (o >> MAPPING_SHIFT == x->mapping[SPACE_GLOBAL] && !global)
		return false;
	return l->delta < 0 || (u32)eip >= (u32)l->delta;
}

void owner_forget_all(void)
{
	for (u32 n = 0; n < frame_count; n++)
		if (frame_at(n)->owner) {
			cache_unchain_far(n);
			frame_at(n)->owner = NOBODY;
		}
}
