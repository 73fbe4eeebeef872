/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See owner.h. A frame's owner is in its entry (mm/frame.h), as space << 20 | linear page within
 * 4 GiB; a *space* is 4 GiB of one mapping (struct owner_space). The numbers 1 to OWNER_SPACES are
 * shared out evenly among the cores. Owners change with the cache's lock; who reads that it is the
 * owner itself, or that the frame is shared, needs none: then nothing is to be done, and whoever
 * changes that will undo what there is to be undone.
 */
#include "dbt/cache/owner.h"

#include "dbt/cache/inside.h"
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

	if (!*place && x->owner_spaces == owner_spaces_max()) {
		owner_forget_all(x);
		place = place_of(x, s);
	}
	if (!*place) {
		*place = (u16)++x->owner_spaces;
		x->owner_space[*place] = s;
	}
	return x->owner_first + *place;
}

/* The space's number on this core, from 1 on; another core's is not. */
static u32 number_of(const struct contexts *x, u32 owner)
{
	return (owner >> SPACE_SHIFT) - x->owner_first;
}

static bool is_own(const struct contexts *x, u32 owner)
{
	return number_of(x, owner) - 1 < owner_spaces_max();
}

static u32 mapping_of(const struct contexts *x, u32 owner)
{
	return x->owner_space[number_of(x, owner)].mapping;
}

/*
 * Nobody runs the code as the old mapping any more. Code on global pages comes back, after each
 * flush, to where it was; other code may be what every new process runs: undoing its chains each
 * time would cost more than they give.
 */
static bool may_follow(const struct contexts *x, u32 old, u32 mapping, struct frame *f)
{
	if (!is_own(x, old) || contexts_live(x, mapping_of(x, old)))
		return false;
	if (mapping == x->mapping[SPACE_GLOBAL])
		return true;
	if (f->owners == OWNERS_MAX)
		return false;
	f->owners++;
	return true;
}

static void change(struct contexts *x, struct block *b, u32 mapping, u32 now)
{
	struct frame *f = frame_at(b->frame[0]);
	u32 old = f->owner;

	if (b->dead || old == SHARED || old == now)
		return;
	if (old != NOBODY) {
		link_undo_far(b->frame[0]);
		if (!may_follow(x, old, mapping, f))
			now = SHARED;
		cache_this()->count.shared += now == SHARED;
	}
	__atomic_store_n(&f->owner, now, __ATOMIC_RELAXED);
}

void owner_enter(struct contexts *x, struct block *b, u32 mapping, u64 va)
{
	u32 *o = &frame_at(b->frame[0])->owner, now;

	if (__atomic_load_n(o, __ATOMIC_RELAXED) == SHARED)
		return;
	now = space_of(x, (struct owner_space){ mapping, (u32)(va >> 32) }) << SPACE_SHIFT |
	      (u32)va >> FRAME_SHIFT;
	if (__atomic_load_n(o, __ATOMIC_RELAXED) == now)
		return;
	cache_lock();
	change(x, b, mapping, now);
	cache_unlock();
}

bool owner_may_chain(const struct contexts *x, const struct link *l, u64 eip, bool global)
{
	u32 o = frame_at(link_from(l)->frame[0])->owner;

	if (o == NOBODY || o == SHARED || !is_own(x, o))
		return false;
	if (mapping_of(x, o) == x->mapping[SPACE_GLOBAL] && !global)
		return false;
	/* back: it tests the kick */
	return l->delta < 0 || l->wide ||
	       (u32)eip >= (u32)l->delta;
}

void owner_forget_all(struct contexts *x)
{
	cache_lock();
	memset(x->owner_place, 0, sizeof(x->owner_place));
	x->owner_spaces = 0;
	for (u32 n = 0; n < frame_count; n++) {
		struct frame *f = frame_at(n);

		if (f->owner && (is_own(x, f->owner) || !cache_many())) {
			link_undo_far(n);
			__atomic_store_n(&f->owner, NOBODY, __ATOMIC_RELAXED);
		}
	}
	cache_unlock();
}
