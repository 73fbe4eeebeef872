/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shadow tables: the fault path and what x86 instructions do to the TLB. See shadow.h; what lies
 * below is told of in shadow_node.h. Nothing here keeps a negative answer: a missing leaf
 * or right always means that the guest's tables are walked again.
 */
#include "mm/shadow.h"

#include <string.h>

#include "kernel/alone.h"
#include "kernel/host_cpu.h"
#include "kernel/panic.h"
#include "kernel/phys.h"
#include "kernel/printk.h"
#include "kernel/work.h"
#include "mm/frame.h"
#include "mm/gpa.h"
#include "mm/shadow_node.h"
#include "mm/x86_entry.h"

static struct shadow *shadows[FRAME_CORES_MAX];

/* -- the reverse map's end (mm/frame) ------------------------------------ */

/* The leaf that a reference names, if it is writable and maps frame n; else NULL. */
static struct shadow_node *writer(struct shadow *s, u32 ref, u32 n)
{
	u32 leaf = frame_ref_leaf(ref);
	pte_t p = s ? s->pool.leaves[leaf] : 0;

	return pte_writable(p) && pte_page(p).a == gpa_frame_hpa(n).a ?
	       &s->pool.node[leaf / PAGING_LEAF_ENTRIES] : NULL;
}

static bool is_writer(u32 ref, u32 n) { return writer(shadows[frame_ref_core(ref)], ref, n); }

static void protect(u32 ref, u32 n)
{
	struct shadow *s = shadows[frame_ref_core(ref)];
	struct shadow_node *node = writer(s, ref, n);

	if (node)
		leaf_protect(s, node, frame_ref_leaf(ref) % PAGING_LEAF_ENTRIES);
}

static const struct frame_mapper mapper = { is_writer, protect };

/* -- faults -------------------------------------------------------------- */

/* May the leaf be writable? A store also ends the frame's watches that it may end. */
static bool leaf_writable(struct shadow *s, const struct x86_walk *w, u32 frame,
			  enum x86_access access, enum x86_rights rights)
{
	if (!w->dirty || !x86_walk_may_write(&s->paging, w, rights))
		return false;
	return access == X86_WRITE ? frame_open(frame) : !frame_watched(frame);
}

static bool same_page(const struct shadow *s, gva_t a, gva_t b)
{
	return slot_of(s, a) == slot_of(s, b) && index_of(a) == index_of(b);
}

static bool is_debug_page(const struct shadow *s, gva_t va)
{
	for (u32 k = 0; k < s->debug_pages; k++)
		if (same_page(s, s->debug_page[k], va))
			return true;
	return false;
}

/* Is the leaf seen at a page with a breakpoint, too? Its node may be at two places. */
static bool is_debug_leaf(const struct shadow *s, const struct shadow_node *n, unsigned index)
{
	for (u32 k = 0; k < s->debug_pages; k++)
		if (index_of(s->debug_page[k]) == index &&
		    node_at(s, node_view(n), s->debug_page[k]) == n)
			return true;
	return false;
}

static struct shadow_node *find_node(struct shadow *s, gva_t va, enum x86_rights rights,
				     const struct x86_walk *w)
{
	unsigned view = shadow_view_of(s, rights);
	struct shadow_node *n = node_for(s, view, va, w);

	near_note(s, view, va, w, n);
	return n;
}

/*
 * There is memory at `page`. The node comes first (NULL: by the walk): finding it may watch its
 * table, which may be the frame itself. If a store may not go there by a leaf, the monitor is going
 * to do it.
 */
static enum shadow_result fill(struct shadow *s, gva_t va, enum x86_access access,
			       enum x86_rights rights, const struct x86_walk *w,
			       struct gpa_page place, struct shadow_node *known)
{
	struct shadow_node *n = known ? known : find_node(s, va, rights, w);
	unsigned k = index_of(va);
	bool writable, watched;

	if (s->debug_pages && is_debug_leaf(s, n, k)) {
		s->count.debug++;
		return SHADOW_DEBUG;
	}
	writable = place.kind == GPA_RAM && leaf_writable(s, w, place.frame, access, rights) &&
		   frame_add_writer(s->frames, place.frame,
				    node_number(s, n) * PAGING_LEAF_ENTRIES + k);
	watched = access == X86_WRITE && !writable;
	leaf_set(s, n, va, pte_make(gpa_frame_hpa(place.frame), writable), watched);
	s->count.watched += watched;
	return watched ? SHADOW_WATCHED_WRITE : SHADOW_FILLED;
}

/* gpa_lookup, with RAM first. */
static inline struct gpa_page place_of(gpa_t page)
{
	u32 frame = (u32)(page.a >> FRAME_SHIFT);

	return gpa_is_fast(page) ? (struct gpa_page){ GPA_RAM, frame, frame } : gpa_lookup(page);
}

static __attribute__((noinline)) enum shadow_result
look_anew(struct shadow *s, gva_t va, enum x86_access access, enum x86_rights rights,
	  struct shadow_miss *out)
{
	struct shadow_node *node = NULL;
	struct x86_walk w;
	struct gpa_page place;
	enum near_walk near = near_walk(s, va, access, rights, &w, &node);

	if (near == NEAR_FAULT ||
	    (near == NEAR_NOT && !x86_walk(&s->paging, va, access, rights, &w))) {
		s->count.faults++;
		out->error = w.error;
		return SHADOW_GUEST_FAULT;
	}
	out->page = gpa(w.page);
	if (s->debug_pages && is_debug_page(s, va)) {
		s->count.debug++;
		return SHADOW_DEBUG;
	}
	place = place_of(out->page);
	if (access == X86_WRITE && place.kind != GPA_RAM) {
		s->count.mmio++;
		return place.kind == GPA_ROM || place.wframe != FRAME_NONE ? SHADOW_ROM_WRITE :
		       SHADOW_MMIO;
	}
	if (place.frame == FRAME_NONE) {
		s->count.mmio++;
		return SHADOW_MMIO;
	}
	return fill(s, va, access, rights, &w, place, node);
}

enum shadow_result shadow_fault(struct shadow *s, gva_t va, enum x86_access access,
				enum x86_rights rights, struct shadow_miss *out)
{
	switch (near_refill(s, va, access, rights)) {
	case REFILLED: return SHADOW_FILLED;
	case REFILL_NOT_PRESENT:
		s->count.faults++;
		out->error = (access == X86_WRITE ? PF_W : 0) | (rights == X86_USER ? PF_U : 0);
		return SHADOW_GUEST_FAULT;
	default: return look_anew(s, va, access, rights, out);
	}
}

void shadow_prefill(struct shadow *s, gva_t va)
{
	near_refill(s, va, X86_READ, shadow_rights(s));
}

bool shadow_translate(struct shadow *s, gva_t va, enum x86_access access,
		      enum x86_rights rights, gpa_t *out, u32 *error)
{
	struct x86_walk w;

	if (!x86_walk(&s->paging, va, access, rights, &w)) {
		*error = w.error;
		return false;
	}
	*out = gpa(w.page | (va.a & 0xfff));
	return true;
}

/* -- what drops leaves --------------------------------------------------- */

/* The registers name another root, or the same one anew: a flush of what is not global. */
static __attribute__((noinline)) void load_root(struct shadow *s)
{
	bool new;

	s->generation++;
	s->root = root_find(s, &new);
	s->loaded = s->root->number;
	s->count.new_roots += new;
	shadow_settle(s);
}

/*
 * The same if CR3 names a root that was loaded before, and there is nothing to be looked at: no
 * table was written that was watched, none is open. False: nothing but time has gone.
 */
static inline bool load_known(struct shadow *s)
{
	u64 key = s->paging.cr3 & s->cr3_mask;
	struct shadow_root *r = *root_guess(s, key);

	if (!s->cr3_mask || r->mode != s->mode || r->key[0] != key || r->attention ||
	    s->cursor != sync_log_head() || s->debug_pages)
		return false;
	s->root = r;
	s->loaded = r->number;
	if (!tlb_activate_ready(s, r))
		return false;
	s->generation++;
	r->used = ++s->clock;
	if (s->verify)
		sync_verify(s);
	return true;
}

/* The host's form of tables goes with the code; whoever calls activates a root then. */
static void choose_form(struct shadow *s)
{
	bool wide = s->four && s->code64;

	if (wide == s->wide)
		return;
	s->wide = wide;
	s->count.form_switches++;
	paging_set_form(wide ? PAGING_WIDE : PAGING_NARROW);
}

void shadow_change_code64(struct shadow *s, bool code64)
{
	bool was = s->wide;

	s->code64 = code64;
	choose_form(s);
	if (was != s->wide)
		tlb_activate(s);
}

static void new_mode(struct shadow *s, const struct x86_paging *p)
{
	s->paging = *p;
	s->mode = form_mode(p);
	s->reserved = p->pae ? x86_rsvd(p) : 0;
	s->four = key_form(s->mode) == FORM_LONG;
	s->cr3_mask = s->four ? E_ADDR : key_form(s->mode) == FORM_32 ? 0xfffff000 : 0;
	s->views = p->pg && p->smap ? SHADOW_VIEWS : SHADOW_VIEWS - 1;
	if (s->current >= s->views)
		s->current = SHADOW_STRICT;
	choose_form(s);
}

/* Whatever keys say of the guest's memory holds no more. */
static void drop_everything(struct shadow *s)
{
	s->count.flushes++;
	s->global_generation++;
	node_drop_all(s);
	load_root(s);
}

void shadow_flush(struct shadow *s, bool global_too)
{
	if (global_too)
		drop_everything(s);
	else
		load_root(s);
}

void shadow_load_cr3(struct shadow *s, u64 cr3, const u64 pdpte[4])
{
	s->count.cr3_loads++;
	s->paging.cr3 = cr3;
	if (s->paging.pae && pdpte)
		memcpy(s->paging.pdpte, pdpte, sizeof(s->paging.pdpte));
	if (!load_known(s))
		load_root(s);
	if (s->any_global && !s->paging.pge)
		code_flush_global(s);
}

/* A mode has roots of its own. Code on global pages could be found under all of them. */
void shadow_set_paging(struct shadow *s, const struct x86_paging *p)
{
	const struct x86_paging *o = &s->paging;
	bool same = form_mode(o) == form_mode(p) && o->phys_bits == p->phys_bits &&
		    o->page1g == p->page1g;
	bool global = o->pge != p->pge;
	bool moved = o->cr3 != p->cr3 || memcmp(o->pdpte, p->pdpte, sizeof(p->pdpte));

	if (same && !moved && !global)
		return;
	new_mode(s, p);
	if (!same || global)
		s->global_generation++;
	load_root(s);
	if (!same)
		code_all_gone(s, SHADOW_ALL_ROOTS);
	else if (global)
		code_flush_global(s);
}

/* A table that is not RAM is not compared. */
static __attribute__((noinline)) void invlpg_blind(struct shadow *s, unsigned view, gva_t va)
{
	unsigned slot = slot_of(s, va);

	if (s->four)
		tree_unhook(s, tree_find(s, s->loaded, view, slot, 1), tree_index(slot, 1));
	else
		node_unhook(s, s->loaded, view, slot);
}

/* What is left of a node once its directories have been looked at: the page's leaf. */
static inline void invlpg_leaf(struct shadow *s, unsigned view, gva_t va, struct shadow_node *n)
{
	if (!n || !bit_get(n->live, index_of(va)) || n->whole)
		return;
	if (n->table)
		sync_leaf(s, n, index_of(va));
	else
		invlpg_blind(s, view, va);
}

/* A directory entry has two slots in 32-bit paging; with one, looking at the other does no harm. */
static void invlpg_view(struct shadow *s, unsigned view, gva_t va)
{
	unsigned first = ((u32)va.a >> SLOT_SHIFT) & ~1u;

	for (unsigned slot = first; slot < first + 2; slot++) {
		const struct shadow_node *n = node_in_slot(s, view, slot);

		if (n && !form_gives(s, s->loaded, view, slot, n->key))
			node_unhook(s, s->loaded, view, slot);
	}
	invlpg_leaf(s, view, va, node_in_slot(s, view, (u32)va.a >> SLOT_SHIFT));
}

/* Of four levels: has the root anything for the 512 GiB around va? */
static inline bool tree_begins(const struct shadow *s, unsigned view, gva_t va)
{
	return bit_get(s->root->top[view]->live, va.a >> 39 & 0x1ff);
}

/* Of 32-bit paging: has the directory entry's other slot no node but by the entry as it is? */
static bool other_half_agrees(const struct shadow *s, unsigned view, gva_t va,
			      const struct shadow_near *near)
{
	const struct shadow_node *n;

	if (s->paging.pae)
		return true;
	n = node_in_slot(s, view, ((u32)va.a >> SLOT_SHIFT) ^ 1);
	return !n || n->entry == near->entry[0];
}

static void invlpg_two_levels(struct shadow *s, unsigned view, gva_t va)
{
	const struct shadow_near *near = near_find(s, view, va);

	if (near && other_half_agrees(s, view, va, near))
		invlpg_leaf(s, view, va, near->node);
	else
		invlpg_view(s, view, va);
}

void shadow_invlpg(struct shadow *s, gva_t va)
{
	s->count.invlpgs++;
	s->generation++;
	s->global_generation++;
	for (unsigned v = 0; v < s->views; v++) {
		if (!s->four)
			invlpg_two_levels(s, v, va);
		else if (tree_begins(s, v, va) && !near_invlpg(s, v, va))
			invlpg_leaf(s, v, va, tree_invlpg(s, v, va));
	}
	if (s->any_global)
		code_invlpg(s, va);
}

void shadow_apply_debug(struct shadow *s)
{
	for (u32 k = 0; k < s->debug_pages; k++)
		for (unsigned v = 0; v < s->views; v++) {
			gva_t va = s->debug_page[k];
			struct shadow_node *n = node_at(s, v, va);

			if (n && pte_valid(node_leaves(s, n)[index_of(va)]))
				leaf_drop(s, n, index_of(va));
		}
}

void shadow_set_debug_pages(struct shadow *s, const gva_t *va, unsigned n)
{
	must(n <= SHADOW_DEBUG_PAGES);
	s->debug_pages = n;
	while (n--)
		s->debug_page[n] = va[n];
	shadow_apply_debug(s);
}

static void drop_own(void *opaque) { drop_everything(opaque); }

/* The map has changed, alone; the other cores stand still, and do this before they go on. */
static void map_changed(void)
{
	struct work w[FRAME_CORES_MAX];

	for (unsigned k = 0; k < FRAME_CORES_MAX; k++) {
		w[k] = (struct work){ .fn = drop_own, .opaque = shadows[k] };
		if (shadows[k] && frame_many && k != cpu_self()->id)
			work_post(k, &w[k]);
		else if (shadows[k])
			drop_everything(shadows[k]);
	}
	for (unsigned k = 0; k < FRAME_CORES_MAX; k++)
		work_wait(&w[k]);
	alone_end();
}

/* -- set-up -------------------------------------------------------------- */

static void no_page_gone(void *arg, u32 root, gva_t page) { (void)arg, (void)root, (void)page; }
static void no_all_gone(void *arg, u32 root) { (void)arg, (void)root; }

u64 shadow_memory(u32 nodes) { return node_pool_size(nodes); }

void shadow_init(struct shadow *s, u32 core, void *mem, u32 nodes)
{
	must(((uintptr_t)mem & (PAGING_ROOT_ALIGN - 1)) == 0 && nodes >= 4 &&
	     nodes + TOPS < 0xffff && core < FRAME_CORES_MAX);
	memset(s, 0, sizeof(*s));
	paging_set_form(PAGING_NARROW);
	node_pool_init(s, mem, nodes);
	s->core = core;
	s->frames = frame_core(core);
	s->many = s->frames->many;
	s->code = (struct shadow_code_hooks){ NULL, no_page_gone, no_all_gone };
	s->next_asid = 1;
	s->on_views = &s->nobody;
	shadows[core] = s;
	frame_set_mapper(&mapper);
	gpa_on_change(alone_begin, map_changed);
	sync_log_init(s);
	paging_drop_all();
	new_mode(s, &(struct x86_paging){ .pg = false });
	load_root(s);
}

void shadow_release(struct shadow *s)
{
	drop_everything(s);
	shadows[s->core] = NULL;
}
