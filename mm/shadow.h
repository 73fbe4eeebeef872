/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shadow tables: the host's page tables by which a guest's linear addresses are the
 * host's virtual addresses (design 1.3). THE MMU boundary. Not a translation of guest tables:
 * a big TLB, filled one 4 KiB leaf at a time by the fault path, that obeys x86's TLB rules
 * (SDM vol. 3, 4.10). One struct shadow for each core.
 *
 * Invariants: the host's TLB and the leaves always agree when a function here returns. A leaf is
 * valid only for guest RAM or ROM, never for the monitor's memory. It is host-writable only if
 * the guest may write there, its D bit is set, and the frame has no watch.
 *
 * What a caller says of the mode:
 *	form	shadow_set_paging: PG, PAE and LMA choose it, with the other bits of struct
 *		x86_paging; MOV to CR0, CR4, EFER. CR3 alone: shadow_load_cr3
 *	code	shadow_set_code64, whenever EFER.LMA and CS.L together change: 64-bit code runs
 *		in the host's wide form of tables, all other code, compatibility code too, in the
 *		narrow one. No flush, both see the same translations; without LMA it does nothing
 *	view	shadow_set_view: whose rights. With CR4.SMAP and CPL < 3, EFLAGS.AC chooses
 *		between X86_SUPER and X86_STRICT: STAC, CLAC and their kin are this and nothing
 *		else. Implicit accesses are X86_STRICT's. CR4.SMEP is about fetches: no view.
 *		X86_STRICT is never wrong for a supervisor, only too little: what faults in it
 *		may be tried again in X86_SUPER's, by whoever knows that AC is set
 *
 * Linear addresses of 64-bit code are canonical numbers, of all other code they are below 4 GiB.
 */
#ifndef MM_SHADOW_H
#define MM_SHADOW_H

#include "kernel/lib/types.h"
#include "kernel/paging.h"
#include "mm/x86_walk.h"

enum shadow_result {
	SHADOW_FILLED,		/* the leaf is there: try the access again */
	SHADOW_GUEST_FAULT,	/* #PF with out->error */
	SHADOW_MMIO,		/* no memory at out->page: gpa_load or gpa_store does the access */
	SHADOW_ROM_WRITE,	/* stores go elsewhere than loads: gpa_store does it */
	SHADOW_WATCHED_WRITE,	/* a frame with translated code: gpa_store does it */
	SHADOW_DEBUG,		/* shadow_set_debug_pages has it: gpa_load or gpa_store does it */
};

struct shadow_miss {
	gpa_t page;		/* guest physical address of the page, unless it is a guest fault */
	u32 error;		/* page fault error code, for SHADOW_GUEST_FAULT */
};

/* Views of a root, one for each enum x86_rights; without SMAP the last one is the first. */
enum {
	SHADOW_STRICT = X86_STRICT, SHADOW_USER = X86_USER, SHADOW_SUPER = X86_SUPER,
	SHADOW_VIEWS,
};

#define SHADOW_SLOTS PAGING_ROOT_ENTRIES
#define SHADOW_ROOTS 64		/* address spaces that are remembered: bits of a u64 */
#define SHADOW_GUESSES 512	/* so many that two of them are seldom hashed to the same place */
#define SHADOW_ALL_ROOTS (~0u)
#define SHADOW_DEBUG_PAGES 4

struct shadow_counters {
	u64 fills;		/* leaves that became valid by a fault */
	u64 upgrades;		/* leaves that became writable by a fault */
	u64 faults;		/* page faults for the guest */
	u64 watched;		/* stores to frames with code */
	u64 mmio;		/* accesses without memory, stores to ROM included */
	u64 debug;		/* accesses to pages with a data breakpoint */
	u64 cr3_loads;
	u64 new_roots;		/* of these, not found */
	u64 invlpgs;
	u64 flushes;		/* of everything */
	u64 hooks;		/* nodes hooked into a root */
	u64 unhooks;
	u64 opened;		/* entries of the log of opened tables that were read */
	u64 table_watches;	/* guest tables watched */
	u64 compared;		/* leaves compared with the guest's entries */
	u64 replaced;		/* leaves that took the entry's new page at once */
	u64 drops;		/* leaves dropped */
	u64 protects;		/* leaves made read-only */
	u64 asid_switches;	/* fresh numbers taken */
	u64 asid_wraps;		/* numbers ran out, the host's TLB was dropped */
	u64 invalidations;	/* paging_drop_page */
	u64 recycles;		/* nodes ran out, a root was given up for them */
	u64 view_switches;	/* by shadow_set_view */
	u64 form_switches;	/* between narrow and wide tables of the host */
	u64 code_pages, code_alls;	/* calls of the code hooks */
};

/*
 * Told before the function that notices returns: what shadow_fetch answered under `root` (or
 * under any, SHADOW_ALL_ROOTS) holds no more, for the one page or for all of them.
 */
struct shadow_code_hooks {
	void *arg;
	void (*page_gone)(void *arg, u32 root, gva_t page);	/* page: its first byte */
	void (*all_gone)(void *arg, u32 root);
};

struct shadow_view {
	u32 asid;
	hpa_t root;
};

/* After each flush its rules are checked, and a mistake is a panic: for tests, and to debug. */
enum shadow_verify { SHADOW_VERIFY_NOT, SHADOW_VERIFY_SOME, SHADOW_VERIFY_ALL };

struct frame_core;
struct shadow_root;			/* mm/shadow_node.h */
struct shadow_node;
struct shadow_table;

/* What outlives CR3 writes, and where it lies. */
struct shadow_pool {
	struct shadow_root *root;	/* SHADOW_ROOTS of them */
	struct shadow_node *node;	/* 1 … nodes */
	struct shadow_table *table;	/* 1 … tables */
	pte_t *leaves;			/* node k at leaves + 512 k */
	u16 *node_bucket, *table_bucket;
	u32 nodes, tables, buckets;	/* buckets of each kind: a power of two */
	u32 spare;		/* nodes that are free or idle */
	u16 free_node[3];	/* chains by `next`: empty as those of this level are */
	u16 free_table;
	u16 idle_first, idle_last;	/* nodes under no root, the oldest first */
	struct shadow_root *guess[SHADOW_GUESSES];	/* a root by its key's hash */
};

/* Slots with pages that were fetched from as global ones, and the one node that they are in. */
struct shadow_globals {
	u64 slots[SHADOW_SLOTS / 64];
	u16 node[SHADOW_SLOTS];
};

/* A walk that found a leaf node: by which directory entries (mm/shadow_near.c). */
struct shadow_near {
	u64 name;		/* where; 0: nothing */
	u32 unhooked;		/* when */
	const u8 *watch;	/* of the last table; 0: A and D may be set there at once */
	struct shadow_node *node;
	pte_t *leaves;		/* its */
	const u8 *table;
	const void *at[3];	/* entries of the directories, from the root, and what they were */
	u64 entry[3];
};
#define SHADOW_NEAR 64

struct shadow {
	struct shadow_view view[SHADOW_VIEWS];	/* of the loaded root, ready to be activated */
	struct frame_core *frames;	/* mm/frame's part of this core */
	u64 *on_views;		/* ~0 is put there when that is written */
	u64 nobody;		/* who on_views is at first */
	u32 current;		/* the view that the host's registers hold */
	u32 loaded;		/* the root: its number, and itself */
	struct shadow_root *root;
	u32 views;		/* in use: not SHADOW_SUPER without SMAP */
	bool four;		/* the loaded root has four levels */
	bool code64;		/* as shadow_set_code64 said */
	bool wide;		/* both: the host walks the wide form */
	u32 core;
	u32 generation;		/* see shadow_generation */
	u32 global_generation;
	u32 next_asid;
	u32 unhooked;		/* so often a node was */
	bool many;		/* several cores have leaves */
	bool settling;		/* the loaded root is not active: changes wait for shadow_settle */
	u8 verify;		/* enum shadow_verify */
	struct x86_paging paging;
	u64 mode;		/* of the loaded root, as keys have it */
	u64 cr3_mask;		/* bits of CR3 that name a root; PAE's are named by PDPTEs */
	u64 reserved;		/* bits of PAE entries that must be 0 */
	u64 cursor;		/* in the log of opened tables */
	u64 clock;		/* flushes of the loaded root */
	u32 debug_pages;
	gva_t debug_page[SHADOW_DEBUG_PAGES];
	struct shadow_code_hooks code;
	struct shadow_near near[SHADOW_NEAR];
	struct shadow_pool pool;
	struct shadow_globals global[2];	/* supervisor, user */
	bool any_global, global_1g;
	struct shadow_counters count;
};

/* Memory that shadow_init wants for `nodes` nodes (4 … 65535): some 4.3 KiB each, and the roots. */
u64 shadow_memory(u32 nodes);

/*
 * Set up for core `core` with paging off, and activate the supervisor view. `mem` is
 * PAGING_ROOT_ALIGN aligned host physical memory in phys_to_ptr's window; it stays the caller's
 * and must stay. Call after frame_init and gpa_init, on the core itself.
 */
void shadow_init(struct shadow *s, u32 core, void *mem, u32 nodes);

/* Drop everything and forget the core's tables; its memory may go once another root is active. */
void shadow_release(struct shadow *s);

/*
 * The host faulted at `va` (no leaf, or no right to write), in an access with user or supervisor
 * rights; a read that will be followed by a write of the same instruction counts as a write.
 * Looks at the guest's tables anew. For an access over a page's end, va is the faulting page's.
 */
enum shadow_result shadow_fault(struct shadow *s, gva_t va, enum x86_access access,
				enum x86_rights rights, struct shadow_miss *out);

/*
 * A read at va, with the rights of the view that is active, is to be expected: fill its leaf if
 * that can be told at once. As a CPU that looks ahead, it may set A, but not D (SDM vol. 3,
 * 4.10.2.3).
 */
void shadow_prefill(struct shadow *s, gva_t va);

/*
 * Translate for one access without filling a leaf (probes): A and D bits are
 * set. False: #PF with *error. *out is the guest physical address of the byte, A20 applied.
 */
bool shadow_translate(struct shadow *s, gva_t va, enum x86_access access,
		      enum x86_rights rights, gpa_t *out, u32 *error);

/*
 * Would it be done without a fault, as leaves are now? False says nothing.
 */
bool shadow_allows(struct shadow *s, gva_t va, bool write, enum x86_rights rights);

/*
 * Translate for an instruction fetch, and remember the page: as long as the code hooks do not say
 * that it is gone, a fetch from there under this root and with these rights gives the same. A page
 * with w->global is under all roots (SDM vol. 3, 4.10.2.4).
 */
bool shadow_fetch(struct shadow *s, gva_t va, bool user, struct x86_walk *w);

/* Who keeps what shadow_fetch answered. Call once, after shadow_init. */
void shadow_on_code_gone(struct shadow *s, const struct shadow_code_hooks *h);

/*
 * The address space that is loaded, below SHADOW_ROOTS: the same number for the same CR3 (or
 * PDPTEs), in both views, until the code hooks say all_gone for it.
 */
static inline u32 shadow_root(const struct shadow *s) { return s->loaded; }

/*
 * CR0.PG, CR0.WP, CR4.PSE, CR4.PAE, CR4.PGE, CR4.SMEP, CR4.SMAP, EFER.NXE or EFER.LMA may have
 * changed: if one has, everything is dropped, global pages too. CR3 and PDPTEs are taken over.
 */
void shadow_set_paging(struct shadow *s, const struct x86_paging *p);

/*
 * Does 64-bit code (EFER.LMA and CS.L) run from now on, or the monitor on its behalf? A few
 * register writes, if that is a change. In long mode the monitor's own accesses to descriptor
 * tables want it too, whatever CS.L: their addresses have 64 bits.
 */
void shadow_change_code64(struct shadow *s, bool code64);
static inline void shadow_set_code64(struct shadow *s, bool code64)
{
	if (s->code64 != code64)
		shadow_change_code64(s, code64);
}

/*
 * MOV CR3 and its kin: drops all but global pages. pdpte: 4 checked entries if CR0.PG and CR4.PAE
 * are set without EFER.LMA, else NULL: the registers stay. Whoever read the entries has raised #GP
 * if one is wrong.
 */
void shadow_load_cr3(struct shadow *s, u64 cr3, const u64 pdpte[4]);

/* INVLPG: drops the address in every view, and all of a guest's large page around it. */
void shadow_invlpg(struct shadow *s, gva_t va);

/*
 * From now on no access to the pages of these n linear addresses is left to a leaf (n <=
 * SHADOW_DEBUG_PAGES): each ends in shadow_fault, which says SHADOW_DEBUG. Instruction fetch is not
 * concerned. Stays through CR3 writes and flushes.
 */
void shadow_set_debug_pages(struct shadow *s, const gva_t *va, unsigned n);

/* Drop every leaf, or all but those of global pages. */
void shadow_flush(struct shadow *s, bool global_too);

/* The view that gives these rights. */
static inline u32 shadow_view_of(const struct shadow *s, enum x86_rights rights)
{
	return (u32)rights < s->views ? (u32)rights : SHADOW_STRICT;
}

/* Of the view that the host's registers hold; X86_STRICT is a supervisor's without SMAP, too. */
static inline enum x86_rights shadow_rights(const struct shadow *s) { return s->current; }
/* Is CR4.SMAP in force? */
static inline bool shadow_has_smap(const struct shadow *s) { return s->views == SHADOW_VIEWS; }

/* Run with these rights from now on: a few register writes, if that is a change. */
static inline void shadow_set_view(struct shadow *s, enum x86_rights rights)
{
	u32 view = rights == X86_SUPER ? shadow_view_of(s, rights) : (u32)rights;

	if (s->current == view)
		return;
	s->current = view;
	s->count.view_switches++;
	paging_activate(s->view[view].asid, s->view[view].root);
}

/*
 * Changes whenever a mapping of the current context may have changed (CR3, INVLPG, flush), or
 * only if a global one may have. Who keeps a translation of its own must compare; it never wraps
 * within the life of one, as 2^32 changes take minutes.
 */
static inline u32 shadow_generation(const struct shadow *s) { return s->generation; }
static inline u32 shadow_global_generation(const struct shadow *s) { return s->global_generation; }

#endif
