/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Do the words of an ordered block keep x86's order (docs/memory-order.md)? Found from the host
 * code itself, along every way through it, knowing nothing of how order.c came to its barriers.
 * Natively for listings, in Loam with `verify = on`.
 */
#include "dbt/backend/lower.h"

#include "dbt/backend/host.h"
#include "mm/arena.h"

/*
 * What may have happened on some way to a word. LOADS: a load that is not ordered before all that
 * comes; STORES: a store that is not before stores; ATOMIC: the two accesses of a CAS, which are
 * not before all; SLOT_LOADS: in a relaxed block, a stack slot's load that is not before stores
 * elsewhere. SEEN: there is such a way.
 */
enum { LOADS = ORDER_LOADS, STORES = ORDER_STORES, ATOMIC = 4, SEEN = 8, SLOT_LOADS = 16 };

/* SLOT: one that the block may leave without a barrier before it. */
enum access_of { NO_ACCESS, ACCESS, SLOT };

struct walk {
	const u32 *start, *end;
	u8 *before;		/* of each word */
	const u8 *access;	/* at each word: enum access_of */
	unsigned outside;	/* what others may have done */
	bool again;		/* some word was found to have more before it */
	const char *wrong;
	const u32 *where;
};

static void fail(struct walk *w, const u32 *at, const char *what)
{
	if (w->wrong)
		return;
	w->wrong = what;
	w->where = at;
}

/* Outside the block nobody knows what it did. */
static void leave(struct walk *w, const u32 *at, unsigned s)
{
	if (s & (LOADS | ATOMIC))
		fail(w, at, "leaves with a load that is not ordered");
}

static void reach(struct walk *w, const u32 *at, const u32 *to, unsigned s)
{
	u8 *before = &w->before[to - w->start];

	if (to < w->start || to >= w->end) {
		leave(w, at, s);
		return;
	}
	if ((*before | s) != *before)
		w->again = true;
	*before |= (u8)(s | SEEN);
}

/* These never come back. */
static bool for_good(const u32 *door)
{
	static void (*const doors[])(void) = {
		glue_exit_link, glue_jump_far, glue_jump_ind, glue_exit_stale,
		glue64_exit_link, glue64_jump_far, glue64_jump_ind, glue64_exit_stale,
	};

	for (unsigned n = 0; n < sizeof(doors) / sizeof(doors[0]); n++)
		if (door == (const u32 *)(uintptr_t)doors[n])
			return true;
	return false;
}

/* These look at registers only. */
static bool is_quiet(const u32 *door)
{
	return door == (const u32 *)(uintptr_t)glue_entry_cf ||
	       door == (const u32 *)(uintptr_t)glue_entry_flags ||
	       door == (const u32 *)(uintptr_t)glue64_entry_flags;
}

static void call(struct walk *w, const u32 *at, const u32 *door, unsigned s)
{
	if (is_quiet(door)) {
		reach(w, at, at + 1, s);
		return;
	}
	leave(w, at, s);
	if (!for_good(door))
		reach(w, at, at + 1, LOADS | w->outside);
}

static unsigned barrier(const struct host_word *h, unsigned s)
{
	if ((h->before & ORDER_LOADS) && h->behind == ORDER_ALL)
		s &= ~(unsigned)LOADS;
	if ((h->before & ORDER_LOADS) && (h->behind & ORDER_STORES))
		s &= ~(unsigned)SLOT_LOADS;
	if ((h->before & ORDER_STORES) && (h->behind & ORDER_STORES))
		s &= ~(unsigned)STORES;
	if (h->before == ORDER_ALL && h->behind == ORDER_ALL)
		s &= ~(unsigned)ATOMIC;
	return s;
}

/* An access of the guest at `at`, with s before it. Returns what there is behind it. */
static unsigned access(struct walk *w, const u32 *at, const struct host_word *h, unsigned s)
{
	unsigned bars = LOADS | ATOMIC | (h->kind == WORD_LOAD ? 0 : STORES | SLOT_LOADS);
	bool slot = w->access[at - w->start] == SLOT;

	if (slot && h->kind <= WORD_STORE)
		bars = ATOMIC;
	if (h->kind == WORD_LINKED)	/* which comes again if its store failed */
		bars &= ~(unsigned)ATOMIC;
	if (h->kind == WORD_AMO) {
		if (h->before != ORDER_ALL || h->behind != ORDER_ALL)
			fail(w, at, "an atomic access that orders nothing");
		return 0;
	}
	if (h->kind == WORD_CONDITIONAL)
		return s;
	if (s & bars)
		fail(w, at, h->kind == WORD_LOAD ? "a load that may be early"
						 : "a store that may be early");
	if (h->kind == WORD_LOAD)
		return s | (slot ? SLOT_LOADS : LOADS);
	return s | (h->kind == WORD_STORE ? STORES : ATOMIC);
}

static void step(struct walk *w, const u32 *at)
{
	unsigned s = w->before[at - w->start] & ~(unsigned)SEEN;
	struct host_word h;

	host_word(at, &h);
	switch (h.kind) {
	case WORD_TRAP: case WORD_LEAVE: leave(w, at, s); return;
	case WORD_JUMP: reach(w, at, h.to, s); return;
	case WORD_CALL: call(w, at, h.to, s); return;
	case WORD_BRANCH: reach(w, at, h.to, s); break;
	case WORD_ORDER: s = barrier(&h, s); break;
	case WORD_OTHER: break;
	default:
		if (w->access[at - w->start])
			s = access(w, at, &h, s);
	}
	reach(w, at, at + 1, s);
}

static enum access_of access_at(const struct fault_site *s, bool relaxed)
{
	if (s->raise)
		return NO_ACCESS;
	return relaxed && (s->intent & INTENT_SLOT) ? SLOT : ACCESS;
}

const char *backend_order_check(const struct backend_out *o, bool relaxed, struct arena *scratch,
				unsigned *word)
{
	u64 words = (u64)(o->end - o->start);
	u8 *access = arena_alloc(scratch, words);
	struct walk w = { .start = o->start, .end = o->end, .access = access,
			  .outside = STORES | (relaxed ? SLOT_LOADS : 0),
			  .before = arena_alloc(scratch, words), .again = true };

	for (unsigned n = 0; n < o->sites; n++)
		access[o->site[n].offset] = access_at(&o->site[n], relaxed);
	w.before[0] = (u8)(SEEN | w.outside);
	while (w.again && !w.wrong) {
		w.again = false;
		for (const u32 *at = w.start; at < w.end; at++)
			if (w.before[at - w.start])
				step(&w, at);
	}
	*word = (unsigned)(w.where - w.start);
	return w.wrong;
}
