/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks again: the way down to a leaf node that was walked before, as a CPU's paging-structure
 * caches have it (SDM vol. 3, 4.10.3), but never stale. An entry of this table names the node and
 * the guest's directory entries that led to it; if these are still the same, only the last table is
 * looked at. Invariant: an entry is used only while its node is hooked there, and what is RAM stays
 * so (near_forget).
 */
#include "kernel/phys.h"
#include "mm/gpa.h"
#include "mm/shadow_node.h"
#include "mm/x86_entry.h"

static inline struct shadow_near *near_place(struct shadow *s, unsigned slot, unsigned view)
{
	return &s->near[(slot ^ view << 4) % SHADOW_NEAR];
}

static inline u64 near_name(const struct shadow *s, unsigned slot, unsigned view)
{
	return (u64)slot << 16 | s->loaded << 4 | view << 1 | 1;
}

/* With several cores the whole walk sets A and D, and tells the frame. */
static const u8 always = WATCH_CODE;

static const void *host_at(u64 at) { return gpa_map.ram + at; }

void near_note(struct shadow *s, unsigned view, gva_t va, const struct x86_walk *w,
	       struct shadow_node *n)
{
	unsigned slot = slot_of(s, va), dirs = w->steps - 1u;
	struct shadow_near *e = near_place(s, slot, view);

	if (w->shift != 12 || !n->table)
		return;
	e->name = 0;
	for (unsigned k = 0; k <= dirs; k++)
		if (!gpa_is_fast(gpa(w->step[k].at)))
			return;
	for (unsigned k = 0; k < dirs; k++) {
		e->at[k] = host_at(w->step[k].at);
		e->entry[k] = w->step[k].entry;
	}
	e->table = gpa_map.ram + (w->step[dirs].at & ~0xfffull);
	e->watch = s->many ? &always : &frame_at(s->pool.table[n->table].frame)->watch;
	e->leaves = node_leaves(s, n);
	e->unhooked = s->unhooked;
	e->node = n;
	e->name = near_name(s, slot, view);
}

static inline bool same(const struct shadow_near *e, unsigned k)
{
	return once_u64((const u64 *)e->at[k]) == e->entry[k];
}

static inline bool same32(const struct shadow_near *e)
{
	return once_u32((const u32 *)e->at[0]) == e->entry[0];
}

/* `four`, `wide`: levels, entries of 8 bytes. */
static inline __attribute__((always_inline)) const struct shadow_near *
find_as(struct shadow *s, unsigned view, gva_t va, bool four, bool wide)
{
	unsigned slot = four ? va.a >> SLOT_SHIFT & (LONG_SLOTS - 1) : (u32)va.a >> SLOT_SHIFT;
	const struct shadow_near *e = near_place(s, slot, view);

	if (e->name != near_name(s, slot, view) || e->unhooked != s->unhooked)
		return NULL;
	if (!(wide ? same(e, 0) : same32(e)) || (four && !(same(e, 1) && same(e, 2))))
		return NULL;
	return e;
}

static inline const struct shadow_near *find(struct shadow *s, unsigned view, gva_t va)
{
	return s->four ? find_as(s, view, va, true, true) :
	       find_as(s, view, va, false, s->paging.pae);
}

const struct shadow_near *near_find(struct shadow *s, unsigned view, gva_t va)
{
	return find(s, view, va);
}

/* The last entry says no: 4.7. */
static enum near_walk near_fault(u32 cause, enum x86_access access, enum x86_rights rights,
				 struct x86_walk *w)
{
	w->error = cause | (access == X86_WRITE ? PF_W : 0) | (rights == X86_USER ? PF_U : 0);
	return NEAR_FAULT;
}

/* What U/S and SMAP allow (4.6). */
static inline bool right_side(const struct shadow *s, u64 all, enum x86_rights rights)
{
	return rights == X86_USER ? all & E_US :
	       !(all & E_US) || rights != X86_STRICT || !s->paging.smap;
}

/* 4.6, with what all directories allow in the node's key. */
static inline bool allowed(const struct shadow *s, const struct x86_walk *w,
			   enum x86_access access, enum x86_rights rights)
{
	if (!right_side(s, w->user ? E_US : 0, rights))
		return false;
	return access != X86_WRITE || x86_walk_may_write(&s->paging, w, rights);
}

/* Entry k of the table; and `want` put in its place. False: it is not what was read any more. */
static inline u64 entry_get(const struct shadow_near *e, bool wide, unsigned k)
{
	return wide ? once_u64((const u64 *)(const void *)e->table + k) :
	       once_u32((const u32 *)(const void *)e->table + k);
}

static __attribute__((noinline)) bool entry_mark(const struct shadow_near *e, bool wide, unsigned k,
						 u64 old, u64 want)
{
	u64 at = (u64)(e->table - gpa_map.ram) + k * (wide ? 8 : 4);

	return wide ? gpa_cas64(gpa(at), old, want) : gpa_cas32(gpa(at), (u32)old, (u32)want);
}

enum near_walk near_walk(struct shadow *s, gva_t va, enum x86_access access,
			 enum x86_rights rights, struct x86_walk *w, struct shadow_node **node)
{
	const struct shadow_near *e = find(s, shadow_view_of(s, rights), va);
	bool wide = s->paging.pae;
	unsigned k = va.a >> 12 & (wide ? 0x1ff : 0x3ff);
	u64 pte, want;

	if (!e)
		return NEAR_NOT;
	pte = entry_get(e, wide, k);
	if (!(pte & E_P))
		return near_fault(0, access, rights, w);
	if (wide && (pte & s->reserved))
		return NEAR_NOT;
	w->user = pte & e->node->key & E_US;
	w->writable = pte & e->node->key & E_RW;
	if (!allowed(s, w, access, rights))
		return near_fault(PF_P, access, rights, w);
	want = pte | E_A | (access == X86_WRITE ? E_D : 0);
	if (want != pte && !entry_mark(e, wide, k, pte, want))
		return NEAR_NOT;
	w->page = gpa_a20(gpa(pte & (wide ? E_ADDR : 0xfffff000))).a;
	w->dirty = want & E_D;
	*node = e->node;
	return NEAR_GOOD;
}

/* -- the whole fault, at once -- */

/* As x86_walk would: A, and D for a write. False: the entry is not what was read any more. */
static inline bool mark(const struct shadow_near *e, bool wide, unsigned k, u64 pte, u64 want)
{
	u8 *at = (u8 *)(uintptr_t)e->table + k * (wide ? 8 : 4);
	u32 old = (u32)pte;

	return wide ? __atomic_compare_exchange_n((u64 *)(void *)at, &pte, want, false,
						  __ATOMIC_RELAXED, __ATOMIC_RELAXED) :
	       __atomic_compare_exchange_n((u32 *)(void *)at, &old, (u32)want, false,
					   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* The leaf that was not there. If a watch has come since, the store faults again. */
static __attribute__((noinline)) enum near_refill install(struct shadow *s,
							  const struct shadow_near *e, gva_t va,
							  u64 page, bool writable)
{
	unsigned k = index_of(va);
	pte_t *leaf = e->leaves + k;

	writable = writable && frame_add_writer(s->frames, (u32)(page >> FRAME_SHIFT),
						(u32)(leaf - s->pool.leaves));
	*leaf = pte_make(ptr_to_phys(gpa_map.ram + page), writable);
	bit_set(e->node->live, k);
	s->count.fills++;
	if (s->wide)
		paging_upgrade_wide(va, leaf);
	else
		paging_upgrade(va, leaf);
	return REFILLED;
}

/* Is it plain: a page of its own side, in RAM, nothing there yet, no watch in the way? */
static inline bool is_plain(const struct shadow *s, const struct shadow_near *e, unsigned k,
			    u64 all, u64 page, bool write, enum x86_rights rights)
{
	return !e->leaves[k] && right_side(s, all, rights) && (!write || (all & E_RW)) &&
	       gpa_is_fast(gpa(page)) && !s->debug_pages &&
	       !frame_watched((u32)(page >> FRAME_SHIFT));
}

static inline __attribute__((always_inline)) enum near_refill
refill(struct shadow *s, gva_t va, bool write, enum x86_rights rights, bool four, bool wide)
{
	unsigned view = shadow_view_of(s, rights);
	const struct shadow_near *e = find_as(s, view, va, four, wide);
	unsigned k = index_of(va), at = wide ? k : va.a >> 12 & 0x3ff;
	u64 pte, want, all, page;

	if (!e)
		return REFILL_NOT;
	pte = entry_get(e, wide, at);
	if (!(pte & E_P))
		return REFILL_NOT_PRESENT;
	all = pte & e->node->key;
	page = pte & (wide ? E_ADDR : 0xfffff000) & gpa_map.a20_mask;
	if ((wide && (pte & s->reserved)) || !is_plain(s, e, k, all, page, write, rights))
		return REFILL_NOT;
	want = pte | E_A | (write ? E_D : 0);
	if (want != pte && (once_u8(e->watch) || !mark(e, wide, at, pte, want)))
		return REFILL_NOT;
	return install(s, e, va, page, (want & E_D) && (all & E_RW));
}

enum near_refill near_refill(struct shadow *s, gva_t va, enum x86_access access,
			     enum x86_rights rights)
{
	bool write = access == X86_WRITE;

	if (shadow_view_of(s, rights) != s->current)
		return REFILL_NOT;
	return s->four ? refill(s, va, write, rights, true, true) :
	       refill(s, va, write, rights, false, s->paging.pae);
}

/* The leaf of the node that is hooked there, as a large page's, which has no entry here. */
static pte_t hooked_leaf(const struct shadow *s, unsigned view, gva_t va)
{
	unsigned slot = slot_of(s, va);
	const struct shadow_node *n = s->four ? tree_find(s, s->loaded, view, slot, 0) :
						node_in_slot(s, view, slot);

	return n ? node_leaves(s, n)[index_of(va)] : 0;
}

bool shadow_allows(struct shadow *s, gva_t va, bool write, enum x86_rights rights)
{
	unsigned view = shadow_view_of(s, rights);
	const struct shadow_near *e = find(s, view, va);
	pte_t leaf = e ? e->leaves[index_of(va)] : hooked_leaf(s, view, va);

	return write ? pte_writable(leaf) : pte_valid(leaf);
}

/* -- INVLPG -- */

/* Does the leaf agree with the guest's entry: the same page, no right too many? */
static inline bool agrees(const struct shadow *s, const struct shadow_near *e, u64 pte, pte_t leaf)
{
	u64 page = pte & E_ADDR & gpa_map.a20_mask, all = pte & e->node->key;

	return (pte & E_A) && !(pte & s->reserved) && gpa_is_fast(gpa(page)) &&
	       pte_page(leaf).a == ptr_to_phys(gpa_map.ram + page).a &&
	       right_side(s, all, (enum x86_rights)node_view(e->node)) &&
	       (!pte_writable(leaf) || ((pte & E_D) && (all & E_RW)));
}

bool near_invlpg(struct shadow *s, unsigned view, gva_t va)
{
	const struct shadow_near *e = find_as(s, view, va, true, true);
	unsigned k = index_of(va);
	u64 pte;

	if (!e)
		return false;
	if (!bit_get(e->node->live, k))
		return true;
	if (bit_get(e->node->fetched, k))
		return false;
	pte = entry_get(e, true, k);
	if (pte & E_P)
		return agrees(s, e, pte, e->leaves[k]);
	s->pool.table[e->node->table].quiet = 0;
	leaf_drop(s, e->node, k);
	return true;
}
