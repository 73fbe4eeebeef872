/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The straight-line paths of the arithmetic: normal operands, normal result, rounding to
 * nearest with 64 or 53 bits. Inlined into softfp_*.c and x87_arith.c; not an interface.
 * Invariant: false means that nothing was done and the full function must be called.
 */
#ifndef DBT_FP_SOFTFP_FAST_H
#define DBT_FP_SOFTFP_FAST_H

#include "dbt/fp/softfp_prim.h"

#define F80_INLINE static inline __attribute__((always_inline))

/* RC nearest, and PC 53 (0x200) or 64 (0x300). */
F80_INLINE bool f80_fast_ok(struct f80 a, struct f80 b, unsigned cw)
{
	return f80_is_normal(a) && f80_is_normal(b) && (cw & 0xe00) == 0x200;
}

/* Round hi:lo, bit 63 of hi set, to 64 or 53 bits. *exc: P and C1. */
F80_INLINE bool f80_fast_round(unsigned sign, s32 exp, u64 hi, u64 lo, unsigned cw, struct f80 *r,
			       unsigned *exc)
{
	if (F80_UNLIKELY((u32)(exp - 1) >= 0x7ffd))
		return false;
	u64 m, up, inexact;
	if (F80_LIKELY(cw & 0x100)) {
		up = lo + (F80_TOP - 1 + (hi & 1)) < lo;
		m = hi + up;
		inexact = lo != 0;
	} else {
		u64 low = hi & 0x7ff, base = hi - low;
		low |= lo != 0;
		up = low + 0x3ff + (base >> 11 & 1) >= 0x800;
		m = base + (up << 11);
		inexact = low != 0;
	}
	u64 carry = !m;
	*exc = (unsigned)inexact * FP_PE + (unsigned)up * FP_C1;
	*r = f80_make(sign, (unsigned)exp + (unsigned)carry, m | carry << 63);
	return true;
}

F80_INLINE bool f80_fast_add(struct f80 a, struct f80 b, unsigned cw, struct f80 *r, unsigned *exc)
{
	if (F80_UNLIKELY(!f80_fast_ok(a, b, cw)))
		return false;
	u64 hi = a.mant, lo = 0, small = b.mant;
	s32 exp = (s32)f80_exp(a), d = exp - (s32)f80_exp(b);
	unsigned sign = f80_sign(a);
	if (d < 0) {
		hi = b.mant;
		small = a.mant;
		exp -= d;
		d = -d;
		sign = f80_sign(b);
	}
	if (F80_UNLIKELY(d > 63))
		return false;
	if (d) {
		lo = small << (64 - d);
		small >>= d;
	}
	if (!((a.se ^ b.se) & 0x8000)) {
		hi += small;
		u64 carry = hi < small;
		lo = lo >> carry | (lo & carry) | (hi & carry) << 63;
		hi = hi >> carry | carry << 63;
		return f80_fast_round(sign, exp + (s32)carry, hi, lo, cw, r, exc);
	}
	if (hi < small) {		/* only with equal exponents: lo is 0 */
		hi = small - hi;
		sign ^= 0x8000;
	} else {
		hi -= small + (lo != 0);
	}
	lo = 0 - lo;
	if (F80_UNLIKELY(!hi))
		return false;
	int n = __builtin_clzll(hi);
	if (n) {
		hi = hi << n | lo >> (64 - n);
		lo <<= n;
	}
	return f80_fast_round(sign, exp - n, hi, lo, cw, r, exc);
}

F80_INLINE bool f80_fast_sub(struct f80 a, struct f80 b, unsigned cw, struct f80 *r, unsigned *exc)
{
	b.se ^= 0x8000;
	return f80_fast_add(a, b, cw, r, exc);
}

F80_INLINE bool f80_fast_mul(struct f80 a, struct f80 b, unsigned cw, struct f80 *r, unsigned *exc)
{
	if (F80_UNLIKELY(!f80_fast_ok(a, b, cw)))
		return false;
	u128 p = (u128)a.mant * b.mant;
	u64 hi = (u64)(p >> 64), lo = (u64)p;
	unsigned up = (unsigned)(~hi >> 63);	/* product in [1, 2): move up by one */
	hi = hi << up | (lo >> 63 & up);
	lo <<= up;
	s32 exp = (s32)(f80_exp(a) + f80_exp(b)) - (F80_BIAS - 1) - (s32)up;
	return f80_fast_round((a.se ^ b.se) & 0x8000u, exp, hi, lo, cw, r, exc);
}

F80_INLINE bool f80_fast_div(struct f80 a, struct f80 b, unsigned cw, struct f80 *r, unsigned *exc)
{
	if (F80_UNLIKELY(!f80_fast_ok(a, b, cw)))
		return false;
	s32 exp = (s32)f80_exp(a) - (s32)f80_exp(b) + F80_BIAS;
	u64 lo, q = f80_div_mants(a.mant, b.mant, &exp, &lo);
	return f80_fast_round((a.se ^ b.se) & 0x8000u, exp, q, lo, cw, r, exc);
}

/* -- Memory operands ------------------------------------------------- */

/* A normal float or double, fraction left-aligned at bit 62. */
F80_INLINE bool f80_fast_widen(unsigned sign, unsigned exp, s32 bias, u64 frac, struct f80 *r)
{
	if (F80_UNLIKELY(exp - 1 >= 2u * (unsigned)bias))
		return false;
	*r = f80_make(sign, exp + (unsigned)(F80_BIAS - bias), F80_TOP | frac);
	return true;
}

F80_INLINE bool f80_fast_from_f32(u32 v, struct f80 *r)
{
	return f80_fast_widen(v >> 31 << 15, v >> 23 & 0xff, 127, (u64)(v & 0x7fffff) << 40, r);
}

F80_INLINE bool f80_fast_from_f64(u64 v, struct f80 *r)
{
	unsigned sign = (unsigned)(v >> 63) << 15;
	return f80_fast_widen(sign, v >> 52 & 0x7ff, 1023, v << 12 >> 1, r);
}

F80_INLINE bool f80_fast_from_s64(s64 v, struct f80 *r)
{
	if (F80_UNLIKELY(!v))
		return false;
	unsigned sign = (unsigned)((u64)v >> 63) << 15;
	u64 m = v < 0 ? 0 - (u64)v : (u64)v;
	unsigned n = (unsigned)__builtin_clzll(m);
	*r = f80_make(sign, F80_BIAS + 63 - n, m << n);
	return true;
}

/* A normal number to a format of prec bits, result normal, RC nearest. */
F80_INLINE bool f80_fast_narrow(struct f80 a, unsigned prec, s32 bias, unsigned cw, u64 *v,
				unsigned *exc)
{
	s32 exp = (s32)f80_exp(a) - F80_BIAS + bias;
	const unsigned drop = 64 - prec;
	/* one below the largest exponent, so that a carry stays in range */
	if (F80_UNLIKELY((u32)(exp - 1) >= 2u * (u32)bias - 1 || !(a.mant & F80_TOP) || cw & FP_RC))
		return false;
	u64 low = a.mant & ((1ull << drop) - 1), q = a.mant >> drop;
	u64 up = (low + (1ull << (drop - 1)) - 1 + (q & 1)) >> drop;
	*exc = (unsigned)(low != 0) * FP_PE + (unsigned)up * FP_C1;
	/* q's integer bit adds one to the exponent field, and so does a carry */
	*v = (u64)(a.se >> 15) << (prec == 24 ? 31 : 63);
	*v |= ((u64)(exp - 1) << (prec - 1)) + q + up;
	return true;
}

/* -- Comparison -------------------------------------------------------- */

/* Both operands normal: C3, C2, C0 as f80_compare() has them. */
F80_INLINE bool f80_fast_compare(struct f80 a, struct f80 b, unsigned *cc)
{
	if (F80_UNLIKELY(!f80_is_normal(a) || !f80_is_normal(b)))
		return false;
	bool negative = a.se >> 15, less = a.se == b.se ? a.mant < b.mant : a.se < b.se;
	if ((a.se ^ b.se) & 0x8000)
		*cc = negative ? FP_C0 : 0;
	else if (a.se == b.se && a.mant == b.mant)
		*cc = FP_C3;
	else
		*cc = less != negative ? FP_C0 : 0;
	return true;
}

#endif
