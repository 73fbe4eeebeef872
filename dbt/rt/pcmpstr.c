/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCMPESTRI and its kin (SDM vol. 2, 4.1): two strings of bytes or words compared in one of four
 * ways. Names are the manual's: x is operand 1, y operand 2.
 */
#include "dbt/ir/helpers.h"

enum { WORDS = 1, SIGNED = 2, NEGATIVE = 1 << 4, MASKED = 1 << 5, HIGH = 1 << 6 };
enum { EQUAL_ANY, RANGES, EQUAL_EACH, EQUAL_ORDERED };

struct text {
	s32 at[16];
	unsigned length;		/* elements that are valid */
};

static void load(struct text *t, const u64 *from, unsigned how, unsigned count)
{
	union xmm v = { .q = { from[0], from[1] } };

	for (unsigned i = 0; i < count; i++)
		switch (how & (WORDS | SIGNED)) {
		case 0: t->at[i] = v.b[i]; break;
		case WORDS: t->at[i] = v.w[i]; break;
		case SIGNED: t->at[i] = (s8)v.b[i]; break;
		default: t->at[i] = (s16)v.w[i]; break;
		}
}

/* The first zero ends it. */
static void end_at_zero(struct text *t, unsigned count)
{
	for (t->length = 0; t->length < count && t->at[t->length]; t->length++)
		;
}

/* The magnitude of a signed length, at most all. */
static unsigned given_length(u64 n, unsigned count)
{
	u64 size = (s64)n < 0 ? 0 - n : n;

	return size < count ? (unsigned)size : count;
}

static bool is_any(const struct text *x, s32 c)
{
	for (unsigned i = 0; i < x->length; i++)
		if (x->at[i] == c)
			return true;
	return false;
}

static bool is_in_range(const struct text *x, s32 c)
{
	for (unsigned i = 0; i + 1 < x->length; i += 2)
		if (x->at[i] <= c && c <= x->at[i + 1])
			return true;
	return false;
}

/* Does x begin at y's element j, as far as there are elements? */
static bool begins(const struct text *x, const struct text *y, unsigned j, unsigned count)
{
	for (unsigned i = 0; i < x->length && j + i < count; i++)
		if (j + i >= y->length || x->at[i] != y->at[j + i])
			return false;
	return true;
}

static bool equal(const struct text *x, const struct text *y, unsigned j)
{
	if (j >= x->length || j >= y->length)
		return j >= x->length && j >= y->length;
	return x->at[j] == y->at[j];
}

/* Bit j: what the aggregation finds at element j of y (IntRes1). */
static u32 aggregate(const struct text *x, const struct text *y, unsigned how, unsigned count)
{
	u32 r = 0;

	for (unsigned j = 0; j < count; j++) {
		bool there = j < y->length, found = false;

		switch (how >> 2 & 3) {
		case EQUAL_ANY: found = there && is_any(x, y->at[j]); break;
		case RANGES: found = there && is_in_range(x, y->at[j]); break;
		case EQUAL_EACH: found = equal(x, y, j); break;
		case EQUAL_ORDERED: found = begins(x, y, j, count); break;
		}
		r |= (u32)found << j;
	}
	return r;
}

/* The mask that the M forms want, in help[4] and [5]. */
static void put_mask(struct vcpu *c, u32 r, unsigned how, unsigned count)
{
	union xmm v = { .q = { r, 0 } };

	for (unsigned j = 0; (how & HIGH) && j < count; j++) {
		if (how & WORDS)
			v.w[j] = r >> j & 1 ? 0xffff : 0;
		else
			v.b[j] = r >> j & 1 ? 0xff : 0;
	}
	c->help[4] = v.q[0];
	c->help[5] = v.q[1];
}

/* IntRes2; help, flags, and the index. */
static u64 finish(struct vcpu *c, const struct text *x, const struct text *y, unsigned how,
		  unsigned count)
{
	u32 r = aggregate(x, y, how, count), index = count, f = 0;

	if (how & NEGATIVE)
		r ^= (1u << (how & MASKED ? y->length : count)) - 1;
	put_mask(c, r, how, count);
	if (r)
		index = (u32)(how & HIGH ? 31 - __builtin_clz(r) : __builtin_ctz(r));
	f |= r ? FL_CF : 0;
	f |= y->length < count ? FL_ZF : 0;
	f |= x->length < count ? FL_SF : 0;
	f |= r & 1 ? FL_OF : 0;
	return f | index << 16;
}

u64 helper_pcmpistr(struct vcpu *c, u64 a, u64 b, u64 d)
{
	unsigned how = (unsigned)a & 0x7f, count = how & WORDS ? 8 : 16;
	struct text x, y;

	(void)b, (void)d;
	load(&x, &c->help[0], how, count);
	load(&y, &c->help[2], how, count);
	end_at_zero(&x, count);
	end_at_zero(&y, count);
	return finish(c, &x, &y, how, count);
}

u64 helper_pcmpestr(struct vcpu *c, u64 a, u64 b, u64 d)
{
	unsigned how = (unsigned)a & 0x7f, count = how & WORDS ? 8 : 16;
	struct text x, y;

	load(&x, &c->help[0], how, count);
	load(&y, &c->help[2], how, count);
	x.length = given_length(b, count);
	y.length = given_length(d, count);
	return finish(c, &x, &y, how, count);
}
