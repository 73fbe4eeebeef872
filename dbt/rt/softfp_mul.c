/* SPDX-License-Identifier: BSD-2-Clause */
/* 80-bit multiplication. Not rounding. Invariant: the product is exact in 128 bits. */
#include "dbt/rt/softfp.h"
#include "dbt/rt/softfp_prim.h"

static __attribute__((noinline)) struct f80 mul_any(struct f80 a, struct f80 b, struct fpenv *e)
{
	unsigned sign = f80_sign(a) ^ f80_sign(b);
	if (f80_is_bad(a) || f80_is_bad(b))
		return f80_nan2(a, b, e);
	if ((f80_is_inf(a) && f80_is_zero(b)) || (f80_is_zero(a) && f80_is_inf(b)))
		return f80_invalid(e);
	if (f80_denormal_stop(a, b, e))
		return a;
	if (f80_is_inf(a) || f80_is_inf(b))
		return f80_inf(sign);
	if (f80_is_zero(a) || f80_is_zero(b))
		return f80_zero(sign);
	struct num x = f80_num(a), y = f80_num(b);
	u128 p = (u128)x.mant * y.mant;
	s32 exp = x.exp + y.exp - (F80_BIAS - 1);
	if (!(p >> 127)) {
		p <<= 1;
		exp--;
	}
	return f80_round((struct num){ (u64)(p >> 64), exp, sign }, (u64)p, e);
}

struct f80 f80_mul(struct f80 a, struct f80 b, struct fpenv *e)
{
	if (F80_UNLIKELY(!f80_is_normal(a) || !f80_is_normal(b) || !f80_is_default_mode(e->cw)))
		return mul_any(a, b, e);
	u128 p = (u128)a.mant * b.mant;
	u64 hi = (u64)(p >> 64), lo = (u64)p;
	unsigned up = (unsigned)(~hi >> 63);	/* product in [1, 2): move up by one */
	hi = hi << up | (lo >> 63 & up);
	lo <<= up;
	s32 exp = (s32)(f80_exp(a) + f80_exp(b)) - (F80_BIAS - 1) - (s32)up;
	return f80_round_fast((a.se ^ b.se) & 0x8000u, exp, hi, lo, e);
}
