/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of exits, and the patching of links. Not here: which exits there are (control.c), and
 * when they are chained (dbt/cache/link.c). Invariant: what is patched while translated code may
 * run is one aligned word, and with words that belong together the first one is written last; and
 * a jump that is patched has its delay slot on its own page.
 */
#include "dbt/backend/mips64/prims.h"

#include "kernel/panic.h"

/* Words from a guard to its slot: of a direct exit, of an inline target. */
enum { EXIT_GUARD = 3, TARGET_GUARD = 6, TARGET_WORDS = 8 };

/*
 * The word that is patched will be `words` from here: not the last one of a page. QEMU translates
 * a delay slot on a page of its own once, with the jump's target in it, and knows it by the slot's
 * address alone: a new target would not be seen.
 */
static void keep_on_page(struct code *c, unsigned words)
{
	unsigned at = (uintptr_t)(c->p + words) & 0xfff;

	if (at == 0xffc || !at)		/* 0: it would be one earlier if its slot is filled */
		code_here(c);
	if (at == 0xffc)
		mi_nop(c);
}

/*
 * A direct exit to eip; its slot's delay slot may hold the block's last instruction:
 *	[guard:	addiu	at, rCTX, -tag		until chained: or at, $0, $0
 *		bnez	at, 1f ; nop]
 *	slot:	jal	glue_exit_link ; nop	chained: j target
 *		.word	link
 *	[1:	li	a0, eip
 *		jal	glue_jump_far ; (its last word)	through the jump cache
 *		.word	link]
 */
void host_exit_direct(struct emit *e, struct link *l, u32 index, u64 eip, bool guarded)
{
	struct code *c = &e->c;
	u32 *far = NULL;

	keep_on_page(c, guarded ? EXIT_GUARD : 0);
	if (guarded) {
		l->guard = EXIT_GUARD;
		mi_or(c, R_AT, R_ZERO, R_ZERO);
		far = mi_bne(c, R_AT, R_ZERO, 4);
	}
	host_call_door(e, glue_exit_link);
	l->slot = pool_ref_of(c->p - 2);
	code_data(c, index);
	if (guarded) {
		host_patch(e, far);
		mi_li(c, R_ARG(0), (s32)eip);
		host_call_door(e, glue_jump_far);
		code_data(c, index);
	}
}

/* One target of an indirect exit; words as backend_link fills them. */
static void inline_target(struct emit *e, struct link *l)
{
	struct code *c = &e->c;
	u32 *first;

	keep_on_page(c, TARGET_GUARD);
	first = code_here(c);
	l->guard = TARGET_GUARD;
	mi_b(c, 4 * TARGET_WORDS);
	mi_addiu(c, R_RA, R_CTX, 0);		/* goes into the next one's slot */
	mi_bne(c, R_ARG(0), R_AT, 4 * (TARGET_WORDS - 3));
	mi_bne(c, R_RA, R_ZERO, 4 * (TARGET_WORDS - 4));
	l->slot = pool_ref_of(c->p);
	mi_b(c, 8);
	must(c->overflow || c->p == first + TARGET_WORDS);
}

/*
 * An indirect exit, with the targets that were seen first inline:
 *	bnez	kick, 2f ; nop
 *	lui	at, eip >> 16			until chained: b 1f
 *	ori	at, at, eip & 0xffff
 *	bne	a0, at, 1f ; addiu ra, rCTX, -tag
 *	bnez	ra, 1f ; nop
 *	j	target ; nop
 * 1:	the same eight again, on to 2
 * 2:	jal	glue_jump_ind ; nop		jump cache, else exit
 *	.word	number of the first link
 */
void host_exit_indirect(struct emit *e, struct link *first, u32 index)
{
	u32 *kick = host_branch_nonzero(e, R_KICK);

	for (unsigned n = 0; n < LINK_TARGETS; n++)
		inline_target(e, &first[n]);
	host_patch(e, kick);
	host_call_door(e, glue_jump_ind);
	code_data(&e->c, index);
}

/* -- Patching -- */

static void put_word(u32 *at, u32 word)
{
	__atomic_store_n(at, word, __ATOMIC_RELEASE);
	backend_sync(at, at + 1);
}

/* The first word of what `emit` appends. */
#define WORD(emit) ({ u32 w[2] = { 0 }; struct code c = { .p = w, .end = w + 2 }; emit; w[0]; })

static s64 index_of(uintptr_t to) { return (s64)(to & 0xfffffff); }

static u32 guard_word(int d, u32 tag) { return WORD(mi_addiu(&c, d, R_CTX, -(s64)tag)); }

/* An indirect exit's words from the guard on: see host_exit_indirect. */
static void link_indirect(struct link *l, u64 eip, u32 tag)
{
	u32 *guard = link_guard(l);

	put_word(guard + 1, WORD(mi_ori(&c, R_AT, R_AT, eip & 0xffff)));
	put_word(guard + 3, guard_word(R_RA, tag));
	put_word(guard, WORD(mi_lui(&c, R_AT, (u32)eip >> 16)));
}

void backend_link(struct link *l, const u32 *code, u64 eip, u32 tag)
{
	put_word(link_slot(l), WORD(mi_j(&c, index_of((uintptr_t)code))));
	l->tag = (u16)tag;
	if (l->indirect)
		link_indirect(l, eip, tag);
	else if (l->guard)
		put_word(link_guard(l), guard_word(R_AT, tag));
}

void backend_unlink(struct link *l)
{
	if (l->indirect) {
		put_word(link_guard(l), WORD(mi_b(&c, 4 * TARGET_WORDS)));
		return;
	}
	put_word(link_slot(l), WORD(mi_jal(&c, index_of((uintptr_t)glue_exit_link))));
	if (l->guard)
		put_word(link_guard(l), WORD(mi_or(&c, R_AT, R_ZERO, R_ZERO)));
}
