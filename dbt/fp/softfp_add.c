/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 80-bit addition and subtraction. Not rounding.
 * Invariant: both magnitudes are aligned in 128 bits, so one sticky bit is enough.
 */
#include "dbt/fp/softfp.h"
#include "dbt/fp/softfp_fast.h"

/* a.exp >= b.exp; signs equal. */
static struct f80 add_mags(struct num a, struct num b, struct fpenv *e)
{
	u128 w = shr_jam128((u128)b.mant << 64, (unsigned)(a.exp - b.exp));
	u128 s = w + ((u128)a.mant << 64);
	if (s < w) {
		s = s >> 1 | (s & 1) | (u128)1 << 127;
		a.exp++;
	}
	a.mant = (u64)(s >> 64);
	return f80_round(a, (u64)s, e);
}

/* |a| > |b|; the result has a's sign. */
static struct f80 sub_mags(struct num a, struct num b, struct fpenv *e)
{
	u128 w = shr_jam128((u128)b.mant << 64, (unsigned)(a.exp - b.exp));
	u128 s = ((u128)a.mant << 64) - w;
	u64 hi = (u64)(s >> 64);
	int n = hi ? __builtin_clzll(hi) : 64 + __builtin_clzll((u64)s);
	s <<= n;
	a.mant = (u64)(s >> 64);
	a.exp -= n;
	return f80_round(a, (u64)s, e);
}

static unsigned exact_zero_sign(unsigned cw)
{
	return (cw & FP_RC) == FP_RC_DOWN ? 0x8000 : 0;
}

/* One of the operands is a zero; +0 + -0 depends on the rounding direction. */
static struct f80 add_zero(struct f80 a, struct f80 b, struct fpenv *e)
{
	if (f80_is_zero(a) && f80_is_zero(b))
		return f80_sign(a) == f80_sign(b) ? a : f80_zero(exact_zero_sign(e->cw));
	return f80_round(f80_num(f80_is_zero(a) ? b : a), 0, e);
}

/* Every case. */
static __attribute__((noinline)) struct f80 add_any(struct f80 a, struct f80 b, struct fpenv *e)
{
	if (f80_is_bad(a) || f80_is_bad(b))
		return f80_nan2(a, b, e);
	if (f80_is_inf(a) && f80_is_inf(b) && f80_sign(a) != f80_sign(b))
		return f80_invalid(e);
	if (f80_denormal_stop(a, b, e))
		return a;
	if (f80_is_inf(a))
		return a;
	if (f80_is_inf(b))
		return b;
	if (f80_is_zero(a) || f80_is_zero(b))
		return add_zero(a, b, e);
	struct num x = f80_num(a), y = f80_num(b);
	if (x.exp < y.exp || (x.exp == y.exp && x.mant < y.mant)) {
		struct num t = x;
		x = y;
		y = t;
	}
	if (x.sign == y.sign)
		return add_mags(x, y, e);
	if (x.exp == y.exp && x.mant == y.mant)
		return f80_zero(exact_zero_sign(e->cw));
	return sub_mags(x, y, e);
}

struct f80 f80_add(struct f80 a, struct f80 b, struct fpenv *e)
{
	struct f80 r;
	unsigned exc;
	if (F80_UNLIKELY(!f80_fast_add(a, b, e->cw, &r, &exc)))
		return add_any(a, b, e);
	e->exc |= (u16)exc;
	return r;
}

/* A NaN operand keeps its sign, so only numbers are negated. */
struct f80 f80_sub(struct f80 a, struct f80 b, struct fpenv *e)
{
	if (F80_LIKELY(!f80_is_bad(b)))
		b.se ^= 0x8000;
	return f80_add(a, b, e);
}
