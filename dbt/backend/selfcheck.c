/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entry of a self-checking block: are its guest bytes still those it was made from? They are
 * compared in aligned words, through the cached window; a word that is not all the block's has a
 * mask. What they were, and the masks, lie behind the block's code.
 */
#include "dbt/backend/lower.h"

#include "dbt/backend/host.h"

#define WORD 8u

static u64 address(const u8 *p) { return (u64)(uintptr_t)p; }

/* Bits of the aligned word at `at` that belong to bytes [first, end). */
static u64 mask_of(u64 at, u64 first, u64 end)
{
	u64 m = ~0ull;

	if (at < first)
		m <<= 8 * (first - at);
	if (at + WORD > end)
		m &= ~0ull >> (8 * (at + WORD - end));
	return m;
}

static u64 word_at(u64 at, u64 first, u64 end, const u8 *was)
{
	const u8 *p = was + (s64)(at - first);
	u64 v = 0;

	if (at >= first && at + WORD <= end) {
		__builtin_memcpy(&v, p, WORD);
		return v;
	}
	for (unsigned n = 0; n < WORD; n++)
		if (at + n >= first && at + n < end)
			v |= (u64)p[n] << 8 * n;
	return v;
}

static void compare(struct emit *e, const struct backend_check *p)
{
	u64 first = address(p->bytes), end = first + p->size, base = first & ~(u64)(WORD - 1);
	u32 lit = 0;

	e->literals[p - e->out->check] = host_check_open(e, base);
	for (u64 at = base; at < end; at += WORD) {
		bool masked = mask_of(at, first, end) != ~0ull;

		host_check_word(e, (u32)(at - base), lit, masked);
		lit += masked ? 2 * WORD : WORD;
	}
}

void emit_self_check(struct emit *e)
{
	const struct backend_check *p = e->out->check;

	if (!p[0].size)
		return;
	host_check_begin(e);
	for (unsigned n = 0; n < BACKEND_CHECKS && p[n].size; n++)
		compare(e, &p[n]);
	lower_stale_if(e, host_check_result());
}

static void put_literal(struct code *c, u64 v)
{
	code_data(c, (u32)v);
	code_data(c, (u32)(v >> 32));
}

static void literals(struct emit *e, const struct backend_check *p, u32 *site)
{
	u64 first = address(p->bytes), end = first + p->size;

	if ((uintptr_t)code_here(&e->c) & 4)
		code_data(&e->c, 0);
	if (e->c.overflow)
		return;
	host_check_literals(e, site);
	for (u64 at = first & ~(u64)(WORD - 1); at < end; at += WORD) {
		put_literal(&e->c, word_at(at, first, end, p->was));
		if (mask_of(at, first, end) != ~0ull)
			put_literal(&e->c, mask_of(at, first, end));
	}
}

void emit_self_check_literals(struct emit *e)
{
	for (unsigned n = 0; n < BACKEND_CHECKS && e->out->check[n].size; n++)
		literals(e, &e->out->check[n], e->literals[n]);
}
