/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The x86 page walk: linear address and mode to guest physical address, or the error code of the
 * page fault (SDM vol. 3, ch. 4): paging off, 32 bits, PAE, and the four levels of long mode.
 * No caching and no state of its own; it reads and marks the guest's tables through mm/gpa.
 * Invariant: A and D bits are set only when the whole translation succeeds, in entries that
 * still are what was read.
 */
#ifndef MM_X86_WALK_H
#define MM_X86_WALK_H

#include "kernel/lib/types.h"

enum x86_access { X86_READ, X86_WRITE, X86_FETCH };

/*
 * With whose rights (4.6). SMAP makes a second kind of supervisor: X86_STRICT may not touch users'
 * pages. So are explicit accesses with CPL < 3 and EFLAGS.AC clear, and all implicit ones (of
 * descriptor tables and task state segments), whatever CPL and AC. Without SMAP the two are one.
 */
enum x86_rights { X86_STRICT, X86_USER, X86_SUPER };

/* Page fault error code (SDM vol. 3, figure 4-12). */
enum { PF_P = 1, PF_W = 2, PF_U = 4, PF_RSVD = 8, PF_I = 16 };

struct x86_paging {		/* mode bits as CR0, CR4, EFER have them */
	bool pg, pse, pae, wp, nxe, pge;
	bool lma;		/* four levels; pg and pae are set with it */
	bool smep, smap;
	bool page1g;		/* the model has pages of 1 GiB */
	u8 phys_bits;		/* MAXPHYADDR, 32 … 52; 0 means 32 */
	u64 cr3;
	u64 pdpte[4];		/* PAE: the registers, as x86_load_pdptes left them */
};

struct x86_walk_step {		/* an entry that the walk used, with A (and D) set */
	u64 at;			/* guest physical address, A20 applied */
	u64 entry;
};

struct x86_walk {
	u64 page;		/* guest physical address of the 4 KiB page, A20 applied */
	u32 error;		/* of the page fault if the walk failed: the rest is undefined */
	u8 shift;		/* guest page size: 12, 21, 22, 30; 32 with paging off */
	u8 steps;		/* entries used, from the root: 0 … 4 */
	bool user;		/* U/S = 1 in all entries */
	bool writable;		/* R/W = 1 in all entries; WP is not looked at */
	bool nx;		/* XD = 1 in an entry and EFER.NXE */
	bool global;		/* leaf has G and CR4.PGE is on; or paging is off */
	bool dirty;		/* leaf has D (now) */
	struct x86_walk_step step[4];
};

/*
 * Translate `va` for one access with these rights (true and false are X86_USER and X86_STRICT).
 * In long mode va is canonical, and below 4 GiB in compatibility mode: whoever calls has seen to
 * it; otherwise bits above 31 are not looked at. True: *w is filled, A bits are
 * set at each level and D in the leaf if it is a write. False: w->error is set, nothing changed.
 */
bool x86_walk(const struct x86_paging *p, gva_t va, enum x86_access access,
	      enum x86_rights rights, struct x86_walk *w);

/* May this translation be written to with these rights, and WP as p has it? D is not looked at. */
static inline bool x86_walk_may_write(const struct x86_paging *p, const struct x86_walk *w,
				      enum x86_rights rights)
{
	return w->writable || (rights != X86_USER && !p->wp);
}

#endif
