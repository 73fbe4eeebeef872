/* SPDX-License-Identifier: BSD-2-Clause */
/* The x86 page walk. See x86_walk.h. Section numbers are those of the SDM, volume 3A. */
#include "mm/x86_walk.h"

#include "mm/gpa.h"
#include "mm/x86_entry.h"

#define RSVD_PDPTE 0x1e6ull		/* 8:5 and 2:1 (4.4.1) */
#define AD_RETRIES 1000			/* more and a device is scribbling on the table */

/* Error code of an access that fails; `cause` is P and RSVD as they apply (4.7). */
static bool fails(const struct x86_paging *p, enum x86_access access, bool user, u32 cause,
		  struct x86_walk *w)
{
	w->error = cause | (access == X86_WRITE ? PF_W : 0) | (user ? PF_U : 0) |
		   (access == X86_FETCH && p->pae && p->nxe ? PF_I : 0);
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
	u64 rsvd = x86_rsvd_pae(p);
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

static u64 leaf_of(const struct x86_walk *w) { return w->step[w->steps - 1].entry; }

/* Root and leaf are the same entry if there is but one. */
static void rights(const struct x86_paging *p, struct x86_walk *w)
{
	u64 leaf = leaf_of(w), all = w->step[0].entry & leaf, any = w->step[0].entry | leaf;

	w->user = all & E_US;
	w->writable = all & E_RW;
	w->nx = p->pae && p->nxe && (any & E_XD);
	w->global = p->pge && (leaf & E_G);
}

/* 4.6.1; SMEP and SMAP are in no 32-bit model. */
static bool allowed(const struct x86_paging *p, const struct x86_walk *w,
		    enum x86_access access, bool user)
{
	if (user && !w->user)
		return false;
	if (access == X86_WRITE)
		return x86_walk_may_write(p, w, user);
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

	if (w->steps == 2 && !mark_step(p, &w->step[0], w->step[0].entry | E_A))
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

bool x86_walk(const struct x86_paging *p, gva_t va, enum x86_access access, bool user,
	      struct x86_walk *w)
{
	if (!p->pg)
		return identity((u32)va.a, w);
	for (unsigned tries = 0; tries < AD_RETRIES; tries++) {
		u32 cause;

		w->steps = 0;
		cause = p->pae ? entries_pae(p, (u32)va.a, w) : entries_32(p, (u32)va.a, w);
		if (cause != GOOD)
			return fails(p, access, user, cause, w);
		rights(p, w);
		if (!allowed(p, w, access, user))
			return fails(p, access, user, PF_P, w);
		if (mark(p, w, access)) {
			w->page = gpa_a20(gpa(w->page)).a;
			return true;
		}
	}
	return fails(p, access, user, 0, w);	/* the guest walks into it again */
}
