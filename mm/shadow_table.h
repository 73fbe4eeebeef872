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

/* The leaf for va, 0 if there is none. */
pte_t shadow_leaf_get(const struct shadow *s, unsigned view, u32 va);

/* Set it, taking a table from the pool if need be; drops everything first if none is left. */
void shadow_leaf_set(struct shadow *s, unsigned view, u32 va, struct shadow_leaf leaf);

/* Make it read-only if it is writable; the host's TLB too. */
void shadow_leaf_protect(struct shadow *s, unsigned view, u32 va);

/* Drop one leaf, or those of a whole slot. */
void shadow_leaf_drop(struct shadow *s, unsigned view, u32 va);
void shadow_slot_drop(struct shadow *s, unsigned view, unsigned slot);

/* Drop all tables that have a leaf which is not global; or all tables. */
void shadow_drop_local(struct shadow *s);
void shadow_drop_everything(struct shadow *s);

#endif
