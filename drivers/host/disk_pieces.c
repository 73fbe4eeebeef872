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

/* Can the device zero all of it by its own command? */
static bool zeroes(const struct disk *d, const struct block_request *r)
{
	u32 per = d->block / DISK_SECTOR;
	u64 run;

	for (u64 at = 0; at < r->count; at += run) {
		u64 lba = disk_map(r->end, r->lba + at, &run);

		run = run < r->count - at ? run : r->count - at;
		if (lba % per || run % per)
			return false;
	}
	return d->most_zero;
}

/* Is each piece whole blocks, and where the device can take it? Then all cuts of it are, too. */
static bool pieces_whole(const struct disk *d, const struct block_request *r)
{
	u64 bits = 0;

	for (unsigned k = 0; k < r->pieces; k++)
		bits |= r->piece[k].size | ((uintptr_t)r->piece[k].at & (d->align - 1));
	return r->pieces && !(bits & (d->block - 1));
}

/* Does the request have a piece that the device cannot take as it is? */
static bool has_odd_piece(const struct disk *d, const struct block_request *r)
{
	struct block_piece piece[DISK_PIECES];
	u32 per = d->block / DISK_SECTOR;
	bool whole = pieces_whole(d, r);
	unsigned pieces;
	u64 run;

	for (u64 at = 0; at < r->count; at += run) {
		u64 lba = disk_map(r->end, r->lba + at, &run);

		run = run < r->count - at ? run : r->count - at;
		if (lba % per || run % per)
			return true;
		if (whole)
			continue;
		if (run > d->most / DISK_SECTOR)
			run = d->most / DISK_SECTOR;
		run = disk_pieces(d, r, at * DISK_SECTOR, run * DISK_SECTOR, piece, &pieces) /
		      DISK_SECTOR;
		if (!run)
			return true;
	}
	return false;
}

bool disk_needs_bounce(const struct disk *d, const struct block_request *r)
{
	switch (r->op) {
	case BLOCK_READ: case BLOCK_WRITE: return has_odd_piece(d, r);
	case BLOCK_ZERO: return !zeroes(d, r);
	default: return false;
	}
}
