/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory that a device names by addresses and lengths, as the pieces of host memory that a
 * block request takes: the end reads and writes guest RAM itself. Every device that is its own bus
 * master collects its memory here. Not for rings and tables, which are copied (gpa_read).
 */
#ifndef DRIVERS_PC_GATHER_H
#define DRIVERS_PC_GATHER_H

#include "drivers/ends.h"

enum { GATHER_PIECES = 256 };	/* a sector in pieces of two bytes */

struct gather {
	struct block_piece piece[GATHER_PIECES];
	u32 frame[GATHER_PIECES];	/* in which piece[k].at lies */
	unsigned pieces;
	u64 size;			/* bytes of all pieces */
};

static inline void gather_clear(struct gather *g) { g->pieces = 0, g->size = 0; }

/*
 * Add the guest's bytes at, at + size. Returns how many were added: fewer if there is no room for
 * more pieces, or if what follows is not RAM.
 */
u64 gather_add(struct gather *g, u64 at, u64 size);

static inline bool gather_full(const struct gather *g) { return g->pieces == GATHER_PIECES; }

/*
 * A list of regions in guest memory, such as a table of descriptors. `more` takes the next region
 * to at and left, and says by `last` whether it is the list's last; false: its descriptor is not in
 * RAM. The rest is `more`'s own.
 */
struct gather_list {
	u64 at, left;		/* what is left of the region in use */
	bool last;
	u64 next;
	u32 entries;
	bool (*more)(struct gather_list *l);
};

/*
 * Collect at most `want` bytes of the list, whole units of `unit` bytes (a multiple of 2), anew.
 * Bounded: at most GATHER_DESCRIPTORS descriptors are read. False if nothing was collected because
 * something is not RAM; less than a unit and true: the list has no more.
 */
enum { GATHER_DESCRIPTORS = 512 };
bool gather_from(struct gather *g, struct gather_list *l, u64 want, u32 unit);

/* The pieces were written, or may have been in part: tell mm/frame, once the end is done. */
void gather_written(const struct gather *g);

#endif
