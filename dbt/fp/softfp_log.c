/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * F2XM1, FYL2X, FYL2XP1. Not FSCALE.
 * Invariant: logarithms near 0 and powers near 1 are formed without cancellation: the series
 * is that of log(1 + s) or e^t - 1 itself.
 */
#include "dbt/fp/softfp.h"
#include "dbt/fp/softfp_wide.h"

/* ln 2 and 2 / ln 2. */
static const struct wide ln2 = { U128(0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af), -1 };
static const struct wide two_by_ln2 = { U128(0xb8aa3b295c17f0bb, 0xbe87fed0691d3e88), 1 };

/* e^t - 1 = t (1 + t (1/2! + t/3! + ...)); for t < 0: -t (1 - t (1/2! - t/3! + ...)). */
static struct wide exp_minus_1(struct wide t, bool negative)
{
	u128 f = wide_fraction(t);
	if (negative)
		return wide_less(t, mulhi128(f, f80_series_alt(f, f80_inv_factorial, 33)));
	return wide_more(t, mulhi128(f, f80_series(f, f80_inv_factorial, 33)));
}

/* Beyond |a| = 1 the result is undefined; AMD returns a, inexact. */
struct f80 f80_2xm1(struct f80 a, struct fpenv *e)
{
	const struct f80 minus_one = { F80_TOP, F80_BIAS | 0x8000 };
	if (f80_is_bad(a))
		return f80_nan1(a, e);
	if (f80_is_inf(a))
		return f80_sign(a) ? minus_one : a;
	if (f80_denormal_stop(a, a, e) || f80_is_zero(a))
		return a;
	struct num v = f80_num(a);
	if (v.exp >= F80_BIAS) {
		e->exc |= FP_PE;
		if (v.exp > F80_BIAS || v.mant != F80_TOP)
			return a;
		if (v.sign)
			return f80_make(v.sign, F80_BIAS - 1, F80_TOP);
		/* 2^1 - 1: just below 1, as the hardware has it */
		return wide_round((struct wide){ ~(u128)0, -1 }, 0, e);
	}
	return wide_round(exp_minus_1(wide_mul(wide_num(v), ln2), v.sign), v.sign, e);
}

/* A signed logarithm; m = 0 is zero. */
struct log2 {
	struct wide w;
	bool negative;
};

/* log2((1 + s) / (1 - s)) of |s| = num / den: (2 / ln 2) (s + s^3/3 + ...). |s| < 0.18. */
static struct wide log2_ratio(struct wide num, struct wide den)
{
	struct wide s = f80_wide_div(num, den);
	u128 z = wide_square(s);
	struct wide t = wide_more(s, mulhi128(z, f80_series(z, f80_inv_odd, 25)));
	return wide_mul(t, two_by_ln2);
}

/* log2 of a value in [sqrt(1/2), sqrt(2)], plus k. */
static struct log2 log2_sum(s32 k, struct log2 f)
{
	if (!k)
		return f;
	u128 whole = (u128)(u32)(k < 0 ? -k : k) << 112;
	u128 part = f.w.m ? shr_jam128(f.w.m, (unsigned)(15 - f.w.exp)) : 0;
	bool negative = k < 0;
	return (struct log2){ wide_norm(negative == f.negative ? whole + part : whole - part, 15),
			      negative };
}

static struct log2 log2_wide(struct wide x)
{
	const u128 sqrt2 = U128(0xb504f333f9de6484, 0);
	struct log2 f = { { 0, 0 }, false };
	u128 m = x.m;
	if (m > sqrt2) {		/* x/2 - 1 = -(1 - x/2), in units of 2^-128 */
		struct wide num = wide_norm(0 - m, -1);
		struct wide den = { ((u128)1 << 127) + (m >> 1), 0 };
		f = (struct log2){ log2_ratio(num, den), true };
		return log2_sum(x.exp + 1, f);
	}
	m -= (u128)1 << 127;
	if (m) {
		struct wide num = wide_norm(m, 0);
		struct wide den = { ((u128)1 << 127) + (m >> 1), 1 };
		f.w = log2_ratio(num, den);
	}
	return log2_sum(x.exp, f);
}

/* y * l, both not 0; P, and U, even where the product is exact, as the hardware has it. */
static struct f80 times_log(struct num y, struct log2 l, struct fpenv *e)
{
	struct wide p = wide_mul(wide_num(y), l.w);
	struct num v = { (u64)(p.m >> 64), p.exp + F80_BIAS, y.sign ^ (l.negative ? 0x8000 : 0) };
	struct f80 r = f80_round_ext(v, (u64)p.m, e);
	e->exc |= f80_exp(r) ? FP_PE : FP_PE | FP_UE;
	return r;
}

/* x positive or zero or +inf, y anything, at least one of them 0, 1 (x) or infinite. */
static struct f80 yl2x_special(struct f80 x, struct f80 y, int log_sign, bool log_inf,
			       struct fpenv *e)
{
	unsigned sign = f80_sign(y) ^ (log_sign < 0 ? 0x8000 : 0);
	bool log_zero = log_sign == 0;
	if ((log_inf && f80_is_zero(y)) || (log_zero && f80_is_inf(y)))
		return f80_invalid(e);
	if (f80_is_zero(x) && log_inf && !f80_is_inf(y)) {
		e->exc |= FP_ZE;
		return f80_inf(sign);
	}
	if (f80_denormal_stop(x, y, e))
		return x;
	return log_inf || f80_is_inf(y) ? f80_inf(sign) : f80_zero(sign);
}

struct f80 f80_yl2x(struct f80 x, struct f80 y, struct fpenv *e)
{
	const struct f80 one = { F80_TOP, F80_BIAS };
	if (f80_is_bad(x) || f80_is_bad(y))
		return f80_nan2(x, y, e);
	if (f80_sign(x) && !f80_is_zero(x))
		return f80_invalid(e);
	int s = f80_is_zero(x) || f80_exp(x) < F80_BIAS ? -1 : 1;
	if (x.se == one.se && x.mant == one.mant)
		s = 0;
	if (!s || f80_is_zero(x) || f80_is_inf(x) || f80_is_zero(y) || f80_is_inf(y))
		return yl2x_special(x, y, s, f80_is_zero(x) || f80_is_inf(x), e);
	if (f80_denormal_stop(x, y, e))
		return x;
	return times_log(f80_num(y), log2_wide(wide_num(f80_num(x))), e);
}

/* log2(1 + x), -1 < x, x not 0. */
static struct log2 log2_1p(struct num x)
{
	struct wide w = wide_num(x);
	const u128 one_125 = (u128)1 << 125;
	if (w.exp >= -2) {		/* 1 + x loses nothing that matters */
		if (w.exp > 64)
			return log2_wide(w);
		u128 f = w.exp > 0 ? 0 : w.m >> (2 - w.exp);
		if (x.sign)
			return log2_wide(wide_norm(one_125 - f, 2));
		if (w.exp <= 0)
			return log2_wide(wide_norm(one_125 + f, 2));
		f = (w.m >> 1) + ((u128)1 << (126 - w.exp));
		return log2_wide(wide_norm(f, w.exp + 1));
	}
	/* s = x / (2 + x) */
	u128 f = shr_jam128(w.m, (unsigned)(2 - w.exp));
	struct wide den = wide_norm(x.sign ? 2 * one_125 - f : 2 * one_125 + f, 2);
	return (struct log2){ log2_ratio(w, den), x.sign != 0 };
}

/* Beyond the documented range AMD gives log2(1 + x) above, and x itself from -1 down. */
struct f80 f80_yl2xp1(struct f80 x, struct f80 y, struct fpenv *e)
{
	if (f80_is_bad(x) || f80_is_bad(y))
		return f80_nan2(x, y, e);
	if (f80_is_inf(x) && f80_sign(x))
		return f80_invalid(e);
	if (f80_is_zero(x) || f80_is_inf(x) || f80_is_zero(y) || f80_is_inf(y)) {
		struct f80 r = yl2x_special(x, y, !f80_is_zero(x), f80_is_inf(x), e);
		r.se ^= f80_is_nan(r) || f80_reg_blocked(e) ? 0 : f80_sign(x);
		return r;
	}
	if (f80_denormal_stop(x, y, e))
		return x;
	if (f80_sign(x) && f80_exp(x) >= F80_BIAS) {
		e->exc |= FP_PE;
		return x;
	}
	return times_log(f80_num(y), log2_1p(f80_num(x)), e);
}
