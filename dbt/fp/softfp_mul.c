/* SPDX-License-Identifier: BSD-2-Clause */
/* 80-bit multiplication. Not rounding. Invariant: the product is exact in 128 bits. */
#include "dbt/fp/softfp.h"
#include "dbt/fp/softfp_fast.h"

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
	struct f80 r;
	unsigned exc;
	if (F80_UNLIKELY(!f80_fast_mul(a, b, e->cw, &r, &exc)))
		return mul_any(a, b, e);
	e->exc |= (u16)exc;
	return r;
}
