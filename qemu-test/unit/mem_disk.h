/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A block end in memory for the device tests: at once, or later, in any order, and failing
 * where it is told to. Not drivers/host/ramdisk: it keeps what is in flight in sight.
 */
#ifndef UNIT_MEM_DISK_H
#define UNIT_MEM_DISK_H

#include <string.h>

#include "drivers/ends.h"

enum { MEM_DISK_FLIGHT = 8 };

struct mem_disk {
	u8 *data;
	bool later;			/* queue what is submitted until mem_disk_finish() */
	bool all_zero;			/* there is no data: reads give zeros */
	u64 bad;			/* the sector that cannot be read or written; 0: none */
	unsigned submits[BLOCK_OPS];
	u64 last_lba;
	struct block_request *flight[MEM_DISK_FLIGHT];
	unsigned in_flight;
};

static inline void mem_disk_zero(const struct block_request *r)
{
	static const u8 zero[512];

	for (u32 k = 0; k < r->count; k++)
		block_put(r, k * 512ull, zero, 512);
}

/* What is discarded may be anything: here it is not what it was, and not zero. */
static inline void mem_disk_clear(struct mem_disk *d, const struct block_request *r)
{
	if (!d->all_zero)
		memset(d->data + r->lba * 512, r->op == BLOCK_ZERO ? 0 : 0xd5,
		       (size_t)r->count * 512);
}

static inline int mem_disk_do(struct mem_disk *d, const struct block_request *r)
{
	size_t size = (size_t)r->count * 512;

	if (r->op == BLOCK_FLUSH)
		return 0;
	if (d->bad && r->lba <= d->bad && d->bad < r->lba + r->count)
		return -5;
	if (r->op == BLOCK_DISCARD || r->op == BLOCK_ZERO)
		mem_disk_clear(d, r);
	else if (d->all_zero)
		mem_disk_zero(r);
	else if (r->op == BLOCK_READ)
		block_put(r, 0, d->data + r->lba * 512, size);
	else
		block_get(r, 0, d->data + r->lba * 512, size);
	return 0;
}

static inline int mem_disk_submit(void *opaque, struct block_request *r)
{
	struct mem_disk *d = opaque;

	d->submits[r->op]++;
	d->last_lba = r->lba;
	if (!d->later || d->in_flight == MEM_DISK_FLIGHT)
		return mem_disk_do(d, r);
	d->flight[d->in_flight++] = r;
	return BLOCK_LATER;
}

/* End the k-th of those in flight: do it, or fail with rc. */
static inline void mem_disk_finish(struct mem_disk *d, unsigned k, int rc)
{
	struct block_request *r = d->flight[k];

	memmove(d->flight + k, d->flight + k + 1, (--d->in_flight - k) * sizeof(r));
	r->done(r, rc ? rc : mem_disk_do(d, r));
}

#endif
