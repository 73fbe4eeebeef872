/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See gather.h. What the guest names is RAM when it is added; whatever the map becomes while the
 * end moves bytes, they go to that RAM, and its frames are told.
 * Invariant: each piece lies in frames that follow each other.
 */
#include "drivers/pc/gather.h"

#include "mm/gpa.h"

/* Is that, by host address and frame, where the last piece ends, which is there? */
static bool follows(const struct gather *g, const u8 *at, u32 frame)
{
	const struct block_piece *last = &g->piece[g->pieces - 1];
	u64 off;

	if ((u8 *)last->at + last->size != at)
		return false;
	off = ((uintptr_t)last->at & (FRAME_SIZE - 1)) + last->size;
	return g->frame[g->pieces - 1] + (off >> FRAME_SHIFT) == frame;
}

/* One run more; false if there is no room. */
static inline bool add_run(struct gather *g, void *at, u64 size, u32 frame)
{
	unsigned n = g->pieces;

	if (n && follows(g, at, frame)) {
		g->piece[n - 1].size += size;
	} else {
		if (n == GATHER_PIECES)
			return false;
		g->piece[n] = (struct block_piece){ at, size };
		g->frame[n] = frame;
		g->pieces = n + 1;
	}
	g->size += size;
	return true;
}

static __attribute__((noinline)) u64 add_slow(struct gather *g, u64 at, u64 size)
{
	u64 done = 0;

	while (done < size) {
		struct gpa_run r = gpa_dma(gpa(at + done), size - done);

		if (!r.size || !add_run(g, r.at, r.size, r.frame))
			break;
		done += r.size;
	}
	return done;
}

u64 gather_add(struct gather *g, u64 at, u64 size)
{
	struct gpa_run r;

	if (!size || !gpa_is_flat(gpa(at), size))
		return add_slow(g, at, size);
	r = gpa_dma(gpa(at), size);
	return add_run(g, r.at, size, r.frame) ? size : 0;
}

/* Returns false if something that was needed is not RAM. */
static bool collect(struct gather *g, struct gather_list *l, u64 want)
{
	gather_clear(g);
	for (unsigned n = 0; g->size < want; n++) {
		u64 size, got;

		if (!l->left && (l->last || n >= GATHER_DESCRIPTORS))
			return true;
		if (!l->left && !l->more(l))
			return false;
		size = l->left < want - g->size ? l->left : want - g->size;
		got = gather_add(g, l->at, size);
		l->at += got;
		l->left -= got;
		if (got < size)
			return gather_full(g);
	}
	return true;
}

/* With a part of a unit left over, it is collected once more without it. */
bool gather_from(struct gather *g, struct gather_list *l, u64 want, u32 unit)
{
	const struct gather_list before = *l;
	bool good = collect(g, l, want);
	u64 whole = g->size - g->size % unit;

	if (whole && whole < g->size) {
		*l = before;
		good = collect(g, l, whole);
		if (g->size % unit)		/* the list has changed since */
			gather_clear(g);
	}
	return good || g->size >= unit;
}

void gather_written(const struct gather *g)
{
	for (unsigned k = 0; k < g->pieces; k++)
		gpa_dma_written(g->frame[k], g->piece[k].at, g->piece[k].size);
}
