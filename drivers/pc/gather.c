/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See gather.h. What the guest names is RAM when it is added; whatever the map becomes while the
 * end moves bytes, they go to that RAM, and its frames are told.
 * Invariant: each piece lies in frames that follow each other.
 */
#include "drivers/pc/gather.h"

#include "mm/gpa.h"

/* Does r go on where the last piece, which is there, ends? */
static bool follows(const struct gather *g, const struct gpa_run *r)
{
	const struct block_piece *last = &g->piece[g->pieces - 1];
	u64 off = ((uintptr_t)last->at & (FRAME_SIZE - 1)) + last->size;

	return (u8 *)last->at + last->size == r->at &&
	       g->frame[g->pieces - 1] + (off >> FRAME_SHIFT) == r->frame;
}

u64 gather_add(struct gather *g, u64 at, u64 size)
{
	u64 done = 0;

	while (done < size) {
		struct gpa_run r = gpa_dma(gpa(at + done), size - done);

		if (!r.size)
			break;
		if (g->pieces && follows(g, &r)) {
			g->piece[g->pieces - 1].size += r.size;
		} else {
			if (gather_full(g))
				break;
			g->piece[g->pieces] = (struct block_piece){ r.at, r.size };
			g->frame[g->pieces++] = r.frame;
		}
		done += r.size;
		g->size += r.size;
	}
	return done;
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
