/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How an exit is chained, and undone (enum link_how, block.h): as much of it is left out as its
 * target lets nobody see. Not when, nor what keeps the target in place (dbt/cache/link.c).
 * Invariant: whatever words have been patched so far, an exit that is left by its slot has the
 * flags in their pinned registers, but for R_CCOP, which may hold their mark.
 */
#include "dbt/backend/backend.h"

#include "dbt/backend/host.h"
#include "dbt/backend/lower.h"
#include "dbt/x86/mark.h"
#include "kernel/panic.h"

bool backend_many_cores;

static u32 *first_of(const struct link *l) { return link_slot(l) - l->words; }

static u32 *branch_of(const struct link *l) { return link_slot(l) - l->branch; }

static bool same_page(const u32 *a, const u32 *b)
{
	return !(((uintptr_t)a ^ (uintptr_t)b) / ANCHOR_PAGE);
}

/* b's anchor on the page of `at`; NULL: none, of an instruction that is longer than a page. */
static const u32 *anchor_at(const struct block *b, const u32 *at)
{
	const u32 *anchor = block_code(b) + b->code_size / HOST_INSN_SIZE - HOST_ANCHOR_WORDS;

	if (!same_page(anchor, at))
		anchor = block_code(b) - block_entry_words(b) - HOST_ANCHOR_WORDS;
	must(*anchor == HOST_ANCHOR);
	return same_page(anchor, at) ? anchor : NULL;
}

/*
 * A word of b that must be so from now on: no core runs the old one. An emulator that translates
 * this code may translate the word while it is being stored, and then keep it. QEMU ends what it
 * has made of a word before the store, so that another core may make the old one again: it is
 * stored twice. And a store to a page of which nothing is translated is not noticed by a core that
 * is about to translate the word: so the page's anchor is run first. From then on something of the
 * page is translated, and who was at it has done. Last, what the storing core knows of the page may
 * be from before that.
 */
static void set_for_good(const struct block *b, u32 *at, u32 word)
{
	const u32 *anchor = backend_many_cores ? anchor_at(b, at) : NULL;

	if (anchor)
		backend_run_anchor(anchor);
	if (backend_many_cores) {
		backend_forget_page(at);
		host_set_word(at, word);
	}
	host_set_word(at, word);
}

static void jump(u32 *at, const u32 *to) { host_set_word(at, host_jump_word(at, to)); }

static enum link_how how_to(const struct link *l, struct block_head to)
{
	if (!to.sets_flags || !l->words)
		return LINK_SLOT;
	if (!to.may_fault)
		return LINK_DEAD;
	if (!l->mark || (mark_registers(l->mark, l->wide) & to.changes))
		return LINK_SLOT;
	return LINK_MARKED;
}

/* Straight from the branch, if nothing is to be done on the way. */
static bool direct(const struct link *l, const u32 *code)
{
	u32 word = l->branch ? host_branch_word(branch_of(l), code) : 0;

	if (word)
		host_set_word(branch_of(l), word);
	return word;
}

void backend_link(struct link *l, const u32 *code, struct block_head head)
{
	l->how = how_to(l, head);
	if ((l->how == LINK_DEAD || l->bare || (l->how == LINK_MARKED && l->marked)) &&
	    direct(l, code)) {
		l->how = LINK_DIRECT;
		return;
	}
	/* two words: another core may be between them, with the flags of the first as they were */
	if (l->how == LINK_MARKED && (l->words <= HOST_JUMP_WORDS || backend_many_cores))
		l->how = LINK_SLOT;
	switch (l->how) {
	case LINK_DEAD:
		jump(first_of(l), code);
		return;
	case LINK_MARKED:
		host_set_word(first_of(l), host_mark_word(MARK_OP(l->mark)));
		jump(first_of(l) + 1, code);
		return;
	default:
		jump(link_slot(l), code);
	}
}

void backend_close(struct block *b)
{
	u32 *entry = block_entry(b), *unchecked = entry + ENTRY_UNCHECKED;

	set_for_good(b, entry, HOST_CLOSED);
	if (b->key.flags & KEY_LONG)
		set_for_good(b, unchecked, host_jump_word(unchecked, entry));
}

void backend_open(struct link *l)
{
	u32 *first = link_slot(l) + l->probe;

	if (l->probe)
		host_set_word(first, host_probe_word());
	l->probe = 0;
}

/* Behind the checks of what is known already; another check may leave, and wants all flags. */
void backend_chain(struct link *l, const struct block *to)
{
	struct block_head head = to->head;
	u16 need = to->need & (u16)~NEED_RSP;
	unsigned passed = forms_passed(need, l->safe);

	if (to->need & ~l->safe & NEED_RSP) {
		head.may_fault = true;
		backend_link(l, block_code(to) + CHAIN_UNCHECKED, head);
		return;
	}
	head.may_fault |= passed < count_ones(need);
	backend_link(l, block_code(to) + passed, head);
}

void backend_unlink(struct link *l)
{
	const struct block *b = link_from(l);

	switch (l->how) {
	case LINK_DIRECT:
		set_for_good(b, branch_of(l), host_branch_word(branch_of(l), first_of(l)));
		return;
	case LINK_MARKED:
		set_for_good(b, first_of(l) + 1, l->word[1]);
		/* fall through */
	case LINK_DEAD:
		set_for_good(b, first_of(l), l->word[0]);
		return;
	default:
		set_for_good(b, link_slot(l), host_exit_word(l));
	}
}
