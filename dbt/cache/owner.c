/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See owner.h. A frame's owner is in its entry (mm/frame.h), as space << 20 | linear page within
 * 4 GiB; a *space*, numbered from 1 on, is 4 GiB of one mapping (struct owner_space).
 */
#include "dbt/cache/owner.h"

#include "dbt/cache/cache.h"
#include "dbt/cache/this.h"
#include "mm/frame.h"

#include <string.h>

#define NOBODY 0u
#define SHARED 0xffffffffu
#define SPACE_SHIFT 20
#define OWNERS_MAX 8

_Static_assert(OWNER_SPACES < SHARED >> SPACE_SHIFT, "no owner looks like SHARED");

/* Where the number of such a space is, or 0, if it has none yet. */
static u16 *place_of(struct contexts *x, struct owner_space s)
{
	u32 at = (s.mapping * 31 ^ s.high * 7) % OWNER_PLACES;

	while (x->owner_place[at] &&
	       (x->owner_space[x->owner_place[at]].mapping != s.mapping ||
		x->owner_space[x->owner_place[at]].high != s.high))
		at = (at + 1) % OWNER_PLACES;
	return &x->owner_place[at];
}

static u32 space_of(struct contexts *x, struct owner_space s)
{
	u16 *place = place_of(x, s);

	if (!*place && x->owner_spaces == OWNER_SPACES) {
		owner_forget_all(x);
		place = place_of(x, s);
	}
	if (!*place) {
		*place = (u16)++x->owner_spaces;
		x->owner_space[*place] = s;
	}
	return *place;
}

static u32 mapping_of(const struct contexts *x, u32 owner)
{
	return x->owner_space[owner >> SPACE_SHIFT].mapping;
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

void owner_enter(struct contexts *x, struct block *b, u32 mapping, u64 va)
{
	u32 *o = &frame_at(b->frame[0])->owner, now;

	if (*o == SHARED)
		return;
	now = space_of(x, (struct owner_space){ mapping, (u32)(va >> 32) }) << SPACE_SHIFT |
	      (u32)va >> FRAME_SHIFT;
	if (*o == now)
		return;
	if (*o != NOBODY) {
		cache_unchain_far(b->frame[0]);
		if (!may_follow(x, mapping_of(x, *o), mapping, frame_at(b->frame[0])))
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
	if (mapping_of(x, o) == x->mapping[SPACE_GLOBAL] && !global)
		return false;
	/* back: it tests the kick */
	return l->delta < 0 || l->wide ||
	       (u32)eip >= (u32)l->delta;
}

void owner_forget_all(struct contexts *x)
{
	memset(x->owner_place, 0, sizeof(x->owner_place));
	x->owner_spaces = 0;
	for (u32 n = 0; n < frame_count; n++)
		if (frame_at(n)->owner) {
			cache_unchain_far(n);
			frame_at(n)->owner = NOBODY;
		}
}
