/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 128-bit fixed and floating point for the transcendentals. Private to softfp_*.c.
 * "Fraction" below is a u128 that stands for v / 2^128, in [0, 1).
 * Invariant: struct wide is normalised (bit 127 set) and positive; signs are kept apart.
 */
#ifndef DBT_FP_SOFTFP_WIDE_H
#define DBT_FP_SOFTFP_WIDE_H

#include "dbt/fp/softfp_prim.h"

#define U128(hi, lo) ((u128)(hi) << 64 | (lo))

/* m * 2^(exp - 127): exp is the unbiased exponent. */
struct wide {
	u128 m;
	s32 exp;
};

/* The upper half of a 256-bit product, up to 2 units low. */
static inline u128 mulhi128(u128 a, u128 b)
{
	u64 a1 = (u64)(a >> 64), a0 = (u64)a, b1 = (u64)(b >> 64), b0 = (u64)b;
	u128 x = (u128)a1 * b0, y = (u128)a0 * b1;
	u128 mid = (u128)(u64)x + (u64)y;
	return (u128)a1 * b1 + (x >> 64) + (y >> 64) + (mid >> 64);
}

static inline int clz128(u128 v)
{
	u64 hi = (u64)(v >> 64);
	return hi ? __builtin_clzll(hi) : 64 + __builtin_clzll((u64)v);
}

/* v * 2^(exp - 127) for any v but 0. */
static inline struct wide wide_norm(u128 v, s32 exp)
{
	int n = clz128(v);
	return (struct wide){ v << n, exp - n };
}

static inline struct wide wide_num(struct num v)
{
	return (struct wide){ (u128)v.mant << 64, v.exp - F80_BIAS };
}

/* As a fraction; exp <= -1. */
static inline u128 wide_fraction(struct wide w)
{
	unsigned n = (unsigned)(-1 - w.exp);
	return n > 127 ? 0 : w.m >> n;
}

/* The square as a fraction; exp <= -1. */
static inline u128 wide_square(struct wide w)
{
	s32 n = -2 * w.exp - 2;
	return n > 127 ? 0 : mulhi128(w.m, w.m) >> n;
}

static inline struct wide wide_mul(struct wide a, struct wide b)
{
	return wide_norm(mulhi128(a.m, b.m), a.exp + b.exp + 1);
}

/* a / b, up to a unit low. */
struct wide f80_wide_div(struct wide a, struct wide b);

/* c[0] + z * (c[1] + z * (c[2] + ...)), and with alternating signs, n terms. */
u128 f80_series(u128 z, const u128 *c, unsigned n);
u128 f80_series_alt(u128 z, const u128 *c, unsigned n);
/* Every second entry of c, alternating: the sine and cosine. */
u128 f80_series_alt2(u128 z, const u128 *c, unsigned n);

/* 1/k!, k = 2..35, and 1/(2k+1), k = 1..25, as fractions. */
extern const u128 f80_inv_factorial[34];
extern const u128 f80_inv_odd[25];

/* w - w * part for a small part: never w itself, since what the series drops is not zero. */
static inline struct wide wide_less(struct wide w, u128 part)
{
	u128 d = mulhi128(w.m, part);
	return wide_norm(w.m - (d ? d : 1), w.exp);
}

static inline struct wide wide_more(struct wide w, u128 part)
{
	u128 d = mulhi128(w.m, part), s = w.m + (d ? d : 1);
	if (s < w.m)
		return (struct wide){ s >> 1 | (u128)1 << 127, w.exp + 1 };
	return (struct wide){ s, w.exp };
}

/* Round to 64 bits. Transcendental results are never exact: P is always raised. */
static inline struct f80 wide_round(struct wide w, unsigned sign, struct fpenv *e)
{
	struct num v = { (u64)(w.m >> 64), w.exp + F80_BIAS, sign };
	return f80_round_ext(v, (u64)w.m | 1, e);
}

#endif
