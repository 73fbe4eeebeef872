/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a request's memory, which may be in any number of pieces, to what one command of a device
 * takes. Not the cutting by sectors: disk.c.
 * Invariant: what is given out lies within the request's memory, in its order, without a gap.
 */
#include "drivers/host/disk.h"

static u64 least(u64 a, u64 b) { return a < b ? a : b; }

/* What pieces must be multiples of, less 1; a joint is where one ends and the next one begins. */
struct masks { uintptr_t piece, joint; };

/* May `p` be the next piece of the command, after one that ends at `end` (0: it is the first)? */
static bool takes(const struct masks *m, uintptr_t end, const struct block_piece *p)
{
	if (((uintptr_t)p->at | p->size) & m->piece)
		return false;
	return !end || !((end | (uintptr_t)p->at) & m->joint);
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
	const struct masks m = { d->align - 1, d->page ? d->page - 1 : 0 };
	const unsigned room = d->pieces;
	uintptr_t joint = 0;
	u64 bytes = 0, excess;
	unsigned n = 0;

	if (r->pieces)
		end = p + r->pieces;
	for (; p < end && from >= p->size; p++)
		from -= p->size;
	for (; p < end && bytes < most && n < room; p++, from = 0) {
		const struct block_piece next = {
			(u8 *)p->at + from, least(p->size - from, most - bytes),
		};

		if (!next.size)
			continue;
		if (!takes(&m, joint, &next))
			break;
		out[n++] = next;
		bytes += next.size;
		joint = (uintptr_t)next.at + next.size;
	}
	excess = bytes % d->block;
	shorten(out, &n, excess);
	*count = n;
	return bytes - excess;
}
