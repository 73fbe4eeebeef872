/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of entries and exits, and the patching of links. Not here: which exits there are
 * (control.c), and when they are chained (dbt/cache/link.c). Invariant: what is patched while
 * translated code may run is one aligned word; and a jump that is patched has its delay slot on its
 * own page.
 */
#include "dbt/backend/mips64/prims.h"

#include "kernel/lib/bits.h"

/*
 * The next word will be patched: not the last one of a page. QEMU translates a delay slot on a page
 * of its own once, with the jump's target in it, and knows it by the slot's address alone: a new
 * target would not be seen.
 */
static void keep_on_page(struct code *c)
{
	unsigned at = (uintptr_t)c->p & 0xfff;

	if (at == 0xffc || !at)		/* 0: it would be one earlier if its slot is filled */
		code_here(c);
	if (at == 0xffc)
		mi_nop(c);
}

void host_page_add(struct emit *e, int d, s64 k)
{
	struct code *c = &e->c;

	if (mi_ok_si16(k)) {
		mi_addiu(c, d, R_PAGE, k);
		return;
	}
	mi_li(c, R_AT, (s32)k);
	mi_addu(c, d, R_PAGE, R_AT);
}

/* Two words: what closes it is a jump, whose delay slot must do nothing. */
void host_entry(struct emit *e, bool relocatable, s64 k)
{
	struct code *c = &e->c;

	if (relocatable)
		mi_addiu(c, R_PAGE, R_ARG(0), k);
	else
		mi_nop(c);
	mi_nop(c);
	code_here(c);
}

void host_anchor(struct emit *e)
{
	code_here(&e->c);
	mi_jr(&e->c, R_RA);
	code_here(&e->c);
}

/*
 * The slot's delay slot may hold the block's last instruction:
 *	slot:	jal	glue_exit_link ; nop	chained: j block
 *		.word	link
 */
void host_exit_near(struct emit *e, struct link *l, u32 index)
{
	struct code *c = &e->c;

	keep_on_page(c);
	host_call_door(e, glue_exit_link);
	l->slot = pool_ref_of(c->p - 2);
	code_data(c, index);
}

/*
 *	slot:	nop ; nop			chained: j block
 */
void host_exit_far(struct emit *e, struct link *l)
{
	struct code *c = &e->c;

	code_here(c);
	keep_on_page(c);
	l->slot = pool_ref_of(c->p);
	mi_nop(c);
	mi_nop(c);
	code_here(c);
}

/* Out of line: on this host it is longer, and the door's way to it costs little beside. */
void host_probe(struct emit *e, struct probe *p) { (void)e, (void)p; }
void host_probe_tagged(struct emit *e, const struct probe *p) { (void)e, (void)p; }
bool host_probe_shut(struct emit *e, u32 *first) { (void)e, (void)first; return false; }
u32 host_probe_word(void) { return 0; }

/* All of them, and the slot of the last one, on one page. */
void host_exit_open(struct emit *e)
{
	struct code *c = &e->c;

	code_here(c);
	while (((uintptr_t)c->p & 0xfff) > 0x1000 - 4 * (HOST_JUMP_WORDS + 1) && !c->overflow)
		mi_nop(c);
	code_here(c);
}

/* -- Patching -- */

void host_set_word(u32 *at, u32 word)
{
	__atomic_store_n(at, word, __ATOMIC_RELEASE);
	backend_sync(at, at + 1);
}

/* The first word of what `emit` appends. */
#define WORD(emit) ({ u32 w[2] = { 0 }; struct code c = { .p = w, .end = w + 2 }; emit; w[0]; })

static s64 index_of(uintptr_t to) { return (s64)(to & 0xfffffff); }

u32 host_jump_word(const u32 *at, const u32 *to)
{
	(void)at;
	return WORD(mi_j(&c, index_of((uintptr_t)to)));
}

/* None whose slot is on another page, as above. */
u32 host_branch_word(const u32 *at, const u32 *to)
{
	s64 off = (const char *)to - (const char *)at;

	if (((uintptr_t)at & 0xfff) == 0xffc || !mi_ok_rel16(off))
		return 0;
	return (*at & ~0xffffu) | mi_at_rel16(off);
}

u32 host_mark_word(s64 op) { return WORD(mi_li(&c, R_CCOP, op)); }

u32 host_exit_word(const struct link *l)
{
	return l->far ? WORD(mi_nop(&c)) : WORD(mi_jal(&c, index_of((uintptr_t)glue_exit_link)));
}
