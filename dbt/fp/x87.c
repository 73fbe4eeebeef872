/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x87 loads, stores, stack manipulation and control. Not arithmetic (x87_arith.c), not
 * images (x87_env.c).
 * Invariant: a push onto a full stack changes nothing but flags unless #IS is masked.
 */
#include "dbt/fp/x87.h"
#include "dbt/fp/softfp_fast.h"
#include "dbt/fp/x87_prim.h"

void x87_finit(struct x87 *x)
{
	x->cw = 0x37f;
	x->sw = 0;
	x->valid = 0;
	x87_update_mark(x);
	x->fop = x->fcs = x->fds = 0;
	x->fip = x->fdp = 0;
}

/* Push v, having raised exc (which does not forbid it). */
static void load(struct x87 *x, struct f80 v, unsigned exc)
{
	if (F80_UNLIKELY(!x87_empty(x, 7))) {
		if (x87_overflow(x))
			x87_push(x, f80_indefinite);
		return;
	}
	x87_raise(x, exc);
	x87_push(x, v);
}

/* An unmasked invalid operand: flags only. A full stack comes first. */
static void load_float(struct x87 *x, struct f80 v, const struct fpenv *e)
{
	if (F80_UNLIKELY(f80_load_blocked(e)) && x87_empty(x, 7))
		x87_raise(x, e->exc);
	else
		load(x, v, e->exc);
}

static __attribute__((noinline)) void fld_f32_slow(struct x87 *x, u32 v)
{
	struct fpenv e = { x->cw, 0 };
	struct f80 r = f80_from_f32(v, &e);
	load_float(x, r, &e);
}

static __attribute__((noinline)) void fld_f64_slow(struct x87 *x, u64 v)
{
	struct fpenv e = { x->cw, 0 };
	struct f80 r = f80_from_f64(v, &e);
	load_float(x, r, &e);
}

/* Push v if there is room. False: nothing was done. */
static inline bool push_fast(struct x87 *x, struct f80 v)
{
	unsigned p = (x87_top(x) + 7) & 7;
	if (F80_UNLIKELY(x->valid >> p & 1))
		return false;
	x->sw = (u16)((x->sw & ~(X87_SW_TOP | FP_C1)) | p << 11);
	x87_put(x, p, v);
	return true;
}

void x87_fld_f32(struct x87 *x, u32 v)
{
	struct f80 r;
	if (!f80_fast_from_f32(v, &r) || !push_fast(x, r))
		fld_f32_slow(x, v);
}

void x87_fld_f64(struct x87 *x, u64 v)
{
	struct f80 r;
	if (!f80_fast_from_f64(v, &r) || !push_fast(x, r))
		fld_f64_slow(x, v);
}

void x87_fld_f80(struct x87 *x, struct f80 v)
{
	if (!push_fast(x, v))
		load(x, v, 0);
}

void x87_fild(struct x87 *x, s64 v)
{
	struct f80 r;
	if (!f80_fast_from_s64(v, &r) || !push_fast(x, r))
		load(x, f80_from_s64(v), 0);
}

void x87_fbld(struct x87 *x, struct f80 bcd)
{
	load(x, f80_from_bcd(bcd), 0);
}

void x87_fld_st(struct x87 *x, unsigned i)
{
	if (x87_empty(x, i)) {
		if (x87_underflow(x))
			x87_push(x, f80_indefinite);
		return;
	}
	x87_fld_f80(x, x->r[x87_phys(x, i)]);
}

/*
 * SDM vol. 2, FLD1/FLDL2T/...: 66-bit internal constants, rounded by RC: significand and
 * exponent of the value rounded down, whether the nearest is one above.
 */
static const struct {
	u64 mant;
	u16 se;
	bool inexact, nearest_up;
} constants[] = {
	[X87_1] = { 0x8000000000000000, 0x3fff, false, false },
	[X87_L2T] = { 0xd49a784bcd1b8afe, 0x4000, true, false },
	[X87_L2E] = { 0xb8aa3b295c17f0bb, 0x3fff, true, true },
	[X87_PI] = { 0xc90fdaa22168c234, 0x4000, true, true },
	[X87_LG2] = { 0x9a209a84fbcff798, 0x3ffd, true, true },
	[X87_LN2] = { 0xb17217f7d1cf79ab, 0x3ffe, true, true },
	[X87_Z] = { 0, 0, false, false },
};

void x87_fld_const(struct x87 *x, enum x87_const c)
{
	struct f80 v = { constants[c].mant, constants[c].se };
	unsigned rc = x->cw & FP_RC;
	if (constants[c].inexact)
		v.mant += rc == FP_RC_NEAR ? constants[c].nearest_up : rc == FP_RC_UP;
	load(x, v, 0);
}

/* The store of an empty ST(0): hi:lo is the format's indefinite. */
static struct x87_store store_empty(const struct x87 *x, u64 lo, u16 hi)
{
	return (struct x87_store){ lo, hi, FP_IE | FP_SF, x87_ie_masked(x) };
}

static inline struct x87_store stored(u64 lo, u16 hi, struct fpenv e)
{
	return (struct x87_store){ lo, hi, e.exc, !f80_store_blocked(&e) };
}

static __attribute__((noinline)) struct x87_store store_f32_slow(const struct x87 *x)
{
	if (F80_UNLIKELY(x87_empty(x, 0)))
		return store_empty(x, 0xffc00000, 0);
	struct fpenv e = { x->cw, 0 };
	u32 v = f80_to_f32(x->r[x87_top(x)], &e);
	return stored(v, 0, e);
}

struct x87_store x87_store_f32(const struct x87 *x)
{
	unsigned top = x87_top(x), exc;
	u64 v;
	if (F80_LIKELY(x->valid >> top & 1 &&
		       f80_fast_narrow(x->r[top], 24, 127, x->cw, &v, &exc)))
		return (struct x87_store){ v, 0, (u16)exc, true };
	return store_f32_slow(x);
}

static __attribute__((noinline)) struct x87_store store_f64_slow(const struct x87 *x)
{
	if (F80_UNLIKELY(x87_empty(x, 0)))
		return store_empty(x, 0xfff8000000000000, 0);
	struct fpenv e = { x->cw, 0 };
	u64 v = f80_to_f64(x->r[x87_top(x)], &e);
	return stored(v, 0, e);
}

struct x87_store x87_store_f64(const struct x87 *x)
{
	unsigned top = x87_top(x), exc;
	u64 v;
	if (F80_LIKELY(x->valid >> top & 1 &&
		       f80_fast_narrow(x->r[top], 53, 1023, x->cw, &v, &exc)))
		return (struct x87_store){ v, 0, (u16)exc, true };
	return store_f64_slow(x);
}

struct x87_store x87_store_f80(const struct x87 *x)
{
	struct f80 v = x->r[x87_top(x)];
	if (F80_UNLIKELY(x87_empty(x, 0)))
		return store_empty(x, f80_indefinite.mant, f80_indefinite.se);
	return (struct x87_store){ v.mant, v.se, 0, true };
}

struct x87_store x87_store_int(const struct x87 *x, unsigned width, bool truncate)
{
	if (F80_UNLIKELY(x87_empty(x, 0)))
		return store_empty(x, 1ull << (width - 1), 0);
	struct fpenv e = { x->cw, 0 };
	u64 v = f80_to_int(x->r[x87_top(x)], width, truncate, &e);
	return stored(v, 0, e);
}

struct x87_store x87_store_bcd(const struct x87 *x)
{
	if (F80_UNLIKELY(x87_empty(x, 0)))
		return store_empty(x, f80_indefinite.mant, f80_indefinite.se);
	struct fpenv e = { x->cw, 0 };
	struct f80 v = f80_to_bcd(x->r[x87_top(x)], &e);
	return stored(v.mant, v.se, e);
}

void x87_store_done(struct x87 *x, struct x87_store s, bool pop)
{
	x87_raise(x, s.exc);
	if (pop && s.write)
		x87_pop(x);
}

void x87_fst_st(struct x87 *x, unsigned i, bool pop)
{
	struct f80 v = x->r[x87_top(x)];
	if (F80_UNLIKELY(x87_empty(x, 0))) {
		if (!x87_underflow(x))
			return;
		v = f80_indefinite;
	} else {
		x87_raise(x, 0);
	}
	x87_set(x, i, v);
	if (pop)
		x87_pop(x);
}

void x87_fstpnce(struct x87 *x, unsigned i)
{
	x87_raise(x, 0);
	if (!x87_empty(x, 0))
		x87_set(x, i, x->r[x87_top(x)]);
	x87_pop(x);
}

void x87_fxch(struct x87 *x, unsigned i)
{
	struct f80 a = x->r[x87_top(x)], b = x->r[x87_phys(x, i)];
	bool ea = x87_empty(x, 0), eb = x87_empty(x, i);
	x87_raise(x, 0);
	if (F80_UNLIKELY(ea || eb)) {
		if (!x87_underflow(x))
			return;
		a = ea ? f80_indefinite : a;
		b = eb ? f80_indefinite : b;
	}
	x87_set(x, 0, b);
	x87_set(x, i, a);
}

void x87_ffree(struct x87 *x, unsigned i)
{
	x->valid &= (u16)~x87_bits(x87_phys(x, i));
	x87_raise(x, 0);
}

/* DF C0+i, undocumented but in every CPU: FFREE, then pop. */
void x87_ffreep(struct x87 *x, unsigned i)
{
	x87_ffree(x, i);
	x87_pop(x);
}

void x87_fincstp(struct x87 *x)
{
	x87_raise(x, 0);
	x87_move_top(x, 1);
}

void x87_fdecstp(struct x87 *x)
{
	x87_raise(x, 0);
	x87_move_top(x, 7);
}

void x87_fcmov(struct x87 *x, unsigned i, bool condition)
{
	if (F80_UNLIKELY(x87_empty(x, 0) || x87_empty(x, i))) {
		if (x87_underflow(x))
			x87_set(x, 0, f80_indefinite);
		return;
	}
	if (condition)			/* C1 stays (AMD) */
		x87_set(x, 0, x->r[x87_phys(x, i)]);
}

/* What programs do around a conversion makes registers plain again. */
void x87_fldcw(struct x87 *x, u16 cw)
{
	bool plain = x->mark > 1;
	x->cw = (cw & 0x1f3f) | 0x40;
	x87_update_es(x);
	if (plain && x87_cw_is_plain(cw))
		return;
	x87_update_mark(x);
	for (unsigned p = 0; p < 8 && x->mark > 1; p++)
		if (x->valid >> p & 1)
			x87_put(x, p, x->r[p]);
}

void x87_fclex(struct x87 *x)
{
	x->sw &= (u16)~(FP_EXC | FP_SF | X87_SW_ES | X87_SW_B);
}
