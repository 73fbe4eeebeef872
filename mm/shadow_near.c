/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks again: the way down to a leaf node that was walked before, as a CPU's paging-structure
 * caches have it (SDM vol. 3, 4.10.3), but never stale. An entry of this table names the node and
 * the guest's directory entries that led to it; if these are still the same, only the last table is
 * looked at. Invariant: an entry is used only while its node is hooked there (`unhooked`).
 */
#include "mm/gpa.h"
#include "mm/shadow_node.h"
#include "mm/x86_entry.h"

static struct shadow_near *near_place(struct shadow *s, unsigned slot, unsigned view)
{
	return &s->near[(slot ^ slot >> 9 ^ view * 5) % SHADOW_NEAR];
}

static u64 near_name(const struct shadow *s, unsigned slot, unsigned view)
{
	return (u64)s->unhooked << 36 | (u64)slot << 9 | s->loaded << 3 | view << 1 | 1;
}

static inline u64 entry_at(const struct shadow *s, u64 at)
{
	return s->paging.pae ? gpa_ld64(gpa(at)) : gpa_ld32(gpa(at));
}

void near_note(struct shadow *s, unsigned view, gva_t va, const struct x86_walk *w,
	       struct shadow_node *n)
{
	unsigned slot = slot_of(s, va), dirs = w->steps - 1u;
	struct shadow_near *e = near_place(s, slot, view);

	if (w->shift != 12 || !n->table)
		return;
	e->name = near_name(s, slot, view);
	e->node = n;
	e->dirs = dirs;
	e->table = w->step[dirs].at & ~0xfffull;
	for (unsigned k = 0; k < dirs; k++) {
		e->at[k] = w->step[k].at;
		e->entry[k] = w->step[k].entry;
	}
}

const struct shadow_near *near_find(struct shadow *s, unsigned view, gva_t va)
{
	unsigned slot = slot_of(s, va);
	const struct shadow_near *e = near_place(s, slot, view);

	if (e->name != near_name(s, slot, view))
		return NULL;
	for (unsigned k = 0; k < e->dirs; k++)
		if (entry_at(s, e->at[k]) != e->entry[k])
			return NULL;
	return e;
}

/* The last entry says no: 4.7. */
static enum near_walk near_fault(u32 cause, enum x86_access access, enum x86_rights rights,
				 struct x86_walk *w)
{
	w->error = cause | (access == X86_WRITE ? PF_W : 0) | (rights == X86_USER ? PF_U : 0);
	return NEAR_FAULT;
}

/* 4.6, with what all directories allow in the node's key. */
static bool allowed(const struct shadow *s, const struct x86_walk *w, enum x86_access access,
		    enum x86_rights rights)
{
	if (rights == X86_USER ? !w->user : w->user && s->paging.smap && rights == X86_STRICT)
		return false;
	return access != X86_WRITE || x86_walk_may_write(&s->paging, w, rights);
}

enum near_walk near_walk(struct shadow *s, gva_t va, enum x86_access access,
			 enum x86_rights rights, struct x86_walk *w, struct shadow_node **node)
{
	const struct shadow_near *e = near_find(s, shadow_view_of(s, rights), va);
	bool wide = s->paging.pae;
	u64 pte, want;
	gpa_t at;

	if (!e)
		return NEAR_NOT;
	at = wide ? gpa(e->table + (va.a >> 12 & 0x1ff) * 8) :
	     gpa(e->table + (va.a >> 12 & 0x3ff) * 4);
	pte = entry_at(s, at.a);
	if (!(pte & E_P))
		return near_fault(0, access, rights, w);
	if (wide && (pte & s->reserved))
		return NEAR_NOT;
	w->user = pte & e->node->key & E_US;
	w->writable = pte & e->node->key & E_RW;
	if (!allowed(s, w, access, rights))
		return near_fault(PF_P, access, rights, w);
	want = pte | E_A | (access == X86_WRITE ? E_D : 0);
	if (want != pte && !(wide ? gpa_cas64(at, pte, want) :
			     gpa_cas32(at, (u32)pte, (u32)want)))
		return NEAR_NOT;
	w->page = gpa_a20(gpa(pte & (wide ? E_ADDR : 0xfffff000))).a;
	w->dirty = want & E_D;
	*node = e->node;
	return NEAR_GOOD;
}
