/* SPDX-License-Identifier: BSD-2-Clause */
/* See owner.h. A frame's owner is in its entry (mm/frame.h), as mapping << 20 | linear page. */
#include "dbt/cache/owner.h"

#include "dbt/cache/cache.h"
#include "dbt/cache/this.h"
#include "mm/frame.h"

#define NOBODY 0u
#define SHARED 0xffffffffu
#define MAPPING_SHIFT 20
#define OWNERS_MAX 8

_Static_assert(MAPPING_MAX < SHARED >> MAPPING_SHIFT, "no owner looks like SHARED");

static u32 owner(u32 mapping, u64 va)
{
	return mapping << MAPPING_SHIFT | (u32)va >> FRAME_SHIFT;
}

/*
 * Nobody runs the code as the old mapping any more. Code on global pages comes back, after each
 * flush, to where it was; other code may be what every new process runs: undoing its chains each
 * time would cost more than they give.
 */
static bool may_follow(const struct contexts *x, u32 old, u32 mapping, struct frame *f)
{
	if (contexts_live(x, old))
		return false;
	if (mapping == x->mapping[SPACE_GLOBAL])
		return true;
	if (f->owners == OWNERS_MAX)
		return false;
	f->owners++;
	return true;
}

/* Of linear addresses only 32 bits have room: others have none that could follow. */
static bool names_page(u64 va) { return va >> 32 == 0 || va >> 32 == 0xffffffff; }

void owner_enter(const struct contexts *x, struct block *b, u32 mapping, u64 va)
{
	u32 *o = &frame_at(b->frame[0])->owner;
	u32 now = names_page(va) ? owner(mapping, va) : SHARED;

	if (*o == now || *o == SHARED)
		return;
	if (*o != NOBODY) {
		cache_unchain_far(b->frame[0]);
		if (now != SHARED &&
		    !may_follow(x, *o >> MAPPING_SHIFT, mapping, frame_at(b->frame[0])))
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
	/* back: it tests the kick */
	return l->delta < 0 || l->wide ||
	       (u32)eip >= (u32)l->delta;
}

void owner_forget_all(void)
{
	for (u32 n = 0; n < frame_count; n++)
		if (frame_at(n)->owner) {
			cache_unchain_far(n);
			frame_at(n)->owner = NOBODY;
		}
}
