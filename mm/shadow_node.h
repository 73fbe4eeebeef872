/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mirrored tables: what lies below mm/shadow. For mm/shadow*.c only.
 *
 *	root (64)          one address space: CR3 or the four PDPTEs, and the mode
 *	 └ half (3)        one for each view: a host root, an ASID, 2048 slots
 *	    └ node         a host leaf table (512 leaves, 2 MiB): mirrors one guest page table, half
 *	                   of a 32-bit one (its part), or 2 MiB of a large page or of no paging
 *	table              one frame with a guest table, of which nodes were made or which is a
 *	                   root's directory: is it watched, how often is it written
 *
 * A node is found by its key: what the guest's directory entry says (address, R/W, U/S, XD, and
 * for a large page D, G), view, part and mode. So equal entries of several roots share it, and
 * two that differ in a right do not. It stays when nothing names it (idle), until it is needed.
 *
 * Who knows that a node is right? A guest table is either *watched* (frame has WATCH_PTABLE: the
 * first store ends that and is written to a log) or *open*. Each flush reads the log on from the
 * core's cursor and marks what it names: the table open, its nodes dirty, their slots, in each
 * root that has them, to be looked at. Then the slots so marked *of the loaded root* are compared
 * with the guest's entries, live leaves only. If the table has been watched again before that, the
 * node is clean; otherwise it stays dirty and its slot marked: it is compared at each flush of a
 * root that has it. A table is watched when it was found unchanged some flushes in a row
 * (patience), and its patience doubles if that did not last. Dirty nodes are compared before they
 * are hooked (the log is read first). So:
 *
 *   1. a node that is not dirty agrees with its guest table: for each live leaf P, A, address,
 *      U/S, and if it is writable R/W and D, are what the guest's entry says; XD if fetched from;
 *   2. after a flush that holds for all nodes under the loaded root, dirty or not;
 *   3. a slot of the root that is dirty is marked there, and `attention` says if any is.
 *
 * Directories are treated alike: a slot is right if the directory's entry has A set and still
 * gives the node's key; else it is unhooked.
 *
 * Tables that are not RAM cannot be watched: nodes of them go at each flush. What changes the
 * guest's physical map (PAM, A20, BARs) drops all there is.
 *
 * The host's TLB: leaves of a node are held under an ASID for each root that has it. Of the loaded
 * root these are told at once; the others note up to HALF_LATE pages, or lose their ASID, and
 * catch up when they are loaded (shadow_settle). V = 0, and fewer rights than the leaf gives, may
 * be held under any ASID: the fault finds the leaf as it should be and tells the TLB again.
 *
 * Fetched from: a bit for each page of a node that translated code was made or found through. If
 * the page has no leaf, an invalid one keeps its address (pte_hidden). It is compared like a leaf,
 * and XD too; whatever ends it tells the code hooks. Global pages are fetched from under all
 * roots, so it is known for each slot which node they are in (struct shadow_globals).
 *
 * Four levels (shadow_tree.c): nodes also mirror PDPTs and PDs, and a half's *top* its PML4; their
 * leaves are host directory entries. They are found, marked and compared by the same rules, and
 * hand rights down: R/W and U/S of a key are what all levels gave, XD what any did. A large page of
 * 1 GiB is a directory that mirrors no table, of 512 nodes.
 *
 *	top (1 of each half) ── level 2, 512 GiB ── level 1, 1 GiB ── level 0: leaves, 2 MiB
 *	                └────── (shared by all roots whose PML4 has the same entry there)
 *
 * There a node belongs to one linear address, which goes with its key. So a root has a node
 * at one place at most, and the roots of a node are all those of the directories that it is in,
 * each by one of them: what is hooked adds their bits to what lies below, what is unhooked takes
 * them off. A directory without roots is empty and free. Slots to be looked at are marked in
 * the directories on the way down to them, in each root (`open`).
 *
 * Compatibility code has 32-bit addresses and is compiled like 32-bit code, so it needs the host's
 * narrow form. Each half of four levels has it beside the wide one: `entries`, with an ASID of its
 * own, name the same leaf tables below 4 GiB, at all times. Between the two there is no flush.
 *
 * Sizes: a node 4 KiB and 176 bytes, a table 32, a root 76 KiB: 4.8 MiB for all, and 1 % of the
 * guest's RAM for nodes (kernel/machine).
 */
#ifndef MM_SHADOW_NODE_H
#define MM_SHADOW_NODE_H

#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "mm/frame.h"
#include "mm/shadow.h"

#define SLOT_SHIFT PAGING_SLOT_SHIFT
#define SLOT_WORDS (SHADOW_SLOTS / 64)
#define LEAF_WORDS (PAGING_LEAF_ENTRIES / 64)
#define HALF_LATE 4		/* pages that an inactive ASID has yet to forget */
#define ROOT_SIZE (PAGING_ROOT_ENTRIES * 8)
#define DIRS 4

/*
 * A key: 63 XD, 62:60 form, 59 PSE, 58 NXE, 57 WP, 56 SMEP, 55 SMAP, 54:53 part, 52 a piece of a
 * 1 GiB page, 51:12 address, 10:9 level, 4:3 view, and the entry's own R/W, U/S, D, PS, G.
 * 0: nothing.
 */
#define KEY_VIEW_SHIFT 3
#define KEY_LEVEL_SHIFT 9
#define KEY_PART_SHIFT 53
#define KEY_FORM_SHIFT 60
#define KEY_FORM (7ull << KEY_FORM_SHIFT)
#define KEY_VIEW (3ull << KEY_VIEW_SHIFT)
#define KEY_OF_1G (1ull << 52)
#define KEY_SMAP (1ull << 55)
#define KEY_SMEP (1ull << 56)
#define KEY_WP (1ull << 57)
#define KEY_NXE (1ull << 58)
#define KEY_PSE (1ull << 59)
/* Of a node in the view that SMAP binds: the first one, which without SMAP is all supervisors'. */
#define KEY_STRICT (KEY_SMAP | (u64)SHADOW_STRICT << KEY_VIEW_SHIFT)
#define KEY_MODE (KEY_FORM | KEY_WP | KEY_NXE | KEY_PSE | KEY_SMEP | KEY_SMAP)
enum { FORM_FLAT = 1, FORM_32, FORM_PAE, FORM_LONG };
#define TOP_LEVEL 3
#define TOPS (SHADOW_ROOTS * SHADOW_VIEWS)	/* nodes that are no part of the pool's */
#define LONG_SLOTS (1u << 27)			/* 48 bits of address */

struct shadow_node {
	u64 key;
	u64 live[LEAF_WORDS];	/* bit k: leaf k is not 0, a node is hooked there */
	union {
		u64 fetched[LEAF_WORDS];	/* bit k: code was fetched there; then it is live */
		u64 open[LEAF_WORDS];	/* of a directory: slots with nodes to be compared */
	};
	u64 roots;		/* bit r: hooked in root r */
	u64 entry;		/* 2 levels: a directory entry that gave the key, where it is now */
	u32 slot;		/* of the first page; 2 levels: where it is, unless `multi` */
	u32 table;		/* 0: a large page, no paging, or not in RAM */
	u16 next;		/* with the same hash; or free */
	u16 sibling;		/* the next node of its table */
	u16 older, newer;	/* while idle */
	bool multi;		/* hooked at more than one slot: never of four levels */
	bool dirty;		/* may not agree with its table */
	bool whole;		/* all leaves agree if the key does: large page, or no paging */
	bool any_fetched;
	bool global_code;	/* some of that from global pages */
};

struct shadow_table {
	u64 dir_of;		/* bit r: a directory of root r */
	u64 since;		/* clock when it was watched last */
	u64 seen;		/* clock of the last flush that found it open */
	u32 frame;
	u16 next;		/* with the same hash; or free */
	u16 node;		/* the first of its nodes */
	bool open;		/* for this core */
	u8 quiet;		/* flushes in a row that found it unchanged */
	u8 patience;		/* that many, and it is watched */
};

struct shadow_half {
	u64 *entries;		/* the host's root of the narrow form */
	u32 lates;
	u64 late[HALF_LATE];	/* pages to forget first, va >> 12 */
	u64 hooked[SLOT_WORDS];
	u64 open[SLOT_WORDS];	/* slots with nodes to be compared */
	u32 open_words;		/* bit w: open[w] is not 0 */
	u16 node[SHADOW_SLOTS];	/* 0: none */
};

struct shadow_root {
	u64 mode;		/* KEY_ bits; 0: free */
	u64 key[DIRS];		/* CR3 or the PDPTEs' addresses and P */
	u64 used;		/* clock when it was loaded last */
	u32 dir[DIRS];		/* frames of its directories, FRAME_NONE: not present, or not RAM */
	bool attention;		/* shadow_settle has something to do */
	bool dirs_open;
	u8 number;
	struct shadow_node *top[SHADOW_VIEWS];
	/* of each half; asid 0: none: a fresh one when it is loaded; root is always the same */
	struct shadow_view view[PAGING_FORMS][SHADOW_VIEWS];
	struct shadow_half half[SHADOW_VIEWS];
};

/* Of two levels, bits above 31 take no part. */
static inline unsigned slot_of(const struct shadow *s, gva_t va)
{
	return (s->four ? va.a >> SLOT_SHIFT & (LONG_SLOTS - 1) : (u32)va.a >> SLOT_SHIFT);
}
static inline unsigned index_of(gva_t va) { return va.a >> 12 & (PAGING_LEAF_ENTRIES - 1); }
/* Canonical. */
static inline gva_t page_at(unsigned slot, unsigned k)
{
	return gva((u64)sign_extend((u64)slot << SLOT_SHIFT | (u64)k << 12, 48));
}

static inline bool bit_get(const u64 *map, unsigned n) { return map[n / 64] >> n % 64 & 1; }
static inline void bit_set(u64 *map, unsigned n) { map[n / 64] |= 1ull << n % 64; }
static inline void bit_clear(u64 *map, unsigned n) { map[n / 64] &= ~(1ull << n % 64); }

static inline unsigned node_number(const struct shadow *s, const struct shadow_node *n)
{
	return (unsigned)(n - s->pool.node);
}
static inline pte_t *node_leaves(const struct shadow *s, const struct shadow_node *n)
{
	return s->pool.leaves + (u64)node_number(s, n) * PAGING_LEAF_ENTRIES;
}
static inline unsigned node_view(const struct shadow_node *n)
{
	return n->key >> KEY_VIEW_SHIFT & 3;
}
static inline unsigned node_part(const struct shadow_node *n)
{
	return n->key >> KEY_PART_SHIFT & 3;
}
static inline unsigned node_level(const struct shadow_node *n)
{
	return n->key >> KEY_LEVEL_SHIFT & 3;
}
static inline unsigned key_form(u64 key) { return key >> KEY_FORM_SHIFT & 7; }
static inline struct shadow_root *loaded_root(const struct shadow *s)
{
	return s->root;
}
static inline struct shadow_half *half_of(const struct shadow *s, unsigned root, unsigned view)
{
	return &s->pool.root[root].half[view];
}
/* Of two levels: the loaded root's node at a slot, or NULL. */
static inline struct shadow_node *node_in_slot(const struct shadow *s, unsigned view, unsigned slot)
{
	unsigned n = half_of(s, s->loaded, view)->node[slot];

	return n ? &s->pool.node[n] : NULL;
}
static inline struct shadow_node *top_node(const struct shadow *s, unsigned root, unsigned view)
{
	return s->pool.root[root].top[view];
}

/* -- shadow_form.c: what the guest's entries mean ------------------------ */

/* The mode as keys have it. */
u64 form_mode(const struct x86_paging *p);
/* The key of a slot's node, by the directory entry (0 if it needs none); 0: there can be none. */
u64 form_key(const struct shadow *s, unsigned view, unsigned slot, u64 entry);
/* Do a root's directories, with A set, give a node of this key, which has its mode, at the slot? */
bool form_gives(const struct shadow *s, unsigned root, unsigned view, unsigned slot, u64 key);
/* Four levels: the key of a root's top; of what is below a node of `key`, by its entry k. */
u64 form_top(const struct shadow *s, unsigned root, unsigned view);
u64 form_below(const struct shadow *s, u64 key, unsigned k, u64 entry);
/* Does entry k of a directory, with A set, give a node of `key`? */
bool form_gives_below(const struct shadow *s, const struct shadow_node *n, unsigned k, u64 key);
/* Frames of a root's directories, of two levels. */
void form_dirs(const struct shadow *s, struct shadow_root *r);
/* The frame of the guest's table that a key names; FRAME_NONE: no table, or not in RAM. */
u32 form_table_frame(u64 key);
bool form_is_whole(u64 key);
/* Entry k of the guest's table, for a node that has one. */
u64 form_entry(const struct shadow *s, const struct shadow_node *n, unsigned k);
/* What an entry allows a node's leaf to be: its page, or false if there must be none. */
struct form_leaf {
	gpa_t page;
	bool may_write;		/* R/W or WP, and D; watches are not looked at */
	bool nx, global;
};
bool form_leaf_of(const struct shadow *s, const struct shadow_node *n, u64 entry,
		  struct form_leaf *out);

/* -- shadow_node.c: finding, making, hooking ----------------------------- */

void node_pool_init(struct shadow *s, u8 *mem, u32 nodes);
u64 node_pool_size(u32 nodes);
/* The leaf node of the loaded root at va, or NULL. */
struct shadow_node *node_at(const struct shadow *s, unsigned view, gva_t va);
/* The one for va's slot, by what a walk found: hooks it if need be. */
struct shadow_node *node_for(struct shadow *s, unsigned view, gva_t va, const struct x86_walk *w);
void node_unhook(struct shadow *s, unsigned root, unsigned view, unsigned slot);
/* The node of this key (and, of four levels, at this slot), found or made: idle, or hooked. */
struct shadow_node *node_get(struct shadow *s, u64 key, unsigned slot);
/* See to it that `count` nodes can be had, one after the other, without unhooking any. */
void node_reserve(struct shadow *s, unsigned count);
/* An idle node gets its first root; one has lost its last: it is idle, or free. */
void node_wake(struct shadow *s, struct shadow_node *n);
void node_sleep(struct shadow *s, struct shadow_node *n);
/* A node becomes one of its table's, or ceases to be. */
void node_enter_table(struct shadow *s, struct shadow_node *n);
void node_leave_table(struct shadow *s, struct shadow_node *n);
/* The root that the registers name; *new: it had to be made. */
struct shadow_root *root_find(struct shadow *s, bool *new);
/* Where root_find has the last one whose key is hashed to the same place. */
static inline struct shadow_root **root_guess(struct shadow *s, u64 key)
{
	return &s->pool.guess[(key >> 12 ^ key >> 21) % SHADOW_GUESSES];
}
struct shadow_table *table_find(struct shadow *s, u32 frame);
/* Forget all nodes, tables and roots. The loaded root is gone then. */
void node_drop_all(struct shadow *s);

/* -- shadow_near.c: walks again ------------------------------------------- */

/* The walk ended at leaf node n of the loaded root. */
void near_note(struct shadow *s, unsigned view, gva_t va, const struct x86_walk *w,
	       struct shadow_node *n);
/* What was noted for va's slot in the loaded root, if the guest's directories still say so. */
const struct shadow_near *near_find(struct shadow *s, unsigned view, gva_t va);
/*
 * x86_walk for a read or write, by what was noted. NEAR_NOT: ask x86_walk. Good: `page`, `user`,
 * `writable` and `dirty` are filled; fault: `error`.
 */
enum near_walk { NEAR_NOT, NEAR_GOOD, NEAR_FAULT };
enum near_walk near_walk(struct shadow *s, gva_t va, enum x86_access access,
			 enum x86_rights rights, struct x86_walk *w, struct shadow_node **node);
/*
 * All of a fault if it is but a refill: a page that is there, where others around it were found;
 * NOT: it is more. NOT_PRESENT: #PF with P = 0.
 */
enum near_refill { REFILL_NOT, REFILLED, REFILL_NOT_PRESENT };
enum near_refill near_refill(struct shadow *s, gva_t va, enum x86_access access,
			     enum x86_rights rights);
/* INVLPG of a page of four levels in one view. False: look anew. */
bool near_invlpg(struct shadow *s, unsigned view, gva_t va);
/* A node is unhooked somewhere: nothing that was noted counts any more. It wraps all but never. */
static inline void near_forget(struct shadow *s) { s->unhooked++; }

/* -- shadow_tree.c: nodes of four levels --------------------------------- */

struct shadow_node *tree_child(const struct shadow *s, const struct shadow_node *n, unsigned k);
/* The node of a level at a slot of a root, or NULL. */
struct shadow_node *tree_find(const struct shadow *s, unsigned root, unsigned view, unsigned slot,
			      unsigned level);
struct shadow_node *tree_for(struct shadow *s, unsigned view, gva_t va, const struct x86_walk *w);
void tree_unhook(struct shadow *s, struct shadow_node *n, unsigned k);
void tree_unhook_all(struct shadow *s, struct shadow_node *n);
/* A half's top: a root is new; it goes. */
void tree_plant(struct shadow *s, unsigned root, unsigned view);
void tree_fell(struct shadow *s, unsigned root, unsigned view);
/* Mark the way down to a node, in a root that has it. */
void tree_mark(struct shadow *s, unsigned root, const struct shadow_node *n);
/* Is a node to be compared, or any below? */
bool tree_is_marked(const struct shadow_node *n);
/* INVLPG in one view: unhooks what its directories do not give. The leaf node that is left. */
struct shadow_node *tree_invlpg(struct shadow *s, unsigned view, gva_t va);
/* Entry of a directory that covers a slot. */
static inline unsigned tree_index(unsigned slot, unsigned level)
{
	return slot >> 9 * (level - 1) & (PAGING_DIR_ENTRIES - 1);
}

/* -- shadow_leaf.c: leaves and the host's TLB ---------------------------- */

void leaf_set(struct shadow *s, struct shadow_node *n, gva_t va, pte_t pte, bool settled);
void leaf_protect(struct shadow *s, struct shadow_node *n, unsigned k);
/* The page of a leaf that is valid changes. */
void leaf_replace(struct shadow *s, struct shadow_node *n, unsigned k, pte_t pte);
/* No leaf; if it is fetched from, its address is kept. */
void leaf_drop(struct shadow *s, struct shadow_node *n, unsigned k);
/* Zero them all; the caller sees to TLB and marks. */
void leaf_clear_all(struct shadow *s, struct shadow_node *n);
/* The TLB must forget what it holds of a node in one half, which has it at `slot`. */
void tlb_forget_node(struct shadow *s, unsigned root, const struct shadow_node *n, unsigned slot);
/* Nothing is to be found any more under a half's numbers, as they are given up. */
void tlb_forget_half(struct shadow *s, unsigned root, unsigned view);
/* Make the loaded root's halves ready and activate the current view. */
void tlb_activate(struct shadow *s);
/* The same for r if nothing is late; false: it is, or there is a number missing. */
static inline bool tlb_activate_ready(struct shadow *s, const struct shadow_root *r)
{
	const struct shadow_view *v = r->view[s->wide];

	s->view[0] = v[0];
	s->view[1] = v[1];
	s->view[2] = v[2];
	*s->on_views = ~0ull;
	if (!v[0].asid || !v[1].asid || (s->views > 2 && !v[2].asid))
		return false;
	paging_activate(s->view[s->current].asid, s->view[s->current].root);
	return true;
}

/* -- shadow_code.c: what was fetched from -------------------------------- */

/* Page k of a node is fetched from no more. */
void code_page_gone(struct shadow *s, struct shadow_node *n, unsigned k);
/* A root loses a node at a slot. */
void code_unhooked(struct shadow *s, unsigned root, struct shadow_node *n, unsigned slot);
/* The last root has lost it. */
void code_idle(struct shadow *s, struct shadow_node *n);
void code_all_gone(struct shadow *s, u32 root);
/* INVLPG; and a flush of global pages: what other nodes than the loaded root's say must go. */
void code_invlpg(struct shadow *s, gva_t va);
void code_flush_global(struct shadow *s);

/* -- shadow_sync.c: the log, comparing ----------------------------------- */

/*
 * Tables that were watched and then written, in order: for all cores, each of which has a cursor in
 * it. Written under its lock; read without: entry k % SYNC_LOG is k + 1 (32 bits), and the frame;
 * if it is another's, it has been written over, and whoever wanted it has lost some.
 */
#define SYNC_LOG 1024u
struct sync_log {
	u64 head;		/* so many were written */
	struct lock lock;
	u64 entry[SYNC_LOG];
};
extern struct sync_log sync_log;
/* What a store ended before this core sees it, is in the log up to here. */
static inline u64 sync_log_head(void)
{
	return once_u64(&sync_log.head);
}
void sync_log_init(struct shadow *s);
/* Mark what the log names since it was read last. */
void sync_read_log(struct shadow *s);
/* Compare a node with its guest table; or only one leaf. */
void sync_node(struct shadow *s, struct shadow_node *n);
void sync_leaf(struct shadow *s, struct shadow_node *n, unsigned k);
/* The same for a directory and what is marked below it. */
void sync_tree(struct shadow *s, struct shadow_node *n);
/* A slot of a root has a dirty node, a directory is open: to be looked at from now on. */
void sync_mark(struct shadow *s, unsigned root, const struct shadow_node *n);
/* A flush of the loaded root, which is activated. */
void shadow_settle(struct shadow *s);
/* What shadow.verify wants to be checked after one: a mistake is a panic. */
void sync_verify(const struct shadow *s);

/* -- shadow.c ------------------------------------------------------------ */

/* Drop the leaves of debug pages under the loaded root. */
void shadow_apply_debug(struct shadow *s);

/* -- shadow_check.c ------------------------------------------------------ */

/* Do the rules above hold, right after a flush? NULL, or what is wrong. Not all: some, in turn. */
const char *shadow_check(const struct shadow *s, bool all);

#endif
