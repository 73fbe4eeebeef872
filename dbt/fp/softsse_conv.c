/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparison, extremes, conversion and approximations of floats and doubles by SSE's rules. */
#include "dbt/fp/softsse_prim.h"

/* -- Comparison -- */

static bool less(u64 a, u64 b, const struct sse_format *f)
{
	bool na = sse_neg(a, f), nb = sse_neg(b, f);

	if (na != nb)
		return na;
	return na ? b < a : a < b;
}

enum sse_order sse_compare(u64 a, u64 b, bool dbl, bool signal, struct sse_env *e)
{
	const struct sse_format *f = sse_format(dbl);

	if (sse_is_nan(a, f) || sse_is_nan(b, f)) {
		if (signal || sse_is_snan(a, f) || sse_is_snan(b, f))
			e->exc |= MXCSR_IE;
		return SSE_UNORDERED;
	}
	a = sse_denormal(a, f, e);
	b = sse_denormal(b, f, e);
	if (a == b || (sse_is_zero(a, f) && sse_is_zero(b, f)))
		return SSE_EQUAL;
	return less(a, b, f) ? SSE_LESS : SSE_GREATER;
}

bool sse_predicate(unsigned p, u64 a, u64 b, bool dbl, struct sse_env *e)
{
	bool signal = (p & 3) == 1 || (p & 3) == 2;	/* LT, LE and their opposites */
	enum sse_order o = sse_compare(a, b, dbl, signal, e);
	bool holds = false;

	switch (p & 3) {
	case 0: holds = o == SSE_EQUAL; break;
	case 1: holds = o == SSE_LESS; break;
	case 2: holds = o == SSE_LESS || o == SSE_EQUAL; break;
	case 3: holds = o == SSE_UNORDERED; break;
	}
	return holds != (p >> 2 & 1);
}

/* The operand itself comes back, or the zero that DAZ made of it. */
static u64 choose(u64 a, u64 b, enum sse_order a_wins, bool dbl, struct sse_env *e)
{
	const struct sse_format *f = sse_format(dbl);
	enum sse_order o = sse_compare(a, b, dbl, true, e);
	u64 r = o == a_wins ? a : b;

	return sse_is_denormal(r, f) && (e->mxcsr & MXCSR_DAZ) ? r & f->sign : r;
}

u64 sse_min(u64 a, u64 b, bool dbl, struct sse_env *e)
{
	return choose(a, b, SSE_LESS, dbl, e);
}

u64 sse_max(u64 a, u64 b, bool dbl, struct sse_env *e)
{
	return choose(a, b, SSE_GREATER, dbl, e);
}

/* -- Conversion -- */

u64 sse_f32_to_f64(u32 a, struct sse_env *e)
{
	const struct sse_format *s = sse_format(false), *d = sse_format(true);
	bool neg = sse_neg(a, s);
	struct sse_num x;
	u64 v;

	if (sse_is_nan(a, s)) {
		v = sse_nan(a, a, s, e);
		return sse_make(neg, d->exp_max, sse_frac(v, s) << 29, d);
	}
	v = sse_denormal(a, s, e);
	if (sse_is_inf(v, s))
		return sse_make(neg, d->exp_max, 0, d);
	if (sse_is_zero(v, s))
		return sse_make(neg, 0, 0, d);
	x = sse_unpack(v, s);
	return sse_round(neg, x.exp, x.m, d, e);
}

u32 sse_f64_to_f32(u64 a, struct sse_env *e)
{
	const struct sse_format *s = sse_format(false), *d = sse_format(true);
	bool neg = sse_neg(a, d);
	struct sse_num x;
	u64 v;

	if (sse_is_nan(a, d)) {
		v = sse_nan(a, a, d, e);
		return (u32)sse_make(neg, s->exp_max, sse_frac(v, d) >> 29, s);
	}
	v = sse_denormal(a, d, e);
	if (sse_is_inf(v, d))
		return (u32)sse_make(neg, s->exp_max, 0, s);
	if (sse_is_zero(v, d))
		return (u32)sse_make(neg, 0, 0, s);
	x = sse_unpack(v, d);
	return (u32)sse_round(neg, x.exp, x.m, s, e);
}

u64 sse_from_int(s64 v, bool dbl, struct sse_env *e)
{
	u64 m = v < 0 ? 0 - (u64)v : (u64)v;
	unsigned n;

	if (!v)
		return 0;
	n = __builtin_clzll(m);
	return sse_round(v < 0, 63 - (s32)n, m << n, sse_format(dbl), e);
}

static u64 indefinite(unsigned bits, struct sse_env *e)
{
	e->exc |= MXCSR_IE;
	return ~0ull << (bits - 1);
}

/* The integer of x < 2^64 to *v; the rest as a fraction of 2^64. */
static u64 integer_part(struct sse_num x, u64 *v)
{
	*v = x.exp < 0 ? 0 : x.m >> (63 - x.exp);
	if (x.exp < 0)
		return shr_jam64(x.m, (unsigned)(-1 - x.exp));
	return x.exp < 63 ? x.m << (x.exp + 1) : 0;
}

u64 sse_to_int(u64 a, bool dbl, bool truncate, unsigned bits, struct sse_env *e)
{
	const struct sse_format *f = sse_format(dbl);
	unsigned rc = truncate ? RC_ZERO : sse_rc(e);
	struct sse_num x;
	u64 v, rest;

	if (sse_exp(a, f) == f->exp_max)
		return indefinite(bits, e);
	if (sse_is_zero_daz(a, f, e))
		return 0;
	x = sse_unpack(a, f);
	if (x.exp >= (s32)bits)
		return indefinite(bits, e);
	rest = integer_part(x, &v);
	v += sse_round_up(rc, x.neg, v & 1, rest);
	if (v > (1ull << (bits - 1)) - !x.neg)
		return indefinite(bits, e);
	if (rest)
		e->exc |= MXCSR_PE;
	return x.neg ? 0 - v : v;
}

u64 sse_round_int(u64 a, unsigned how, bool dbl, struct sse_env *e)
{
	const struct sse_format *f = sse_format(dbl);
	struct sse_num x;
	u64 v, rest;
	unsigned n;

	if (sse_is_nan(a, f))
		return sse_nan(a, a, f, e);
	if (sse_is_zero_daz(a, f, e))
		return a & f->sign;
	x = sse_unpack(a, f);
	if (sse_is_inf(a, f) || x.exp >= (s32)f->frac_bits)
		return a;
	rest = integer_part(x, &v);
	v += sse_round_up(how & 4 ? sse_rc(e) : how & 3, x.neg, v & 1, rest);
	if (rest && !(how & 8))
		e->exc |= MXCSR_PE;
	if (!v)
		return a & f->sign;
	n = __builtin_clzll(v);
	return sse_round(x.neg, 63 - (s32)n, v << n, f, e);
}

/* -- Approximations -- */

#define APPROXIMATE (MXCSR_RESET | MXCSR_DAZ | MXCSR_FTZ)
#define ONE_F32 0x3f800000u
#define ONE_F64 0x3ff0000000000000ull

u32 sse_rcp(u32 a)
{
	struct sse_env e = { APPROXIMATE, 0 };

	return (u32)sse_div(ONE_F32, a, false, &e);
}

u32 sse_rsqrt(u32 a)
{
	struct sse_env e = { APPROXIMATE, 0 };

	return sse_f64_to_f32(sse_div(ONE_F64, sse_sqrt(sse_f32_to_f64(a, &e), true, &e), true, &e),
			      &e);
}
