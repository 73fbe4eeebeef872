/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic of floats and doubles by SSE's rules: see softsse.h. A finite value that is
 * not zero is unpacked to a 64-bit significand with bit 63 set and an unbounded
 * exponent; one function rounds it back. Not here: comparison and conversion
 * (softsse_conv.c).
 */
#include "dbt/fp/softsse_prim.h"

/* -- Rounding -- */

static bool masked(u32 flag, const struct sse_env *e)
{
	return e->mxcsr >> MXCSR_MASK_SHIFT & flag;
}

/*
 * inexact: as if the exponent had no bounds, which is what counts if the exception is
 * unmasked; here and in round_tiny.
 */
static u64 overflow(bool neg, bool inexact, const struct sse_format *f, struct sse_env *e)
{
	unsigned rc = sse_rc(e);
	bool inf = rc == RC_NEAR || rc == (neg ? RC_DOWN : RC_UP);

	e->exc |= MXCSR_OE | (inexact || masked(MXCSR_OE, e) ? MXCSR_PE : 0);
	return sse_make(neg, inf ? f->exp_max : f->exp_max - 1, inf ? 0 : f->frac_mask, f);
}

/* m without its low f->drop bits, rounded; may carry out: then it is 0 and the exponent grows. */
static u64 cut(u64 m, unsigned drop, bool neg, unsigned rc, bool *inexact)
{
	u64 rest = m << (64 - drop), keep = m >> drop;

	*inexact = rest != 0;
	return (keep + sse_round_up(rc, neg, keep & 1, rest)) << drop;
}

/* exp is the biased exponent, below 1. */
static u64 round_tiny(bool neg, s32 exp, u64 m, const struct sse_format *f, struct sse_env *e)
{
	bool inexact, tiny;

	/* Tiny: below the least normal number after rounding with unbounded exponent. */
	tiny = cut(m, f->drop, neg, sse_rc(e), &inexact) != 0 || exp < 0;
	if (tiny && !masked(MXCSR_UE, e)) {
		e->exc |= MXCSR_UE | (inexact ? MXCSR_PE : 0);
		return sse_make(neg, 0, 0, f);
	}
	if (tiny && (e->mxcsr & MXCSR_FTZ)) {
		e->exc |= MXCSR_UE | MXCSR_PE;
		return sse_make(neg, 0, 0, f);
	}
	m = cut(shr_jam64(m, 1 - exp), f->drop, neg, sse_rc(e), &inexact);
	if (inexact)
		e->exc |= MXCSR_PE | (tiny ? MXCSR_UE : 0);
	/* Bit 63 set: it became the least normal number, whose exponent field is 1. */
	return sse_make(neg, 0, 0, f) | m >> f->drop;
}

u64 sse_round(bool neg, s32 exp, u64 m, const struct sse_format *f, struct sse_env *e)
{
	bool inexact;

	exp += f->bias;
	if (exp < 1)
		return round_tiny(neg, exp, m, f, e);
	m = cut(m, f->drop, neg, sse_rc(e), &inexact);
	if (!m) {
		m = 1ull << 63;
		exp++;
	}
	if (exp >= (s32)f->exp_max)
		return overflow(neg, inexact, f, e);
	if (inexact)
		e->exc |= MXCSR_PE;
	return sse_make(neg, exp, m >> f->drop & f->frac_mask, f);
}

/* -- Operands -- */

u64 sse_nan(u64 a, u64 b, const struct sse_format *f, struct sse_env *e)
{
	if (sse_is_snan(a, f) || sse_is_snan(b, f))
		e->exc |= MXCSR_IE;
	return (sse_is_nan(a, f) ? a : b) | f->quiet;
}

static u64 sse_invalid(const struct sse_format *f, struct sse_env *e)
{
	e->exc |= MXCSR_IE;
	return sse_make(true, f->exp_max, f->quiet, f);
}

struct sse_num sse_unpack(u64 a, const struct sse_format *f)
{
	s32 exp = (s32)sse_exp(a, f);
	u64 m = (a & f->frac_mask) << f->drop;

	if (exp)
		m |= 1ull << 63;
	else
		exp = 1 - __builtin_clzll(m);
	return (struct sse_num){ .m = m << (exp < 1 ? 1 - exp : 0), .exp = exp - (s32)f->bias,
				 .neg = sse_neg(a, f) };
}

/* -- Addition -- */

/* |x| + |y| or |x| - |y|, with the sign of x; |x| >= |y|. */
static u64 add_numbers(struct sse_num x, struct sse_num y, const struct sse_format *f,
		       struct sse_env *e)
{
	u128 a = (u128)x.m << 62, b = shr_jam128((u128)y.m << 62, (unsigned)(x.exp - y.exp));
	u128 r = x.neg == y.neg ? a + b : a - b;
	unsigned n;

	if (!r)
		return sse_make(sse_rc(e) == RC_DOWN, 0, 0, f);
	n = r >> 64 ? __builtin_clzll((u64)(r >> 64)) : 64 + __builtin_clzll((u64)r);
	r <<= n;
	/* a's highest bit was 125. */
	return sse_round(x.neg, x.exp + 2 - (s32)n, (u64)(r >> 64) | ((u64)r != 0), f, e);
}

static u64 add(u64 a, u64 b, const struct sse_format *f, struct sse_env *e)
{
	struct sse_num x, y;

	if (sse_is_nan(a, f) || sse_is_nan(b, f))
		return sse_nan(a, b, f, e);
	if (sse_is_inf(a, f) && sse_is_inf(b, f) && a != b)
		return sse_invalid(f, e);
	a = sse_denormal(a, f, e);
	b = sse_denormal(b, f, e);
	if (sse_is_inf(a, f) || sse_is_inf(b, f))
		return sse_is_inf(a, f) ? a : b;
	if (sse_is_zero(a, f) && sse_is_zero(b, f))
		return a == b ? a : sse_make(sse_rc(e) == RC_DOWN, 0, 0, f);
	if (sse_is_zero(a, f) || sse_is_zero(b, f)) {
		x = sse_unpack(sse_is_zero(a, f) ? b : a, f);
		return sse_round(x.neg, x.exp, x.m, f, e);
	}
	x = sse_unpack(a, f);
	y = sse_unpack(b, f);
	if (x.exp > y.exp || (x.exp == y.exp && x.m >= y.m))
		return add_numbers(x, y, f, e);
	return add_numbers(y, x, f, e);
}

u64 sse_add(u64 a, u64 b, bool dbl, struct sse_env *e)
{
	return add(a, b, sse_format(dbl), e);
}

u64 sse_sub(u64 a, u64 b, bool dbl, struct sse_env *e)
{
	const struct sse_format *f = sse_format(dbl);

	return add(a, sse_is_nan(b, f) ? b : b ^ f->sign, f, e);
}

/* -- Multiplication, division, square root -- */

u64 sse_mul(u64 a, u64 b, bool dbl, struct sse_env *e)
{
	const struct sse_format *f = sse_format(dbl);
	bool neg = sse_neg(a ^ b, f);
	struct sse_num x, y;
	u128 p;

	if (sse_is_nan(a, f) || sse_is_nan(b, f))
		return sse_nan(a, b, f, e);
	if ((sse_is_inf(a, f) && sse_is_zero_daz(b, f, e)) ||
	    (sse_is_inf(b, f) && sse_is_zero_daz(a, f, e)))
		return sse_invalid(f, e);
	a = sse_denormal(a, f, e);
	b = sse_denormal(b, f, e);
	if (sse_is_inf(a, f) || sse_is_inf(b, f))
		return sse_make(neg, f->exp_max, 0, f);
	if (sse_is_zero(a, f) || sse_is_zero(b, f))
		return sse_make(neg, 0, 0, f);
	x = sse_unpack(a, f);
	y = sse_unpack(b, f);
	p = (u128)x.m * y.m;
	if (p >> 127)
		x.exp++;
	else
		p <<= 1;
	return sse_round(neg, x.exp + y.exp, (u64)(p >> 64) | ((u64)p != 0), f, e);
}

static u64 divide_numbers(struct sse_num x, struct sse_num y, const struct sse_format *f,
			  struct sse_env *e)
{
	bool less = x.m < y.m;
	u128 n = (u128)x.m << (less ? 64 : 63);
	u64 q = (u64)(n / y.m);

	return sse_round(x.neg != y.neg, x.exp - y.exp - less, q | (n % y.m != 0), f, e);
}

u64 sse_div(u64 a, u64 b, bool dbl, struct sse_env *e)
{
	const struct sse_format *f = sse_format(dbl);
	bool neg = sse_neg(a ^ b, f);

	if (sse_is_nan(a, f) || sse_is_nan(b, f))
		return sse_nan(a, b, f, e);
	if ((sse_is_inf(a, f) && sse_is_inf(b, f)) ||
	    (sse_is_zero_daz(a, f, e) && sse_is_zero_daz(b, f, e)))
		return sse_invalid(f, e);
	if (sse_is_zero_daz(b, f, e) && !sse_is_inf(a, f)) {
		e->exc |= MXCSR_ZE;
		return sse_make(neg, f->exp_max, 0, f);
	}
	a = sse_denormal(a, f, e);
	b = sse_denormal(b, f, e);
	if (sse_is_inf(a, f))
		return sse_make(neg, f->exp_max, 0, f);
	if (sse_is_inf(b, f) || sse_is_zero(a, f))
		return sse_make(neg, 0, 0, f);
	return divide_numbers(sse_unpack(a, f), sse_unpack(b, f), f, e);
}

/* The largest r with r * r <= x; bit 126 or 127 of x is set. */
static u64 root(u128 x, bool *exact)
{
	u128 r = 0, rest = x;

	for (unsigned bit = 64; bit-- > 0;) {
		u128 t = (r << (bit + 1)) + ((u128)1 << (2 * bit));

		if (t <= rest) {
			rest -= t;
			r += (u128)1 << bit;
		}
	}
	*exact = !rest;
	return (u64)r;
}

u64 sse_sqrt(u64 a, bool dbl, struct sse_env *e)
{
	const struct sse_format *f = sse_format(dbl);
	struct sse_num x;
	bool exact, odd;
	u64 r;

	if (sse_is_nan(a, f))
		return sse_nan(a, a, f, e);
	if (sse_is_zero_daz(a, f, e))
		return sse_make(sse_neg(a, f), 0, 0, f);
	if (sse_neg(a, f))
		return sse_invalid(f, e);
	a = sse_denormal(a, f, e);
	if (sse_is_inf(a, f))
		return a;
	x = sse_unpack(a, f);
	odd = x.exp & 1;
	r = root((u128)x.m << (odd ? 64 : 63), &exact);
	return sse_round(false, (x.exp - odd) / 2, r | !exact, f, e);
}
