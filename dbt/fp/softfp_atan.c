/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FPATAN: the angle of (x, y). Not the other trigonometric functions.
 * Invariant: the series sees a ratio of at most 1/32; the rest comes from a table of
 * arctan(i/16).
 */
#include "dbt/fp/softfp.h"
#include "dbt/fp/softfp_wide.h"

/* arctan(i/16), as fractions. */
static const u128 atan_table[17] = {
	U128(0x0000000000000000, 0x0000000000000000),
	U128(0x0ffaaddb967ef4e3, 0x6cb2792dc0e2e0d5),
	U128(0x1fd5ba9aac2f6dc6, 0x5912f313e7d111de),
	U128(0x2f72f6979cb6044d, 0x1ec2d3e207271d21),
	U128(0x3eb6ebf25901bac5, 0x5b71e7bd7de885f9),
	U128(0x4d89dcdc1faf2f34, 0xe2d5da4c693d7994),
	U128(0x5bd86507937bc239, 0xc55190916e7f2241),
	U128(0x6993bb0f308ff2db, 0x213e4af4800f389b),
	U128(0x76b19c1586ed3da2, 0xb7f222f65e1d4681),
	U128(0x832bf4a6d9867e2a, 0x4b6a09cb61a515c0),
	U128(0x8f005d5ef7f59f9b, 0x5c835e1665c43747),
	U128(0x9a2f80e671bdda20, 0x4226f8e2204ff3bc),
	U128(0xa4bc7d1934f70924, 0x19a87f2a457dac9e),
	U128(0xaeac4c38b4d8c080, 0x14725e2f3e52070a),
	U128(0xb8053e2bc2319e73, 0xcb2da55210a4443d),
	U128(0xc0ce85b8ac526640, 0x89dd62c46e92fa24),
	U128(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1),
};

static const u128 pi_126 = U128(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1);	/* pi * 2^126 */

/* arctan(t), t <= 1/32 or so. */
static struct wide atan_series(struct wide t)
{
	u128 z = wide_square(t);
	return wide_less(t, mulhi128(z, f80_series_alt(z, f80_inv_odd, 14)));
}

/* arctan(t), 0 < t <= 1. */
static struct wide atan_ratio(struct wide t)
{
	if (t.exp >= 0)			/* exactly 1 */
		return wide_norm(atan_table[16], -1);
	u128 f = wide_fraction(t);
	unsigned i = (unsigned)(f >> 123) + 1;
	i >>= 1;			/* t * 16, rounded */
	if (i == 0)
		return atan_series(t);
	/* i = 16: c wraps to 0, and num is right modulo 1 */
	u128 c = (u128)i << 124, num = f - c;
	bool below = i == 16 || f < c;
	if (below)
		num = c - f;
	if (!num)
		return wide_norm(atan_table[i], -1);
	struct wide den = { ((u128)1 << 127) + (f >> 5) * i, 0 };
	struct wide a = atan_series(f80_wide_div(wide_norm(num, -1), den));
	u128 d = wide_fraction(a);
	return wide_norm(below ? atan_table[i] - d : atan_table[i] + d, -1);
}

/* v * 2^126, with a sticky bit; v < 2. */
static u128 fixed_126(struct wide w)
{
	return shr_jam128(w.m, (unsigned)(1 - w.exp));
}

/* Signs, quadrants: the angle of (|x|, |y|) from its ratio. */
static struct wide angle(struct num y, struct num x, bool x_negative)
{
	struct wide a = wide_num(y), b = wide_num(x);
	bool swap = a.exp > b.exp || (a.exp == b.exp && a.m > b.m);
	struct wide t = atan_ratio(swap ? f80_wide_div(b, a) : f80_wide_div(a, b));
	if (!swap && !x_negative)
		return t;
	u128 base = swap ? pi_126 >> 1 : pi_126, f = fixed_126(t);
	return wide_norm(swap && x_negative ? base + f : base - f, 1);
}

/* k * pi/4, 1 <= k <= 4, rounded. */
static struct f80 eighths(unsigned k, unsigned sign, struct fpenv *e)
{
	return wide_round(wide_norm((pi_126 >> 2) * k, 1), sign, e);
}

/* A zero or infinite operand. */
static struct f80 atan2_special(struct f80 y, struct f80 x, struct fpenv *e)
{
	unsigned sign = f80_sign(y);
	bool negative = f80_sign(x);
	if (f80_is_inf(y) && f80_is_inf(x))
		return eighths(negative ? 3 : 1, sign, e);
	if (f80_is_inf(y))
		return eighths(2, sign, e);
	if (f80_is_inf(x) || f80_is_zero(y))
		return negative ? eighths(4, sign, e) : f80_zero(sign);
	return eighths(2, sign, e);
}

struct f80 f80_atan2(struct f80 y, struct f80 x, struct fpenv *e)
{
	if (f80_is_bad(y) || f80_is_bad(x))
		return f80_nan2(y, x, e);
	if (f80_denormal_stop(y, x, e))
		return y;
	if (f80_is_inf(y) || f80_is_inf(x) || f80_is_zero(y) || f80_is_zero(x))
		return atan2_special(y, x, e);
	struct wide w = angle(f80_num(y), f80_num(x), f80_sign(x));
	return wide_round(w, f80_sign(y), e);
}
