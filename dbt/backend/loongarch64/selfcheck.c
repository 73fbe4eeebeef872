/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entry of a self-checking block: are its guest bytes still those it was made from? They are
 * compared in aligned words, through the cached window; a word that is not all the block's has a
 * mask. What they were, and the masks, lie behind the block's code.
 */
#include "dbt/backend/loongarch64/emit.h"

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

static u64 word_at(u64 at, u64 first, u64 end)
{
	u64 v = 0;

	for (unsigned n = 0; n < WORD; n++)
		if (at + n >= first && at + n < end)
			v |= (u64)*(const u8 *)(uintptr_t)(at + n) << 8 * n;
	return v;
}

static void compare(struct emit *e, const struct backend_check *p)
{
	u64 first = address(p->bytes), end = first + p->size, base = first & ~(u64)(WORD - 1);
	struct code *c = &e->c;
	u32 off = 0;

	la_li(c, R_T0, (s64)base);
	e->literals[p - e->out->check] = c->p;
	la_pcaddi(c, R_T1, 0);
	for (u64 at = base; at < end; at += WORD) {
		la_ld_d(c, R_T2, R_T0, (s64)(at - base));
		la_ld_d(c, R_T3, R_T1, off);
		off += WORD;
		if (mask_of(at, first, end) != ~0ull) {
			la_ld_d(c, R_T4, R_T1, off);
			la_and(c, R_T2, R_T2, R_T4);
			off += WORD;
		}
		la_xor(c, R_T2, R_T2, R_T3);
		la_or(c, R_T5, R_T5, R_T2);
	}
}

void emit_self_check(struct emit *e)
{
	const struct backend_check *p = e->out->check;

	if (!p[0].size)
		return;
	la_or(&e->c, R_T5, R_ZERO, R_ZERO);
	for (unsigned n = 0; n < BACKEND_CHECKS && p[n].size; n++)
		compare(e, &p[n]);
	lower_stale_if(e, R_T5);
}

static void put_literal(struct code *c, u64 v)
{
	code_data(c, (u32)v);
	code_data(c, (u32)(v >> 32));
}

static void literals(struct emit *e, const struct backend_check *p, u32 *site)
{
	u64 first = address(p->bytes), end = first + p->size;

	if ((uintptr_t)e->c.p & 4)
		code_data(&e->c, 0);
	if (e->c.overflow)
		return;
	*site = (*site & ~la_at_si20(-1)) | la_at_si20(e->c.p - site);
	for (u64 at = first & ~(u64)(WORD - 1); at < end; at += WORD) {
		put_literal(&e->c, word_at(at, first, end));
		if (mask_of(at, first, end) != ~0ull)
			put_literal(&e->c, mask_of(at, first, end));
	}
}

void emit_self_check_literals(struct emit *e)
{
	for (unsigned n = 0; n < BACKEND_CHECKS && e->out->check[n].size; n++)
		literals(e, &e->out->check[n], e->literals[n]);
}
