/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conversions between the 80-bit format and float, double and integers, as bit
 * patterns. Not BCD (softfp_bcd.c).
 * Invariant: widening is exact; only narrowing rounds.
 */
#include "dbt/fp/softfp.h"
#include "dbt/fp/softfp_prim.h"

/* frac: the fraction left-aligned at bit 62; exp: the biased exponent, all ones = 2 bias + 1. */
static inline struct f80 widen(unsigned sign, s32 exp, s32 bias, u64 frac)
{
	if (F80_LIKELY(exp && exp <= 2 * bias))
		return f80_make(sign, (unsigned)(exp - bias + F80_BIAS), F80_TOP | frac);
	if (exp)
		return f80_make(sign, F80_MAX_EXP, F80_TOP | frac);
	if (!frac)
		return f80_zero(sign);
	int n = __builtin_clzll(frac);
	return f80_make(sign, (unsigned)(1 - bias + F80_BIAS - n), frac << n);
}

struct f80 f80_widen_f32(u32 v)
{
	return widen(v >> 16 & 0x8000, (s32)(v >> 23 & 0xff), 127, (u64)(v & 0x7fffff) << 40);
}

struct f80 f80_widen_f64(u64 v)
{
	u64 frac = (v & 0xfffffffffffffull) << 11;
	return widen(v >> 48 & 0x8000, (s32)(v >> 52 & 0x7ff), 1023, frac);
}

/* The flags of a widened value; quiets an SNaN. */
static inline struct f80 loaded(struct f80 r, bool denormal, struct fpenv *e)
{
	if (F80_UNLIKELY(f80_is_nan(r)))
		return f80_nan1(r, e);
	if (F80_UNLIKELY(denormal))
		e->exc |= FP_DE;
	return r;
}

struct f80 f80_from_f32(u32 v, struct fpenv *e)
{
	struct f80 r = f80_widen_f32(v);
	return loaded(r, !(v & 0x7f800000) && r.mant, e);
}

struct f80 f80_from_f64(u64 v, struct fpenv *e)
{
	struct f80 r = f80_widen_f64(v);
	return loaded(r, !(v & 0x7ff0000000000000) && r.mant, e);
}

struct f80 f80_from_s64(s64 v)
{
	if (!v)
		return f80_zero(0);
	u64 m = v < 0 ? 0 - (u64)v : (u64)v;
	int n = __builtin_clzll(m);
	return f80_make(v < 0 ? 0x8000 : 0, (unsigned)(F80_BIAS + 63 - n), m << n);
}

/* A float format of `prec` significant bits, exponent bias `bias`, all-ones exponent 2 bias + 1. */
struct ieee {
	unsigned prec;
	s32 bias;
};

static u64 ieee_pack(struct ieee f, unsigned sign, s32 exp, u64 frac)
{
	unsigned width = f.prec == 24 ? 32 : 64;
	return (u64)(sign != 0) << (width - 1) | (u64)exp << (f.prec - 1) |
	       (frac & ((1ull << (f.prec - 1)) - 1));
}

static u64 ieee_overflow(struct ieee f, unsigned sign, struct fpenv *e)
{
	unsigned rc = e->cw & FP_RC;
	e->exc |= FP_OE;
	if (!(e->cw & FP_OE))
		return 0;
	e->exc |= FP_PE;
	if (rc == FP_RC_ZERO || rc == (sign ? FP_RC_UP : FP_RC_DOWN))
		return ieee_pack(f, sign, 2 * f.bias, ~0ull);
	e->exc |= FP_C1;
	return ieee_pack(f, sign, 2 * f.bias + 1, 0);
}

/* Round m / 2^drop; the integer may have one more bit than asked. */
static u64 ieee_cut(u64 m, unsigned drop, unsigned sign, struct fpenv *e)
{
	u64 q = m >> drop, rem = m << (64 - drop);
	unsigned inc = f80_round_inc(e->cw, sign, q & 1, rem);
	e->exc |= (u16)((rem ? FP_PE : 0) | (inc ? FP_C1 : 0));
	return q + inc;
}

static u64 ieee_round(struct ieee f, struct num v, struct fpenv *e)
{
	unsigned drop = 64 - f.prec;
	s32 exp = v.exp - F80_BIAS + f.bias;
	struct fpenv t = { e->cw, 0 };
	u64 q = ieee_cut(v.mant, drop, v.sign, &t);
	s32 rounded = exp + (s32)(q >> f.prec);
	if (exp < 1) {
		bool tiny = rounded < 1;
		if (tiny && !(e->cw & FP_UE)) {
			e->exc |= FP_UE;
			return 0;
		}
		t.exc = 0;
		q = ieee_cut(shr_jam64(v.mant, (unsigned)(1 - exp)), drop, v.sign, &t);
		e->exc |= t.exc | (tiny && t.exc & FP_PE ? FP_UE : 0);
		return ieee_pack(f, v.sign, (s32)(q >> (f.prec - 1)), q);
	}
	if (rounded > 2 * f.bias)
		return ieee_overflow(f, v.sign, e);
	e->exc |= t.exc;
	return ieee_pack(f, v.sign, rounded, q);
}

static u64 narrow(struct ieee f, struct f80 a, struct fpenv *e)
{
	if (f80_is_bad(a)) {
		a = f80_nan1(a, e);
		return ieee_pack(f, f80_sign(a), 2 * f.bias + 1, a.mant >> (64 - f.prec));
	}
	if (f80_is_inf(a))
		return ieee_pack(f, f80_sign(a), 2 * f.bias + 1, 0);
	if (f80_is_zero(a))
		return ieee_pack(f, f80_sign(a), 0, 0);
	return ieee_round(f, f80_num(a), e);
}

u32 f80_to_f32(struct f80 a, struct fpenv *e)
{
	return (u32)narrow((struct ieee){ 24, 127 }, a, e);
}

u64 f80_to_f64(struct f80 a, struct fpenv *e)
{
	return narrow((struct ieee){ 53, 1023 }, a, e);
}

u64 f80_to_int(struct f80 a, unsigned width, bool truncate, struct fpenv *e)
{
	u64 limit = 1ull << (width - 1);
	s32 exp = (s32)f80_exp(a) - F80_BIAS;
	if (exp > 63 || f80_is_bad(a)) {
		e->exc |= FP_IE;
		return limit;
	}
	if (!a.mant)
		return 0;
	unsigned sign = f80_sign(a);
	u64 q = a.mant, rem = 0;
	if (exp < 0) {
		q = 0;
		rem = exp < -1 ? 1 : a.mant;
	} else if (exp < 63) {
		q = a.mant >> (63 - exp);
		rem = a.mant << (exp + 1);
	}
	unsigned inc = f80_round_inc(truncate ? FP_RC_ZERO : e->cw, sign, q & 1, rem);
	q += inc;
	if (q > limit - !sign || (inc && !q)) {
		e->exc |= FP_IE;
		return limit;
	}
	e->exc |= (u16)((rem ? FP_PE : 0) | (inc ? FP_C1 : 0));
	return (sign ? 0 - q : q) & (~0ull >> (64 - width));
}
