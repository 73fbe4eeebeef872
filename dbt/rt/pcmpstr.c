/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCMPESTRI and its kin (SDM vol. 2, 4.1): two strings of bytes or words compared in one of four
 * ways. Names are the manual's: x is operand 1, y operand 2. Sets of elements are masks, bit n for
 * element n; 8 bytes or 4 words are compared at once in a general register.
 */
#include "dbt/ir/helpers.h"

enum { WORDS = 1, SIGNED = 2, NEGATIVE = 1 << 4, MASKED = 1 << 5, HIGH = 1 << 6 };
enum { EQUAL_ANY, RANGES, EQUAL_EACH, EQUAL_ORDERED };

struct text {
	union xmm v;
	unsigned length;		/* elements that are valid */
};

#define BYTES(b) (0x0101010101010101ull * (b))
#define WORDS_OF(w) (0x0001000100010001ull * (w))

/* The product has bit 8 * n of its one factor at bit 56 + n, and no two of its terms meet. */
static u32 zero_bytes(u64 v)
{
	u64 t = ~((((v & BYTES(0x7f)) + BYTES(0x7f)) | v) >> 7) & BYTES(1);

	return (u32)(t * 0x0102040810204080 >> 56);
}

/* The same with bits 16 * n, which come to 48 + n. */
static u32 zero_words(u64 v)
{
	u64 t = ~((((v & WORDS_OF(0x7fff)) + WORDS_OF(0x7fff)) | v) >> 15) & WORDS_OF(1);

	return (u32)(t * 0x0001000200040008 >> 48) & 15;
}

/* Elements of v that are x's, in both halves. */
static u32 equal_to(const union xmm *v, u64 low, u64 high, unsigned how)
{
	low ^= v->q[0];
	high ^= v->q[1];
	return how & WORDS ? zero_words(low) | zero_words(high) << 4
			   : zero_bytes(low) | zero_bytes(high) << 8;
}

static s32 element(const struct text *t, unsigned i, unsigned how)
{
	switch (how & (WORDS | SIGNED)) {
	case 0: return t->v.b[i];
	case WORDS: return t->v.w[i];
	case SIGNED: return (s8)t->v.b[i];
	default: return (s16)t->v.w[i];
	}
}

/* Elements of y that are element i of x. */
static u32 matches(const struct text *x, const struct text *y, unsigned i, unsigned how)
{
	u64 all = how & WORDS ? WORDS_OF(x->v.w[i]) : BYTES(x->v.b[i]);

	return equal_to(&y->v, all, all, how);
}

static u32 any(const struct text *x, const struct text *y, unsigned how)
{
	u32 r = 0;

	for (unsigned i = 0; i < x->length; i++)
		r |= matches(x, y, i, how);
	return r;
}

static u32 ranges(const struct text *x, const struct text *y, unsigned how)
{
	u32 r = 0;

	for (unsigned i = 0; i + 1 < x->length; i += 2) {
		s32 first = element(x, i, how), last = element(x, i + 1, how);

		for (unsigned j = 0; j < y->length; j++) {
			s32 c = element(y, j, how);

			r |= (u32)(first <= c && c <= last) << j;
		}
	}
	return r;
}

/* Where x begins in y: what would lie behind y's last place counts as found. */
static u32 ordered(const struct text *x, const struct text *y, unsigned how, u32 all)
{
	u32 valid = (1u << y->length) - 1, r = all;

	for (unsigned i = 0; i < x->length; i++)
		r &= ((matches(x, y, i, how) & valid) | ~all) >> i;
	return r;
}

/* What the aggregation finds at the elements of y (IntRes1). */
static u32 aggregate(const struct text *x, const struct text *y, unsigned how, u32 all)
{
	u32 in_x = (1u << x->length) - 1, in_y = (1u << y->length) - 1;

	switch (how >> 2 & 3) {
	case EQUAL_ANY: return any(x, y, how) & in_y;
	case RANGES: return ranges(x, y, how);
	case EQUAL_EACH:
		return (equal_to(&y->v, x->v.q[0], x->v.q[1], how) & in_x & in_y) |
		       (all & ~(in_x | in_y));
	default: return ordered(x, y, how, all);
	}
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
	u32 r = aggregate(x, y, how, (1u << count) - 1), index = count, f = 0;

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

static struct text text_of(const u64 *from)
{
	return (struct text){ .v = { .q = { from[0], from[1] } } };
}

/* The first zero ends it. */
static unsigned length_of(const struct text *t, unsigned how, unsigned count)
{
	u32 ends = equal_to(&t->v, 0, 0, how);

	return ends ? (unsigned)__builtin_ctz(ends) : count;
}

/* The magnitude of a signed length, at most all. */
static unsigned given_length(u64 n, unsigned count)
{
	u64 size = (s64)n < 0 ? 0 - n : n;

	return size < count ? (unsigned)size : count;
}

u64 helper_pcmpistr(struct vcpu *c, u64 a, u64 b, u64 d)
{
	unsigned how = (unsigned)a & 0x7f, count = how & WORDS ? 8 : 16;
	struct text x = text_of(&c->help[0]), y = text_of(&c->help[2]);

	(void)b, (void)d;
	x.length = length_of(&x, how, count);
	y.length = length_of(&y, how, count);
	return finish(c, &x, &y, how, count);
}

u64 helper_pcmpestr(struct vcpu *c, u64 a, u64 b, u64 d)
{
	unsigned how = (unsigned)a & 0x7f, count = how & WORDS ? 8 : 16;
	struct text x = text_of(&c->help[0]), y = text_of(&c->help[2]);

	x.length = given_length(b, count);
	y.length = given_length(d, count);
	return finish(c, &x, &y, how, count);
}
