/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x87 functions of ST(0), or of ST(0) and ST(1): sign, root, remainder, scale,
 * transcendentals. Not the numbers (softfp).
 * Invariant: as in x87_arith.c: stack faults first, blocked results block pushes and pops.
 */
#include "dbt/fp/x87.h"
#include "dbt/fp/x87_prim.h"

typedef struct f80 (*unary_fn)(struct f80 a, struct fpenv *e);

/* Masked response of an instruction that replaces ST(0). */
static void st0_underflow(struct x87 *x)
{
	if (x87_underflow(x))
		x87_set(x, 0, f80_indefinite);
}

static void unary(struct x87 *x, unary_fn fn)
{
	if (F80_UNLIKELY(x87_empty(x, 0))) {
		st0_underflow(x);
		return;
	}
	struct fpenv e = { x->cw, 0 };
	struct f80 r = fn(x->r[x87_top(x)], &e);
	x87_raise(x, e.exc);
	if (!f80_reg_blocked(&e))
		x87_put(x, x87_top(x), r);
}

static void sign(struct x87 *x, u16 clear, u16 flip)
{
	if (F80_UNLIKELY(x87_empty(x, 0))) {
		st0_underflow(x);
		return;
	}
	u16 *se = &x->r[x87_top(x)].se;
	*se = (u16)((*se & ~clear) ^ flip);
	x87_raise(x, 0);
}

void x87_fchs(struct x87 *x)
{
	sign(x, 0, 0x8000);
}

void x87_fabs(struct x87 *x)
{
	sign(x, 0x8000, 0);
}

void x87_fsqrt(struct x87 *x)
{
	unary(x, f80_sqrt);
}

void x87_frndint(struct x87 *x)
{
	unary(x, f80_rndint);
}

static bool two_valid(const struct x87 *x)
{
	return !x87_empty(x, 0) && !x87_empty(x, 1);
}

void x87_fprem(struct x87 *x, bool nearest)
{
	x->sw &= (u16)~FP_C2;
	if (F80_UNLIKELY(!two_valid(x))) {
		st0_underflow(x);
		return;
	}
	struct fpenv e = { x->cw, 0 };
	struct f80 r = f80_rem(x->r[x87_top(x)], x->r[x87_phys(x, 1)], nearest, &e);
	bool nan = (r.se & 0x7fff) == 0x7fff;
	if (!nan && !f80_reg_blocked(&e))	/* AMD: without a remainder C0 and C3 stay */
		x->sw &= (u16)~(FP_C0 | FP_C3);
	x87_raise(x, e.exc);
	if (!f80_reg_blocked(&e))
		x87_put(x, x87_top(x), r);
}

void x87_fscale(struct x87 *x)
{
	if (F80_UNLIKELY(!two_valid(x))) {
		st0_underflow(x);
		return;
	}
	struct fpenv e = { x->cw, 0 };
	struct f80 r = f80_scale(x->r[x87_top(x)], x->r[x87_phys(x, 1)], &e);
	x87_raise(x, e.exc);
	if (!f80_reg_blocked(&e))
		x87_put(x, x87_top(x), r);
}

/* Stack faults of FXTRACT, FSINCOS, FPTAN, which replace ST(0) and push. True: it ended here. */
static bool push_faults(struct x87 *x)
{
	if (F80_LIKELY(!x87_empty(x, 0) && x87_empty(x, 7)))
		return false;
	bool masked = x87_empty(x, 0) ? x87_underflow(x) : x87_overflow(x);
	if (masked) {
		x87_set(x, 0, f80_indefinite);
		x87_push(x, f80_indefinite);
	}
	return true;
}

void x87_fxtract(struct x87 *x)
{
	if (push_faults(x))
		return;
	struct fpenv e = { x->cw, 0 };
	struct f80 exponent, r = f80_xtract(x->r[x87_top(x)], &exponent, &e);
	x87_raise(x, e.exc);
	if (f80_reg_blocked(&e))
		return;
	x87_put(x, x87_top(x), exponent);
	x87_push(x, r);
}

/* -- Transcendentals --------------------------------------------------- */

/* FSIN and FCOS also clear C2, or set it for an argument out of range. */
static void trig(struct x87 *x, unary_fn fn)
{
	x->sw &= (u16)~FP_C2;
	unary(x, fn);
}

void x87_fsin(struct x87 *x)
{
	trig(x, f80_sin);
}

void x87_fcos(struct x87 *x)
{
	trig(x, f80_cos);
}

void x87_f2xm1(struct x87 *x)
{
	unary(x, f80_2xm1);
}

void x87_fsincos(struct x87 *x)
{
	x->sw &= (u16)~FP_C2;
	if (push_faults(x))
		return;
	struct fpenv e = { x->cw, 0 };
	struct f80 cosine, sine = f80_sincos(x->r[x87_top(x)], &cosine, &e);
	x87_raise(x, e.exc);
	if (f80_reg_blocked(&e) || e.exc & FP_C2)
		return;
	x87_put(x, x87_top(x), sine);
	x87_push(x, cosine);
}

/* Pushes 1, or the NaN once more. */
void x87_fptan(struct x87 *x)
{
	x->sw &= (u16)~FP_C2;
	if (push_faults(x))
		return;
	struct fpenv e = { x->cw, 0 };
	struct f80 r = f80_tan(x->r[x87_top(x)], &e), one = { 1ull << 63, 0x3fff };
	x87_raise(x, e.exc);
	if (f80_reg_blocked(&e) || e.exc & FP_C2)
		return;
	bool nan = (r.se & 0x7fff) == 0x7fff;
	x87_put(x, x87_top(x), r);
	x87_push(x, nan ? r : one);
}

/* ST(1) = fn(ST(0), ST(1)), pop. */
static void binary_pop(struct x87 *x, struct f80 (*fn)(struct f80, struct f80, struct fpenv *))
{
	if (F80_UNLIKELY(!two_valid(x))) {
		if (x87_underflow(x)) {
			x87_set(x, 1, f80_indefinite);
			x87_pop(x);
		}
		return;
	}
	struct fpenv e = { x->cw, 0 };
	struct f80 r = fn(x->r[x87_top(x)], x->r[x87_phys(x, 1)], &e);
	x87_raise(x, e.exc);
	if (f80_reg_blocked(&e))
		return;
	x87_put(x, x87_phys(x, 1), r);
	x87_pop(x);
}

void x87_fyl2x(struct x87 *x)
{
	binary_pop(x, f80_yl2x);
}

void x87_fyl2xp1(struct x87 *x)
{
	binary_pop(x, f80_yl2xp1);
}

static struct f80 atan_xy(struct f80 x, struct f80 y, struct fpenv *e)
{
	return f80_atan2(y, x, e);
}

void x87_fpatan(struct x87 *x)
{
	binary_pop(x, atan_xy);
}
