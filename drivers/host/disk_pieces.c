/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a request's memory, which may be in any number of pieces, to what one command of a device
 * takes; and from a view's sectors to the disk's. Not the cutting by sectors: disk.c.
 * Invariant: what is given out lies within the request's memory, in its order, without a gap.
 */
#include "drivers/host/disk.h"

#include "kernel/panic.h"

u64 disk_map(const struct disk_view *v, u64 lba, u64 *run)
{
	for (unsigned k = 0; k < v->extents; k++) {
		if (lba < v->extent[k].count) {
			*run = v->extent[k].count - lba;
			return v->extent[k].start + lba;
		}
		lba -= v->extent[k].count;
	}
	panic("disk: sector beyond its view");
}

static u64 least(u64 a, u64 b) { return a < b ? a : b; }

/* May `p` be the next piece of the command, after `last` (NULL: it is the first)? */
static bool takes(const struct disk *d, const struct block_piece *last, const struct block_piece *p)
{
	uintptr_t joint;

	if (((uintptr_t)p->at | p->size) & (d->align - 1))
		return false;
	if (!d->page || !last)
		return true;
	joint = ((uintptr_t)last->at + last->size) | (uintptr_t)p->at;
	return !(joint & (d->page - 1));
}

/* Take `excess` bytes off the end. */
static void shorten(struct block_piece *piece, unsigned *count, u64 excess)
{
	while (excess) {
		struct block_piece *last = &piece[*count - 1];
		u64 n = least(excess, last->size);

		last->size -= n;
		excess -= n;
		*count -= !last->size;
	}
}

u64 disk_pieces(const struct disk *d, const struct block_request *r, u64 from, u64 most,
		struct block_piece *out, unsigned *count)
{
	const struct block_piece all = { r->buf, (u64)r->count * DISK_SECTOR };
	const struct block_piece *p = r->pieces ? r->piece : &all, *end = p + 1;
	u64 bytes = 0, excess;
	unsigned n = 0;

	if (r->pieces)
		end = p + r->pieces;
	for (; p < end && from >= p->size; p++)
		from -= p->size;
	for (; p < end && bytes < most && n < d->pieces; p++, from = 0) {
		out[n] = (struct block_piece){
			(u8 *)p->at + from, least(p->size - from, most - bytes),
		};
		if (!out[n].size)
			continue;
		if (!takes(d, n ? &out[n - 1] : NULL, &out[n]))
			break;
		bytes += out[n++].size;
	}
	excess = bytes % d->block;
	shorten(out, &n, excess);
	*count = n;
	return bytes - excess;
}
