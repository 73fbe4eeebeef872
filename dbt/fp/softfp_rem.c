/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FPREM and FPREM1: exact remainders. Not rounding: the result is always exact.
 * Invariant: below an exponent difference of 64 the reduction finishes; otherwise one step
 * takes 32 + (difference mod 32) quotient bits, as AMD's CPUs do (the SDM allows 32..63).
 */
#include "dbt/fp/softfp.h"
#include "dbt/fp/softfp_prim.h"

/* r = m * 2^n mod b; returns the low 64 bits of the quotient. m and b normalised, n <= 63. */
static u64 reduce(u64 *r, u64 b, unsigned n)
{
	u64 m = *r, q = m >= b;
	if (q)
		m -= b;
	for (; n; n--) {
		u64 top = m >> 63;
		m <<= 1;
		u64 take = top | (m >= b);
		m -= take ? b : 0;
		q = q << 1 | take;
	}
	*r = m;
	return q;
}

static u16 quotient_bits(u64 q)
{
	return (u16)((q & 4 ? FP_C0 : 0) | (q & 2 ? FP_C3 : 0) | (q & 1 ? FP_C1 : 0));
}

static struct f80 pack_rem(u64 m, s32 exp, unsigned sign, struct fpenv *e)
{
	if (!m)
		return f80_zero(sign);
	int n = __builtin_clzll(m);
	return f80_round_ext((struct num){ m << n, exp - n, sign }, 0, e);
}

/* d = exponent difference; r/b < 1: round the quotient to nearest even. d >= -1. */
static struct f80 finish_nearest(struct num x, u64 b, s32 d, u64 r, u64 q, struct fpenv *e)
{
	/* compare 2r with b, at x's scale if x was not shifted */
	u128 twice = (u128)r << 1, whole = (u128)b << (d < 0 ? 1 : 0);
	s32 exp = x.exp - (d < 0 ? 0 : d);
	unsigned sign = x.sign;
	if (twice > whole || (twice == whole && (q & 1))) {
		q++;
		r = (u64)(whole - r);
		sign ^= 0x8000;
	}
	e->exc |= quotient_bits(q);
	return pack_rem(r, exp, sign, e);
}

static struct f80 rem_nums(struct num x, struct num y, bool nearest, struct fpenv *e)
{
	s32 d = x.exp - y.exp;
	u64 r = x.mant, q = 0;
	if (d >= 64) {
		unsigned n = 32u + ((unsigned)d & 31);
		reduce(&r, y.mant, n);
		e->exc |= FP_C2;
		return pack_rem(r, x.exp - (s32)n, x.sign, e);
	}
	if (d < (nearest ? -1 : 0))
		return f80_round_ext(x, 0, e);
	if (d >= 0)
		q = reduce(&r, y.mant, (unsigned)d);
	if (nearest)
		return finish_nearest(x, y.mant, d, r, q, e);
	e->exc |= quotient_bits(q);
	return pack_rem(r, x.exp - d, x.sign, e);
}

struct f80 f80_rem(struct f80 a, struct f80 b, bool nearest, struct fpenv *e)
{
	if (f80_is_bad(a) || f80_is_bad(b))
		return f80_nan2(a, b, e);
	if (f80_is_inf(a) || f80_is_zero(b))
		return f80_invalid(e);
	if (f80_denormal_stop(a, b, e) || f80_is_zero(a))
		return a;
	if (f80_is_inf(b))
		return f80_round_ext(f80_num(a), 0, e);
	return rem_nums(f80_num(a), f80_num(b), nearest, e);
}
