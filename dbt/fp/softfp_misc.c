/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FRNDINT, FSCALE, FXTRACT, comparison and classification. Not arithmetic.
 * Invariant: results have 64-bit precision whatever the precision control says.
 */
#include "dbt/fp/softfp.h"
#include "dbt/fp/softfp_prim.h"

struct f80 f80_rndint(struct f80 a, struct fpenv *e)
{
	if (f80_is_bad(a))
		return f80_nan1(a, e);
	if (f80_denormal_stop(a, a, e))
		return a;
	if (f80_is_inf(a) || f80_is_zero(a) || f80_exp(a) >= F80_BIAS + 63)
		return a;
	struct num v = f80_num(a);
	unsigned n = (unsigned)(F80_BIAS + 63 - v.exp);
	u128 w = shr_jam128((u128)v.mant << 64, n);
	u64 q = (u64)(w >> 64), rem = (u64)w;
	unsigned inc = f80_round_inc(e->cw, v.sign, q & 1, rem);
	e->exc |= (u16)((rem ? FP_PE : 0) | (inc ? FP_C1 : 0));
	q += inc;
	if (!q)
		return f80_zero(v.sign);
	int z = __builtin_clzll(q);
	return f80_make(v.sign, (unsigned)(F80_BIAS + 63 - z), q << z);
}

/* trunc(b), limited to +-70000, for b finite. */
static s32 scale_count(struct f80 b)
{
	s32 e = (s32)f80_exp(b) - F80_BIAS, n;
	if (e < 0)
		return 0;
	n = e > 16 ? 70000 : (s32)(b.mant >> (63 - e));
	return f80_sign(b) ? -n : n;
}

static struct f80 scale_by_inf(struct f80 a, struct f80 b, struct fpenv *e)
{
	bool up = !f80_sign(b);
	if (up ? f80_is_zero(a) : f80_is_inf(a))
		return f80_invalid(e);
	if (f80_denormal_stop(a, a, e))
		return a;
	return up ? f80_inf(f80_sign(a)) : f80_zero(f80_sign(a));
}

/* Beyond what the unmasked adjustment of 24576 can mend, infinity or zero in all rounding modes. */
struct f80 f80_scale(struct f80 a, struct f80 b, struct fpenv *e)
{
	if (f80_is_bad(a) || f80_is_bad(b))
		return f80_nan2(a, b, e);
	if (f80_is_inf(b))
		return scale_by_inf(a, b, e);
	if (f80_denormal_stop(a, b, e) || f80_is_inf(a) || f80_is_zero(a))
		return a;
	struct num v = f80_num(a);
	v.exp += scale_count(b);
	if (v.exp >= F80_MAX_EXP + F80_WRAP && !(e->cw & FP_OE)) {
		e->exc |= FP_OE | FP_PE | FP_C1;
		return f80_inf(v.sign);
	}
	if (v.exp < 1 - F80_WRAP && !(e->cw & FP_UE)) {
		e->exc |= FP_UE | FP_PE;
		return f80_zero(v.sign);
	}
	return f80_round_ext(v, 0, e);
}

struct f80 f80_xtract(struct f80 a, struct f80 *exponent, struct fpenv *e)
{
	if (f80_is_bad(a))
		return *exponent = f80_nan1(a, e);
	if (f80_is_inf(a)) {
		*exponent = f80_inf(0);
		return a;
	}
	if (f80_is_zero(a)) {
		e->exc |= FP_ZE;
		*exponent = f80_inf(0x8000);
		return a;
	}
	if (f80_denormal_stop(a, a, e))
		return *exponent = a;
	struct num v = f80_num(a);
	*exponent = f80_from_s64(v.exp - F80_BIAS);
	return f80_make(v.sign, F80_BIAS, v.mant);
}

/* |a| - |b| as a sign, for numbers and infinities; pseudo-denormals compare as their values. */
static int compare_mags(struct f80 a, struct f80 b)
{
	unsigned ea = f80_exp(a) + !f80_exp(a), eb = f80_exp(b) + !f80_exp(b);
	if (ea != eb && a.mant && b.mant)
		return ea < eb ? -1 : 1;
	return (a.mant > b.mant) - (a.mant < b.mant);
}

unsigned f80_compare(struct f80 a, struct f80 b, bool quiet, struct fpenv *e)
{
	const unsigned unordered = FP_C3 | FP_C2 | FP_C0;
	if (F80_UNLIKELY(f80_is_bad(a) || f80_is_bad(b))) {
		bool loud = f80_is_unsupported(a) || f80_is_unsupported(b) || f80_is_snan(a) ||
			    f80_is_snan(b);
		if (loud || !quiet)
			e->exc |= FP_IE;
		return unordered;
	}
	if (f80_is_denormal(a) || f80_is_denormal(b))
		e->exc |= FP_DE;
	if (!a.mant && !b.mant)
		return FP_C3;
	int neg = a.se >> 15, c;
	if (neg != b.se >> 15)
		c = neg ? -1 : 1;
	else
		c = neg ? -compare_mags(a, b) : compare_mags(a, b);
	return c > 0 ? 0 : c < 0 ? FP_C0 : FP_C3;
}

unsigned f80_xam(struct f80 a)
{
	unsigned sign = f80_sign(a) ? FP_C1 : 0;
	if (f80_is_unsupported(a))
		return sign;
	if (f80_is_nan(a))
		return sign | FP_C0;
	if (f80_is_inf(a))
		return sign | FP_C2 | FP_C0;
	if (f80_is_zero(a))
		return sign | FP_C3;
	if (f80_is_denormal(a))
		return sign | FP_C3 | FP_C2;
	return sign | FP_C2;
}
