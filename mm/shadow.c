/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shadow tables: the fault path and what x86 instructions do to the TLB. See shadow.h; leaf
 * tables and ASIDs are in shadow_table.c. Nothing here keeps a negative answer: a missing leaf
 * or right always means that the guest's tables are walked again.
 */
#include "mm/shadow.h"

#include <string.h>

#include "kernel/panic.h"
#include "kernel/phys.h"
#include "kernel/printk.h"
#include "mm/frame.h"
#include "mm/gpa.h"
#include "mm/shadow_table.h"

#define CORES_MAX 64
#define ROOT_SIZE (PAGING_ROOT_ENTRIES * 8)
#define LARGE_4M_SLOTS (1u << (22 - PAGING_SLOT_SHIFT))

static struct shadow *shadows[CORES_MAX];

/* -- the reverse map's end (mm/frame) ------------------------------------ */

static bool is_writer(u32 ref, u32 n)
{
	struct shadow *s = shadows[frame_ref_core(ref)];
	pte_t p = s ? shadow_leaf_get(s, frame_ref_leaf(ref)) : 0;

	return pte_writable(p) && pte_page(p).a == gpa_frame_hpa(n).a;
}

static void protect(u32 ref, u32 n)
{
	if (is_writer(ref, n))
		shadow_leaf_protect(shadows[frame_ref_core(ref)], frame_ref_leaf(ref));
}

static const struct frame_mapper mapper = { is_writer, protect };

/* -- faults -------------------------------------------------------------- */

/* May the leaf be writable? A store also ends the frame's watches that it may end. */
static bool leaf_writable(struct shadow *s, const struct x86_walk *w, u32 frame,
			  enum x86_access access, bool user)
{
	if (!w->dirty || !x86_walk_may_write(&s->paging, w, user))
		return false;
	return access == X86_WRITE ? frame_open(frame) : !frame_watched(frame);
}

/* `watched`: the monitor is going to do this store. */
static void fill(struct shadow *s, gva_t va, bool user, const struct x86_walk *w, u32 frame,
		 bool writable, bool watched)
{
	struct shadow_leaf leaf = {
		.pte = pte_make(gpa_frame_hpa(frame), writable),
		.global = w->global,
		.large = w->shift == 21 || w->shift == 22,
		.settled = watched,
	};

	u32 number = shadow_leaf_place(s, user, va);

	if (writable)
		frame_add_writer(frame, frame_ref(s->core, number));
	shadow_leaf_set(s, number, va, leaf);
}

static bool is_debug_page(const struct shadow *s, gva_t va)
{
	for (u32 n = 0; n < s->debug_pages; n++)
		if (s->debug_page[n] == va.a >> 12)
			return true;
	return false;
}

enum shadow_result shadow_fault(struct shadow *s, gva_t va, enum x86_access access, bool user,
				struct shadow_miss *out)
{
	struct x86_walk w;
	struct gpa_page place;
	bool writable, watched;

	if (!x86_walk(&s->paging, va, access, user, &w)) {
		s->count.faults++;
		out->error = w.error;
		return SHADOW_GUEST_FAULT;
	}
	out->page = gpa(w.page);
	if (is_debug_page(s, va)) {
		s->count.debug++;
		return SHADOW_DEBUG;
	}
	place = gpa_lookup(out->page);
	if (access == X86_WRITE && place.kind != GPA_RAM) {
		s->count.mmio++;
		return place.kind == GPA_ROM || place.wframe != FRAME_NONE ? SHADOW_ROM_WRITE :
		       SHADOW_MMIO;
	}
	if (place.frame == FRAME_NONE) {
		s->count.mmio++;
		return SHADOW_MMIO;
	}
	writable = place.kind == GPA_RAM && leaf_writable(s, &w, place.frame, access, user);
	watched = access == X86_WRITE && !writable;
	fill(s, va, user, &w, place.frame, writable, watched);
	s->count.watched += watched;
	return watched ? SHADOW_WATCHED_WRITE : SHADOW_FILLED;
}

bool shadow_translate(struct shadow *s, gva_t va, enum x86_access access, bool user, gpa_t *out,
		      u32 *error)
{
	struct x86_walk w;

	if (!x86_walk(&s->paging, va, access, user, &w)) {
		*error = w.error;
		return false;
	}
	*out = gpa(w.page | (va.a & 0xfff));
	return true;
}

/* -- what is fetched ----------------------------------------------------- */

static void no_page_gone(void *arg, u32 root, gva_t page) { (void)arg, (void)root, (void)page; }
static void no_all_gone(void *arg, u32 root) { (void)arg, (void)root; }

void shadow_on_code_gone(struct shadow *s, const struct shadow_code_hooks *h) { s->code = *h; }

/* Nothing is known of a mapping that is only fetched from: all that was asked before is gone. */
bool shadow_fetch(struct shadow *s, gva_t va, bool user, struct x86_walk *w)
{
	if (!x86_walk(&s->paging, va, X86_FETCH, user, w))
		return false;
	s->fetched_large |= w->shift == 21 || w->shift == 22;
	return true;
}

static bool same_root(const struct shadow_known_root *a, const struct shadow_known_root *b)
{
	return a->used && a->form == b->form && a->cr3 == b->cr3 &&
	       !memcmp(a->pdpte, b->pdpte, sizeof(a->pdpte));
}

/* The registers name another root, or the same one anew. */
static void load_root(struct shadow *s)
{
	const struct x86_paging *p = &s->paging;
	struct shadow_known_root want = { .form = (u8)(p->pg + (p->pg && p->pae)) };
	u32 n, oldest = 0;

	if (want.form == 1)
		want.cr3 = p->cr3 & 0xfffff000;
	if (want.form == 2)
		memcpy(want.pdpte, p->pdpte, sizeof(want.pdpte));
	for (n = 0; n < SHADOW_ROOTS && !same_root(&s->root[n], &want); n++)
		if (s->root[n].used < s->root[oldest].used)
			oldest = n;
	s->loaded = n < SHADOW_ROOTS ? n : oldest;
	want.used = s->count.cr3_loads + s->count.flushes + 1;
	s->root[s->loaded] = want;
	s->code.all_gone(s->code.arg, s->loaded);
}

/* -- what drops leaves --------------------------------------------------- */

void shadow_flush(struct shadow *s, bool global_too)
{
	s->generation++;
	if (!global_too) {
		load_root(s);
		shadow_drop_local(s);
		return;
	}
	s->global_generation++;
	load_root(s);
	s->code.all_gone(s->code.arg, SHADOW_ALL_ROOTS);
	s->count.flushes++;
	shadow_drop_everything(s);
}

void shadow_load_cr3(struct shadow *s, u64 cr3, const u64 pdpte[4])
{
	s->count.cr3_loads++;
	s->paging.cr3 = cr3;
	if (s->paging.pae && pdpte)
		memcpy(s->paging.pdpte, pdpte, sizeof(s->paging.pdpte));
	s->generation++;
	load_root(s);
	shadow_drop_local(s);
}

void shadow_set_paging(struct shadow *s, const struct x86_paging *p)
{
	const struct x86_paging *o = &s->paging;
	bool same = o->pg == p->pg && o->pse == p->pse && o->pae == p->pae && o->wp == p->wp &&
		    o->nxe == p->nxe && o->pge == p->pge && o->phys_bits == p->phys_bits;
	bool moved = o->cr3 != p->cr3 || memcmp(o->pdpte, p->pdpte, sizeof(p->pdpte));

	s->paging = *p;
	if (!same || moved)
		shadow_flush(s, !same);
}

/*
 * Only the tables say how large the guest's page was when the leaves were made: with 4 MiB pages
 * both slots may have leaves of it, with 2 MiB pages looking at the other one does no harm.
 */
static void invlpg_view(struct shadow *s, unsigned view, gva_t va)
{
	unsigned first = (unsigned)(va.a >> SHADOW_SLOT_SHIFT) & ~(LARGE_4M_SLOTS - 1u);

	for (unsigned slot = first; slot < first + LARGE_4M_SLOTS; slot++)
		if (s->table[s->view[view].table[slot]].large)
			shadow_slot_drop(s, view, slot);
	shadow_leaf_drop(s, view, va);
}

/* As part of a large page it may have been fetched from at other addresses. */
static void invlpg_code(struct shadow *s, gva_t va)
{
	if (s->fetched_large)
		s->code.all_gone(s->code.arg, SHADOW_ALL_ROOTS);
	else
		s->code.page_gone(s->code.arg, SHADOW_ALL_ROOTS, gva(va.a & ~0xfffull));
}

void shadow_invlpg(struct shadow *s, gva_t va)
{
	s->count.invlpgs++;
	s->generation++;
	s->global_generation++;
	invlpg_code(s, va);
	for (unsigned v = 0; v < SHADOW_VIEWS; v++)
		invlpg_view(s, v, va);
}

void shadow_set_debug_pages(struct shadow *s, const gva_t *va, unsigned n)
{
	must(n <= SHADOW_DEBUG_PAGES);
	s->debug_pages = n;
	while (n--) {
		s->debug_page[n] = va[n].a >> 12;
		for (unsigned v = 0; v < SHADOW_VIEWS; v++)
			shadow_leaf_drop(s, v, va[n]);
	}
}

static void shadow_drop_all(void)
{
	for (unsigned k = 0; k < CORES_MAX; k++)
		if (shadows[k])
			shadow_flush(shadows[k], true);
}

/* -- set-up -------------------------------------------------------------- */

static u64 descriptions_size(u32 tables)
{
	return (tables * sizeof(struct shadow_table) + FRAME_SIZE - 1) & ~(u64)(FRAME_SIZE - 1);
}

/* Table 0 has no leaves but a description: that of a slot without a table. */
u64 shadow_memory(u32 tables)
{
	return SHADOW_VIEWS * ROOT_SIZE + descriptions_size(tables + 1) +
	       (u64)tables * PAGING_LEAF_ENTRIES * sizeof(pte_t);
}

void shadow_init(struct shadow *s, u32 core, void *mem, u32 tables)
{
	u8 *p = mem;

	must(((uintptr_t)mem & (PAGING_ROOT_ALIGN - 1)) == 0 && tables >= 2 && tables <= 0xffff &&
	     core < CORES_MAX);
	memset(s, 0, sizeof(*s));
	memset(mem, 0, shadow_memory(tables));
	for (unsigned v = 0; v < SHADOW_VIEWS; v++, p += ROOT_SIZE) {
		s->view[v].entries = (u64 *)p;
		s->view[v].root = ptr_to_phys(p);
		paging_root_init(s->view[v].entries);
	}
	s->table = (struct shadow_table *)p;
	p += descriptions_size(tables + 1);
	s->leaves = (pte_t *)p - PAGING_LEAF_ENTRIES;
	s->tables = tables + 1;
	s->core = core;
	s->code = (struct shadow_code_hooks){ NULL, no_page_gone, no_all_gone };
	s->next_asid = 1;
	shadows[core] = s;
	frame_set_mapper(&mapper);
	gpa_on_change(shadow_drop_all);
	paging_drop_all();
	shadow_flush(s, true);		/* gives both views their first ASID */
}

void shadow_release(struct shadow *s)
{
	shadow_flush(s, true);
	shadows[s->core] = NULL;
}
