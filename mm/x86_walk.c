/* SPDX-License-Identifier: BSD-2-Clause */
/* The x86 page walk. See x86_walk.h. Section numbers are those of the SDM, volume 3A. */
#include "mm/x86_walk.h"

#include "mm/gpa.h"
#include "mm/x86_entry.h"

#define AD_RETRIES 1000			/* more and a device is scribbling on the table */

/* Error code of an access that fails; `cause` is P and RSVD as they apply (4.7). */
static bool fails(const struct x86_paging *p, enum x86_access access, enum x86_rights rights,
		  u32 cause, struct x86_walk *w)
{
	bool tells_fetch = (p->pae && p->nxe) || p->smep;

	w->error = cause | (access == X86_WRITE ? PF_W : 0) | (rights == X86_USER ? PF_U : 0) |
		   (access == X86_FETCH && tells_fetch ? PF_I : 0);
	return false;
}

static void step(struct x86_walk *w, u64 at, u64 entry)
{
	w->step[w->steps].at = at;
	w->step[w->steps++].entry = entry;
}

/* What went wrong with the entries themselves: ~0 nothing, 0 not present, or P | RSVD. */
#define GOOD (~0u)
#define MALFORMED (PF_P | PF_RSVD)

/* 32-bit paging (4.3). */
static u32 entries_32(const struct x86_paging *p, u32 va, struct x86_walk *w)
{
	gpa_t at = gpa_a20(gpa((p->cr3 & 0xfffff000) | va >> 22 << 2));
	u32 e = gpa_ld32(at);

	if (!(e & E_P))
		return 0;
	step(w, at.a, e);
	if (p->pse && (e & E_PS)) {
		w->shift = 22;
		w->page = (e & 0xffc00000) | (va & 0x3ff000);
		return e & RSVD_4M ? MALFORMED : GOOD;
	}
	at = gpa_a20(gpa((e & 0xfffff000) | (va >> 12 & 0x3ff) << 2));
	e = gpa_ld32(at);
	if (!(e & E_P))
		return 0;
	step(w, at.a, e);
	w->shift = 12;
	w->page = e & 0xfffff000;
	return GOOD;
}

/* PAE paging (4.4). */
static u32 entries_pae(const struct x86_paging *p, u32 va, struct x86_walk *w)
{
	u64 rsvd = x86_rsvd(p);
	u64 pdpte = p->pdpte[va >> 30], e;
	gpa_t at;

	if (!(pdpte & E_P))
		return 0;
	at = gpa_a20(gpa((pdpte & E_ADDR) | (va >> 21 & 0x1ff) << 3));
	e = gpa_ld64(at);
	if (!(e & E_P))
		return 0;
	step(w, at.a, e);
	if (e & rsvd)
		return MALFORMED;
	if (e & E_PS) {
		w->shift = 21;
		w->page = (e & E_ADDR & ~0x1fffffull) | (va & 0x1ff000);
		return e & RSVD_2M ? MALFORMED : GOOD;
	}
	at = gpa_a20(gpa((e & E_ADDR) | (va >> 12 & 0x1ff) << 3));
	e = gpa_ld64(at);
	if (!(e & E_P))
		return 0;
	step(w, at.a, e);
	w->shift = 12;
	w->page = e & E_ADDR;
	return e & rsvd ? MALFORMED : GOOD;
}

/* Four levels (4.5): 3 is the PML4E's, 0 the PTE's. */
static u32 entries_long(const struct x86_paging *p, u64 va, struct x86_walk *w)
{
	u64 rsvd = x86_rsvd(p), table = p->cr3 & E_ADDR, e;

	for (unsigned level = 3;; level--) {
		unsigned shift = 12 + 9 * level;
		gpa_t at = gpa_a20(gpa(table | (va >> shift & 0x1ff) << 3));

		e = gpa_ld64(at);
		if (!(e & E_P))
			return 0;
		step(w, at.a, e);
		if (e & x86_rsvd_long(rsvd, level, e, p->page1g))
			return MALFORMED;
		table = e & E_ADDR;
		if (level && !(e & E_PS))
			continue;
		w->shift = (u8)shift;
		w->page = (table & ~((1ull << shift) - 1)) | (va & ((1ull << shift) - 0x1000));
		return GOOD;
	}
}

static u64 leaf_of(const struct x86_walk *w) { return w->step[w->steps - 1].entry; }

static void rights_of(const struct x86_paging *p, struct x86_walk *w)
{
	u64 leaf = leaf_of(w), all = leaf, any = leaf;

	for (unsigned k = 0; k + 1u < w->steps; k++) {
		all &= w->step[k].entry;
		any |= w->step[k].entry;
	}
	w->user = all & E_US;
	w->writable = all & E_RW;
	w->nx = p->pae && p->nxe && (any & E_XD);
	w->global = p->pge && (leaf & E_G);
}

/* 4.6.1: what U/S alone forbids. */
static bool wrong_side(const struct x86_paging *p, const struct x86_walk *w,
		       enum x86_access access, enum x86_rights rights)
{
	if (rights == X86_USER)
		return !w->user;
	if (access == X86_FETCH)
		return w->user && p->smep;
	return w->user && p->smap && rights == X86_STRICT;
}

static bool allowed(const struct x86_paging *p, const struct x86_walk *w,
		    enum x86_access access, enum x86_rights rights)
{
	if (wrong_side(p, w, access, rights))
		return false;
	if (access == X86_WRITE)
		return x86_walk_may_write(p, w, rights);
	return access != X86_FETCH || !w->nx;
}

/* Change an entry of the walk. False: it is not what was read any more. */
static bool mark_step(const struct x86_paging *p, struct x86_walk_step *s, u64 want)
{
	u64 old = s->entry;

	if (want == old)
		return true;
	s->entry = want;
	return p->pae ? gpa_cas64(gpa(s->at), old, want) :
	       gpa_cas32(gpa(s->at), (u32)old, (u32)want);
}

/* Set A everywhere and D in the leaf for a write (4.8). False: an entry changed, walk again. */
static bool mark(const struct x86_paging *p, struct x86_walk *w, enum x86_access access)
{
	u64 leaf_bits = access == X86_WRITE ? E_A | E_D : E_A;

	for (unsigned k = 0; k + 1u < w->steps; k++)
		if (!mark_step(p, &w->step[k], w->step[k].entry | E_A))
			return false;
	if (!mark_step(p, &w->step[w->steps - 1], leaf_of(w) | leaf_bits))
		return false;
	w->dirty = leaf_of(w) & E_D;
	return true;
}

static bool identity(u32 va, struct x86_walk *w)
{
	w->page = gpa_a20(gpa(va & 0xfffff000)).a;
	w->shift = 32;
	w->steps = 0;
	w->user = w->writable = w->global = w->dirty = true;
	w->nx = false;
	return true;
}

static u32 entries(const struct x86_paging *p, gva_t va, struct x86_walk *w)
{
	if (!p->pae)
		return entries_32(p, (u32)va.a, w);
	return p->lma ? entries_long(p, va.a, w) : entries_pae(p, (u32)va.a, w);
}

bool x86_walk(const struct x86_paging *p, gva_t va, enum x86_access access,
	      enum x86_rights rights, struct x86_walk *w)
{
	if (!p->pg)
		return identity((u32)va.a, w);
	for (unsigned tries = 0; tries < AD_RETRIES; tries++) {
		u32 cause;

		w->steps = 0;
		cause = entries(p, va, w);
		if (cause != GOOD)
			return fails(p, access, rights, cause, w);
		rights_of(p, w);
		if (!allowed(p, w, access, rights))
			return fails(p, access, rights, PF_P, w);
		if (mark(p, w, access)) {
			w->page = gpa_a20(gpa(w->page)).a;
			return true;
		}
	}
	return fails(p, access, rights, 0, w);	/* the guest walks into it again */
}
