/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 80-bit division. Not rounding.
 * Invariant: the quotient carries all 64 bits; what is left is told by two bits below
 * (half, sticky), which is enough for every rounding.
 */
#include "dbt/fp/softfp.h"
#include "dbt/fp/softfp_fast.h"

static __attribute__((noinline)) struct f80 div_any(struct f80 a, struct f80 b, struct fpenv *e)
{
	unsigned sign = f80_sign(a) ^ f80_sign(b);
	if (f80_is_bad(a) || f80_is_bad(b))
		return f80_nan2(a, b, e);
	if ((f80_is_inf(a) && f80_is_inf(b)) || (f80_is_zero(a) && f80_is_zero(b)))
		return f80_invalid(e);
	if (f80_is_zero(b) && !f80_is_inf(a)) {
		e->exc |= FP_ZE;
		return f80_inf(sign);
	}
	if (f80_denormal_stop(a, b, e))
		return a;
	if (f80_is_inf(a))
		return f80_inf(sign);
	if (f80_is_inf(b) || f80_is_zero(a))
		return f80_zero(sign);
	struct num x = f80_num(a), y = f80_num(b);
	s32 exp = x.exp - y.exp + F80_BIAS;
	u64 lo, q = f80_div_mants(x.mant, y.mant, &exp, &lo);
	return f80_round((struct num){ q, exp, sign }, lo, e);
}

struct f80 f80_div(struct f80 a, struct f80 b, struct fpenv *e)
{
	struct f80 r;
	unsigned exc;
	if (F80_UNLIKELY(!f80_fast_div(a, b, e->cw, &r, &exc)))
		return div_any(a, b, e);
	e->exc |= (u16)exc;
	return r;
}
