/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounding, overflow, underflow and NaN selection for 80-bit results. Not the
 * operations. Tininess is detected after rounding (seen on AMD family 25).
 * Invariant: v.mant has bit 63 set on entry to f80_round*().
 */
#include "dbt/fp/softfp.h"
#include "dbt/fp/softfp_prim.h"

/* A significand of 64 - drop bits, and the fraction below it. */
struct cut {
	u64 q, rem;
	unsigned inc;
};

static struct cut cut_at(u64 hi, u64 lo, unsigned drop, unsigned sign, unsigned rc)
{
	struct cut c = { hi, lo, 0 };
	if (drop) {
		c.q = hi >> drop;
		c.rem = hi << (64 - drop) | (lo != 0);
	}
	c.inc = f80_round_inc(rc, sign, c.q & 1, c.rem);
	return c;
}

static void note_inexact(const struct cut *c, struct fpenv *e)
{
	if (c->rem)
		e->exc |= FP_PE;
	if (c->inc)
		e->exc |= FP_C1;
}

static struct f80 overflow_masked(unsigned sign, unsigned drop, struct fpenv *e)
{
	unsigned toward_zero = sign ? FP_RC_UP : FP_RC_DOWN, rc = e->cw & FP_RC;
	e->exc |= FP_OE | FP_PE;
	if (rc == FP_RC_ZERO || rc == toward_zero) {
		e->exc &= (u16)~FP_C1;
		return f80_make(sign, F80_MAX_EXP - 1, ~0ull << drop);
	}
	e->exc |= FP_C1;
	return f80_inf(sign);
}

/* Denormal or zero result; tiny tells whether the unbounded rounding stays below the normals. */
static struct f80 underflow_masked(struct num v, u64 lo, unsigned drop, bool tiny, struct fpenv *e)
{
	u128 w = shr_jam128((u128)v.mant << 64 | lo, (unsigned)(1 - v.exp));
	struct cut c = cut_at((u64)(w >> 64), (u64)w, drop, v.sign, e->cw);
	note_inexact(&c, e);
	if (c.rem && tiny)
		e->exc |= FP_UE;
	u64 m = (c.q + c.inc) << drop;
	return f80_make(v.sign, (unsigned)(m >> 63), m);
}

static struct f80 round_at(struct num v, u64 lo, unsigned drop, struct fpenv *e)
{
	struct cut c = cut_at(v.mant, lo, drop, v.sign, e->cw);
	u64 m = (c.q + c.inc) << drop;
	s32 exp = v.exp;
	if (!(m & F80_TOP)) {		/* carry out of the significand */
		m = F80_TOP;
		exp++;
	}
	if (exp < 1 || v.exp < 1) {
		bool tiny = exp < 1;
		if (!tiny || (e->cw & FP_UE))
			return underflow_masked(v, lo, drop, tiny, e);
		e->exc |= FP_UE;
		exp += F80_WRAP;
	} else if (exp >= F80_MAX_EXP) {
		if (e->cw & FP_OE)
			return overflow_masked(v.sign, drop, e);
		e->exc |= FP_OE;
		exp -= F80_WRAP;
	}
	note_inexact(&c, e);
	return f80_make(v.sign, (unsigned)exp & 0x7fff, m);
}

struct f80 f80_round(struct num v, u64 lo, struct fpenv *e)
{
	return round_at(v, lo, f80_pc_drop(e->cw), e);
}

struct f80 f80_round_ext(struct num v, u64 lo, struct fpenv *e)
{
	return round_at(v, lo, 0, e);
}

struct f80 f80_nan1(struct f80 a, struct fpenv *e)
{
	if (f80_is_unsupported(a))
		return f80_invalid(e);
	if (f80_is_snan(a))
		e->exc |= FP_IE;
	a.mant |= F80_QUIET;
	return a;
}

/*
 * SDM vol. 1, table 4-7, x87 column: the NaN of two; a QNaN before an SNaN; then the larger
 * significand; then the positive one.
 */
struct f80 f80_nan2(struct f80 a, struct f80 b, struct fpenv *e)
{
	if (f80_is_unsupported(a) || f80_is_unsupported(b))
		return f80_invalid(e);
	bool sa = f80_is_snan(a), sb = f80_is_snan(b), take_a;
	if (sa || sb)
		e->exc |= FP_IE;
	if (!f80_is_nan(b))
		take_a = true;
	else if (!f80_is_nan(a))
		take_a = false;
	else if (sa != sb)
		take_a = sb;
	else if (a.mant != b.mant)
		take_a = a.mant > b.mant;
	else
		take_a = !f80_sign(a);
	struct f80 r = take_a ? a : b;
	r.mant |= F80_QUIET;
	return r;
}
