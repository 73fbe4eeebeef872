/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 80-bit division. Not rounding.
 * Invariant: the quotient carries all 64 bits; what is left is told by two bits below
 * (half, sticky), which is enough for every rounding.
 */
#include "dbt/rt/softfp.h"
#include "dbt/rt/softfp_prim.h"

/* x / y of normalised significands: quotient with bit 63 set; *exp adjusted. */
static inline u64 div_mants(u64 x, u64 y, s32 *exp, u64 *lo)
{
	u64 below = x < y, rem;
	*exp -= (s32)below;
	u64 q = below ? f80_div_128(x, 0, y, &rem) : f80_div_128(x >> 1, x << 63, y, &rem);
	u64 half = rem >= y - rem;	/* a tie cannot be: the quotient would need 65 bits */
	*lo = rem ? half << 63 | 1 : 0;
	return q;
}

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
	u64 lo, q = div_mants(x.mant, y.mant, &exp, &lo);
	return f80_round((struct num){ q, exp, sign }, lo, e);
}

struct f80 f80_div(struct f80 a, struct f80 b, struct fpenv *e)
{
	if (F80_UNLIKELY(!f80_is_normal(a) || !f80_is_normal(b) || !f80_is_default_mode(e->cw)))
		return div_any(a, b, e);
	s32 exp = (s32)f80_exp(a) - (s32)f80_exp(b) + F80_BIAS;
	u64 lo, q = div_mants(a.mant, b.mant, &exp, &lo);
	return f80_round_fast((a.se ^ b.se) & 0x8000u, exp, q, lo, e);
}
