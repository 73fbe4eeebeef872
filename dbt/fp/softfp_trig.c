/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FSIN, FCOS, FSINCOS, FPTAN. Not FPATAN.
 * Invariant: the argument is reduced exactly by the hardware's pi of 66 bits, so the remainder
 * is never zero and the series' argument never exceeds pi/4.
 */
#include "dbt/fp/softfp.h"
#include "dbt/fp/softfp_wide.h"

/* pi/2 in units of 2^-65: pi cut to 66 bits, the same in Intel's and AMD's FPUs. */
static const u128 half_pi = U128(3, 0x243f6a8885a308d3);

/* |a| = quadrant * pi/2 + (negative ? -r : r), r <= pi/4. */
struct reduced {
	struct wide r;
	unsigned quadrant;
	bool negative;
};

static struct reduced reduce(struct num v)
{
	s32 e = v.exp - F80_BIAS;
	if (e < -1)
		return (struct reduced){ wide_num(v), 0, false };
	u128 r = v.mant;
	unsigned q = 0;
	for (s32 n = e + 2; n > 0; n--) {	/* r = mant * 2^n mod half_pi */
		r <<= 1;
		bool take = r >= half_pi;
		r -= take ? half_pi : 0;
		q = q << 1 | take;
	}
	bool negative = r << 1 > half_pi;
	if (negative) {
		r = half_pi - r;
		q++;
	}
	return (struct reduced){ wide_norm(r, 62), q, negative };
}

static struct wide sine(struct wide r)
{
	u128 z = wide_square(r);
	return wide_less(r, mulhi128(z, f80_series_alt2(z, f80_inv_factorial + 1, 15)));
}

static struct wide cosine(struct wide r)
{
	u128 z = wide_square(r);
	u128 u = mulhi128(z, f80_series_alt2(z, f80_inv_factorial, 15));
	return wide_norm(0 - (u ? u : 1), -1);
}

/* The sine of quadrant * pi/2 + r; *sign is flipped if it is negative. */
static struct wide sine_of(const struct reduced *a, unsigned quadrant, unsigned *sign)
{
	if (quadrant & 2)
		*sign ^= 0x8000;
	if (quadrant & 1)
		return cosine(a->r);
	if (a->negative)
		*sign ^= 0x8000;
	return sine(a->r);
}

/* Operands that need no series. True: *r is the result. Zero is left to the caller. */
static bool trig_special(struct f80 a, struct f80 *r, struct fpenv *e)
{
	*r = a;
	if (f80_is_bad(a)) {
		*r = f80_nan1(a, e);
		return true;
	}
	if (f80_is_inf(a)) {
		*r = f80_invalid(e);
		return true;
	}
	if (f80_exp(a) >= F80_BIAS + 63) {
		e->exc |= FP_C2;
		return true;
	}
	return f80_denormal_stop(a, a, e);
}

static const struct f80 one = { F80_TOP, F80_BIAS };

struct f80 f80_sin(struct f80 a, struct fpenv *e)
{
	struct f80 r;
	if (trig_special(a, &r, e) || f80_is_zero(a))
		return r;
	struct reduced d = reduce(f80_num(a));
	unsigned sign = f80_sign(a);
	struct wide w = sine_of(&d, d.quadrant, &sign);
	return wide_round(w, sign, e);
}

struct f80 f80_cos(struct f80 a, struct fpenv *e)
{
	struct f80 r;
	if (trig_special(a, &r, e))
		return r;
	if (f80_is_zero(a))
		return one;
	struct reduced d = reduce(f80_num(a));
	unsigned sign = 0;
	struct wide w = sine_of(&d, d.quadrant + 1, &sign);
	return wide_round(w, sign, e);
}

/* C1 is the sine's, seen on AMD. */
struct f80 f80_sincos(struct f80 a, struct f80 *cosine, struct fpenv *e)
{
	struct f80 r = f80_sin(a, e);
	if (e->exc & (FP_IE | FP_C2)) {
		*cosine = r;
		return r;
	}
	struct fpenv c = { e->cw, 0 };
	*cosine = f80_cos(a, &c);
	e->exc |= c.exc & ~FP_C1;
	return r;
}

static struct wide tangent(struct wide r)
{
	if (r.exp < -40)		/* r + r^3/3: a quotient would not tell it from r */
		return wide_more(r, mulhi128(wide_square(r), f80_inv_odd[0]));
	return f80_wide_div(sine(r), cosine(r));
}

struct f80 f80_tan(struct f80 a, struct fpenv *e)
{
	struct f80 r;
	if (trig_special(a, &r, e) || f80_is_zero(a))
		return r;
	struct reduced d = reduce(f80_num(a));
	unsigned sign = f80_sign(a) ^ (d.negative ? 0x8000 : 0);
	if (d.quadrant & 1)
		return wide_round(f80_wide_div(cosine(d.r), sine(d.r)), sign ^ 0x8000, e);
	return wide_round(tangent(d.r), sign, e);
}
