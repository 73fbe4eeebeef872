/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The leaf tables and ASIDs below mm/shadow: set, protect and drop leaves, and keep the host's
 * TLB in step. Nothing of x86 but which leaves are global or large. For mm/shadow.c only.
 *
 * A leaf table belongs to one slot (2 MiB) of one view and stays there, emptied or not, until
 * the pool runs out. So dropping a context clears its leaves by a bit map and takes a fresh ASID.
 */
#ifndef MM_SHADOW_TABLE_H
#define MM_SHADOW_TABLE_H

#include "mm/shadow.h"

struct shadow_leaf {
	pte_t pte;
	bool global;		/* outlives CR3 writes */
	bool large;		/* goes with all others of its guest page */
	bool settled;		/* if the leaf is this already, the host's TLB need not be told */
};

#define SHADOW_SLOT_SHIFT PAGING_SLOT_SHIFT

/* Give an empty slot a table; if none is left, drop everything and take all tables back first. */
unsigned shadow_table_take(struct shadow *s, unsigned view, unsigned slot);

/*
 * The number of va's leaf in a view: table * PAGING_LEAF_ENTRIES + index. Takes a
 * table if need be.
 */
static inline u32 shadow_leaf_place(struct shadow *s, unsigned view, gva_t va)
{
	u32 table = s->view[view].table[(u32)va.a >> SHADOW_SLOT_SHIFT];

	if (!table)
		table = shadow_table_take(s, view, (u32)va.a >> SHADOW_SLOT_SHIFT);
	return table * PAGING_LEAF_ENTRIES + (va.a >> 12) % PAGING_LEAF_ENTRIES;
}

/* The leaf of that number, which may be of another address since: 0 if there is none. */
static inline pte_t shadow_leaf_get(const struct shadow *s, u32 leaf) { return s->leaves[leaf]; }

/* Set the leaf that shadow_leaf_place gave for va. */
void shadow_leaf_set(struct shadow *s, u32 number, gva_t va, struct shadow_leaf leaf);

/* Make it read-only if it is writable; the host's TLB too. */
void shadow_leaf_protect(struct shadow *s, u32 leaf);

/* Drop one leaf, or those of a whole slot. */
void shadow_leaf_drop(struct shadow *s, unsigned view, gva_t va);
void shadow_slot_drop(struct shadow *s, unsigned view, unsigned slot);

/* Drop all tables that have a leaf which is not global; or all tables. */
void shadow_drop_local(struct shadow *s);
void shadow_drop_everything(struct shadow *s);

#endif
