/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of entries and exits, and the patching of links. Not here: which exits there are
 * (control.c), and when they are chained (dbt/cache/link.c). Invariant: what is patched while
 * translated code may run is one aligned word.
 */
#include "dbt/backend/loongarch64/prims.h"

#include "dbt/backend/glue.h"
#include "dbt/backend/lower.h"
#include "kernel/lib/bits.h"

void host_page_add(struct emit *e, int d, s64 k)
{
	struct code *c = &e->c;
	s64 low = sign_extend((u64)k, 12);

	if (la_ok_si12(k)) {
		host_add(e, d, R_PAGE, k);
		return;
	}
	if (e->wide) {
		la_li(c, R_RA, k);
		la_add_d(c, d, R_PAGE, R_RA);
		return;
	}
	la_lu12i_w(c, R_RA, sign_extend((u64)(k - low) >> 12, 20));
	la_add_w(c, d, R_PAGE, R_RA);
	if (low)
		la_addi_w(c, d, d, low);
}

static void nop(struct code *c) { la_andi(c, R_ZERO, R_ZERO, 0); }

void host_entry(struct emit *e, bool relocatable, s64 k)
{
	if (!relocatable)
		nop(&e->c);
	else if (k == 2048)		/* at a page's start; addi.w ends at 2047 */
		la_ori(&e->c, R_PAGE, R_ARG(0), 2048);
	else
		host_add(e, R_PAGE, R_ARG(0), k);
}

void host_anchor(struct emit *e) { la_jirl(&e->c, R_ZERO, R_RA, 0); }

/*
 *	slot:	bl	glue_exit_link		chained: b block
 *		.word	link
 */
void host_exit_near(struct emit *e, struct link *l, u32 index)
{
	l->slot = pool_ref_of(e->c.p);
	host_call_door(e, DOOR_FOR(e, exit_link));
	code_data(&e->c, index);
}

/*
 *	slot:	nop				chained: b block
 */
void host_exit_far(struct emit *e, struct link *l)
{
	l->slot = pool_ref_of(e->c.p);
	nop(&e->c);
}

_Static_assert(ENTRY_UNCHECKED_BYTES == ENTRY_UNCHECKED * HOST_INSN_SIZE, "glue.S");

static void probe_place(struct code *c)
{
	la_bstrpick_d(c, R_T1, R_ARG(0), JUMP_CACHE_SHIFT + JUMP_CACHE_BITS - 1,
		      JUMP_CACHE_SHIFT);
}

/* The first place; the doors behind look at the second. Who is kicked finds nothing. */
void host_probe(struct emit *e, struct probe *p)
{
	struct code *c = &e->c;

	probe_place(c);
	la_alsl_d(c, R_T1, R_T1, R_CTX, 4);
	la_ld_d(c, R_T2, R_T1, 0);
	p->other = host_branch(e, IC_NE, R_T2, R_ARG(0));
	p->go = code_here(c);
	la_ld_d(c, R_T1, R_T1, 8);
	la_jirl(c, R_T2, R_T1, p->unchecked ? ENTRY_UNCHECKED * HOST_INSN_SIZE : 0);
	host_patch(e, p->other);
}

void host_probe_tagged(struct emit *e, const struct probe *p)
{
	struct code *c = &e->c;

	la_lu52i_d(c, R_RA, R_ARG(0), JUMP_TAG);
	la_beq(c, R_T2, R_RA, (const char *)p->go - (const char *)c->p);
}

void host_exit_open(struct emit *e) { (void)e; }

/* -- Patching -- */

void host_set_word(u32 *at, u32 word)
{
	__atomic_store_n(at, word, __ATOMIC_RELEASE);
	backend_sync(at, at + 1);
}

/* The word of what `emit` appends. */
#define WORD(emit) ({ u32 w = 0; struct code c = { .p = &w, .end = &w + 1 }; emit; w; })

static s64 distance(const u32 *from, uintptr_t to) { return (s64)(to - (uintptr_t)from); }

u32 host_jump_word(const u32 *at, const u32 *to)
{
	return WORD(la_b(&c, distance(at, (uintptr_t)to)));
}

u32 host_branch_word(const u32 *at, const u32 *to)
{
	s64 off = distance(at, (uintptr_t)to);

	if (*at >> 26 == 0x10 || *at >> 26 == 0x11)	/* beqz, bnez */
		return la_ok_off21(off) ? (*at & ~la_at_off21(-4)) | la_at_off21(off) : 0;
	return la_ok_off16(off) ? (*at & ~la_at_off16(-4)) | la_at_off16(off) : 0;
}

bool host_probe_shut(struct emit *e, u32 *first)
{
	*first = host_jump_word(first, code_here(&e->c));
	return true;
}

u32 host_probe_word(void) { return WORD(probe_place(&c)); }

u32 host_mark_word(s64 op) { return WORD(la_li(&c, R_CCOP, op)); }

u32 host_exit_word(const struct link *l)
{
	uintptr_t door = (uintptr_t)(l->wide ? glue64_exit_link : glue_exit_link);

	return l->far ? WORD(nop(&c)) : WORD(la_bl(&c, distance(link_slot(l), door)));
}
