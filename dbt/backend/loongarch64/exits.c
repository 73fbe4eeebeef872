/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of exits, and the patching of links. Not here: which exits there are (control.c), and
 * when they are chained (dbt/cache/link.c). Invariant: what is patched while translated code may
 * run is one aligned word, and with words that belong together the first one is written last.
 */
#include "dbt/backend/loongarch64/prims.h"

/* Words from a guard to its slot: of a direct exit, of an inline target. */
enum { EXIT_GUARD = 2, TARGET_GUARD = 5 };

/*
 * A direct exit to eip:
 *	[guard:	addi.w	ra, rCTX, -tag		until chained: b slot
 *		bnez	ra, 1f]
 *	slot:	bl	glue_exit_link		chained: b target
 *		.word	link
 *	[1:	li	t0, eip
 *		bl	glue_jump_far		through the jump cache
 *		.word	link]
 */
void host_exit_direct(struct emit *e, struct link *l, u32 index, u64 eip, bool guarded)
{
	if (guarded) {
		l->guard = EXIT_GUARD;
		la_b(&e->c, 8);
		la_bnez(&e->c, R_RA, 12);
	}
	l->slot = pool_ref_of(e->c.p);
	host_call_door(e, glue_exit_link);
	code_data(&e->c, index);
	if (guarded) {
		la_li(&e->c, R_T0, (s32)eip);
		host_call_door(e, glue_jump_far);
		code_data(&e->c, index);
	}
}

/* One target of an indirect exit; words as backend_link fills them. */
static void inline_target(struct emit *e, struct link *l)
{
	l->guard = TARGET_GUARD;
	la_b(&e->c, 24);
	la_ori(&e->c, R_RA, R_RA, 0);
	la_bne(&e->c, R_T0, R_RA, 16);
	la_addi_w(&e->c, R_RA, R_CTX, 0);
	la_bnez(&e->c, R_RA, 8);
	l->slot = pool_ref_of(e->c.p);
	la_b(&e->c, 4);
}

/*
 * An indirect exit, with the targets that were seen first inline:
 *	bnez	kick, 2f
 *	lu12i.w	ra, eip >> 12			until chained: b 1f
 *	ori	ra, ra, eip & 0xfff
 *	bne	t0, ra, 1f
 *	addi.w	ra, rCTX, -tag
 *	bnez	ra, 1f
 *	b	target
 * 1:	the same six again, on to 2
 * 2:	bl	glue_jump_ind			jump cache, else exit
 *	.word	number of the first link
 */
void host_exit_indirect(struct emit *e, struct link *first, u32 index)
{
	la_bnez(&e->c, R_KICK, 4 + LINK_TARGETS * 24);
	for (unsigned n = 0; n < LINK_TARGETS; n++)
		inline_target(e, &first[n]);
	host_call_door(e, glue_jump_ind);
	code_data(&e->c, index);
}

/* -- Patching -- */

static void put_word(u32 *at, u32 word)
{
	__atomic_store_n(at, word, __ATOMIC_RELEASE);
	backend_sync(at, at + 1);
}

static u32 branch_word(bool link, s64 off)
{
	u32 word = 0;
	struct code c = { .p = &word, .end = &word + 1 };

	link ? la_bl(&c, off) : la_b(&c, off);
	return word;
}

static u32 guard_word(u32 tag)
{
	u32 word = 0;
	struct code c = { .p = &word, .end = &word + 1 };

	la_addi_w(&c, R_RA, R_CTX, -(s64)tag);
	return word;
}

/* An indirect exit's words from the guard on: see host_exit_indirect. */
static void link_indirect(struct link *l, u64 eip, u32 tag)
{
	u32 word[2];
	struct code c = { .p = word, .end = word + 2 };

	la_lu12i_w(&c, R_RA, (s32)eip >> 12);
	la_ori(&c, R_RA, R_RA, eip & 0xfff);
	put_word(link_guard(l) + 1, word[1]);
	put_word(link_guard(l) + 3, guard_word(tag));
	put_word(link_guard(l), word[0]);
}

void backend_link(struct link *l, const u32 *code, u64 eip, u32 tag)
{
	u32 *slot = link_slot(l);

	put_word(slot, branch_word(false, (const char *)code - (char *)slot));
	l->tag = (u16)tag;
	if (l->indirect)
		link_indirect(l, eip, tag);
	else if (l->guard)
		put_word(link_guard(l), guard_word(tag));
}

void backend_unlink(struct link *l)
{
	s64 off = (s64)((uintptr_t)glue_exit_link - (uintptr_t)link_slot(l));

	if (l->indirect) {
		put_word(link_guard(l), branch_word(false, 24));
		return;
	}
	put_word(link_slot(l), branch_word(true, off));
	if (l->guard)
		put_word(link_guard(l), branch_word(false, 8));
}
