/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x87 arithmetic and comparisons on the register stack. Not the numbers (softfp).
 * Invariant: an empty operand is found before any value is looked at, and an unmasked
 * exception that blocks the result also blocks the pops.
 */
#include "dbt/fp/x87.h"
#include "dbt/fp/softfp_fast.h"
#include "dbt/fp/x87_prim.h"

typedef struct f80 (*binary_fn)(struct f80 a, struct f80 b, struct fpenv *e);
typedef bool (*fast_fn)(struct f80 a, struct f80 b, unsigned cw, struct f80 *r, unsigned *exc);

static struct f80 f80_subr(struct f80 a, struct f80 b, struct fpenv *e) { return f80_sub(b, a, e); }
static struct f80 f80_divr(struct f80 a, struct f80 b, struct fpenv *e) { return f80_div(b, a, e); }

F80_INLINE bool f80_fast_subr(struct f80 a, struct f80 b, unsigned cw, struct f80 *r, unsigned *exc)
{
	return f80_fast_sub(b, a, cw, r, exc);
}

F80_INLINE bool f80_fast_divr(struct f80 a, struct f80 b, unsigned cw, struct f80 *r, unsigned *exc)
{
	return f80_fast_div(b, a, cw, r, exc);
}

/* Masked response to an empty operand: the indefinite into ST(i). */
static void arith_underflow(struct x87 *x, unsigned i, bool pop)
{
	if (!x87_underflow(x))
		return;
	x87_set(x, i, f80_indefinite);
	if (pop)
		x87_pop(x);
}

/* Enter a result and its flags: r[d] unless that is blocked. */
static void commit(struct x87 *x, unsigned d, struct f80 r, const struct fpenv *e, bool pop)
{
	x87_raise(x, e->exc);
	if (f80_reg_blocked(e))
		return;
	x87_put(x, d, r);
	if (pop)
		x87_pop(x);
}

/* The common end: P at most, so that the result is written in any case. */
F80_INLINE void finish(struct x87 *x, unsigned d, struct f80 r, unsigned exc, bool pop)
{
	unsigned sw = (x->sw & ~FP_C1) | exc;
	if (F80_UNLIKELY(exc & ~x->cw & FP_PE))
		sw |= X87_SW_ES | X87_SW_B;
	x87_put(x, d, r);
	x->sw = (u16)sw;
	if (pop)
		x87_pop(x);
}

static __attribute__((noinline)) void arith_slow(struct x87 *x, binary_fn fn, unsigned dst,
						 unsigned src, bool pop)
{
	if (x87_empty(x, dst) || x87_empty(x, src)) {
		arith_underflow(x, dst, pop);
		return;
	}
	struct fpenv e = { x->cw, 0 };
	struct f80 r = fn(x->r[x87_phys(x, dst)], x->r[x87_phys(x, src)], &e);
	commit(x, x87_phys(x, dst), r, &e, pop);
}

/* ST(dst) = ST(dst) op ST(src); one of them is ST(0). */
F80_INLINE void arith_st(struct x87 *x, binary_fn fn, fast_fn fast, unsigned dst, unsigned src,
			 bool pop)
{
	unsigned d = x87_phys(x, dst), s = x87_phys(x, src), exc;
	struct f80 r;
	if (F80_LIKELY(x->valid >> d & x->valid >> s & 1 &&
		       fast(x->r[d], x->r[s], x->cw, &r, &exc)))
		finish(x, d, r, exc, pop);
	else
		arith_slow(x, fn, dst, src, pop);
}

/*
 * A denormal float or double operand is normal once widened, so D is added here. It ranks
 * below invalid operands and division by zero, and NaN operands hide it.
 */
static struct f80 arith_denormal(binary_fn fn, struct f80 a, struct f80 b, struct fpenv *e)
{
	struct fpenv t = { e->cw, 0 };
	struct f80 r = fn(a, b, &t);
	bool nan = (r.se & 0x7fff) == 0x7fff && r.mant << 1;
	if (!nan && !(t.exc & (FP_IE | FP_ZE))) {
		if (!(e->cw & FP_DE))
			t.exc = 0;
		t.exc |= FP_DE;
	}
	e->exc |= t.exc;
	return r;
}

static __attribute__((noinline)) void mem_slow(struct x87 *x, binary_fn fn, struct f80 m,
					       bool denormal)
{
	unsigned d = x87_top(x);
	if (x87_empty(x, 0)) {
		arith_underflow(x, 0, false);
		return;
	}
	struct fpenv e = { x->cw, 0 };
	struct f80 r = denormal ? arith_denormal(fn, x->r[d], m, &e) : fn(x->r[d], m, &e);
	commit(x, d, r, &e, false);
}

/* ST(0) = ST(0) op m. False: nothing was done. */
F80_INLINE bool mem_fast(struct x87 *x, fast_fn fast, struct f80 m)
{
	unsigned d = x87_top(x), exc;
	struct f80 r;
	if (F80_UNLIKELY(!(x->valid >> d & 1) || !fast(x->r[d], m, x->cw, &r, &exc)))
		return false;
	finish(x, d, r, exc, false);
	return true;
}

static inline bool denormal_f32(u32 v) { return !(v & 0x7f800000) && v << 1; }
static inline bool denormal_f64(u64 v) { return !(v & 0x7ff0000000000000) && v << 1; }

#define DEFINE(op, digit) \
	void x87_f##op##_st0(struct x87 *x, unsigned i) \
	{ \
		arith_st(x, f80_##op, f80_fast_##op, 0, i, false); \
	} \
	void x87_f##op##_sti(struct x87 *x, unsigned i, bool pop) \
	{ \
		arith_st(x, f80_##op, f80_fast_##op, i, 0, pop); \
	} \
	void x87_f##op##_f32(struct x87 *x, u32 v) \
	{ \
		struct f80 m; \
		if (!f80_fast_from_f32(v, &m) || !mem_fast(x, f80_fast_##op, m)) \
			mem_slow(x, f80_##op, f80_widen_f32(v), denormal_f32(v)); \
	} \
	void x87_f##op##_f64(struct x87 *x, u64 v) \
	{ \
		struct f80 m; \
		if (!f80_fast_from_f64(v, &m) || !mem_fast(x, f80_fast_##op, m)) \
			mem_slow(x, f80_##op, f80_widen_f64(v), denormal_f64(v)); \
	} \
	void x87_f##op##_int(struct x87 *x, s64 v) \
	{ \
		struct f80 m; \
		if (!f80_fast_from_s64(v, &m) || !mem_fast(x, f80_fast_##op, m)) \
			mem_slow(x, f80_##op, f80_from_s64(v), false); \
	}
X87_ARITH(DEFINE)
#undef DEFINE

/* -- Comparisons ------------------------------------------------------- */

/* Compare ST(0) with b; denormal: b was one before it was widened. Returns C3, C2, C0. */
static unsigned compare(struct x87 *x, struct f80 b, bool quiet, bool denormal, struct fpenv *e)
{
	unsigned cc = f80_compare(x->r[x87_top(x)], b, quiet, e);
	const unsigned unordered = FP_C3 | FP_C2 | FP_C0;
	if (denormal && cc != unordered)
		e->exc |= FP_DE;
	return cc;
}

static void set_cc(struct x87 *x, unsigned cc)
{
	x->sw = (u16)((x->sw & ~(FP_C3 | FP_C2 | FP_C0)) | cc);
}

static void pop_n(struct x87 *x, unsigned n)
{
	while (n--)
		x87_pop(x);
}

static void com_underflow(struct x87 *x, unsigned pops)
{
	set_cc(x, FP_C3 | FP_C2 | FP_C0);
	if (x87_underflow(x))
		pop_n(x, pops);
}

static void com(struct x87 *x, struct f80 b, bool quiet, bool denormal, unsigned pops)
{
	unsigned cc;
	if (F80_LIKELY(!denormal && f80_fast_compare(x->r[x87_top(x)], b, &cc))) {
		x->sw = (u16)((x->sw & ~FP_CC) | cc);
		pop_n(x, pops);
		return;
	}
	struct fpenv e = { x->cw, 0 };
	set_cc(x, compare(x, b, quiet, denormal, &e));
	x87_raise(x, e.exc);
	if (!f80_reg_blocked(&e))
		pop_n(x, pops);
}

void x87_fcom_st(struct x87 *x, unsigned i, bool quiet, unsigned pops)
{
	if (F80_UNLIKELY(x87_empty(x, 0) || x87_empty(x, i)))
		com_underflow(x, pops);
	else
		com(x, x->r[x87_phys(x, i)], quiet, false, pops);
}

static void com_mem(struct x87 *x, struct f80 b, bool denormal, unsigned pops)
{
	if (F80_UNLIKELY(x87_empty(x, 0)))
		com_underflow(x, pops);
	else
		com(x, b, false, denormal, pops);
}

void x87_fcom_f32(struct x87 *x, u32 v, unsigned pops)
{
	com_mem(x, f80_widen_f32(v), denormal_f32(v), pops);
}

void x87_fcom_f64(struct x87 *x, u64 v, unsigned pops)
{
	com_mem(x, f80_widen_f64(v), denormal_f64(v), pops);
}

void x87_fcom_int(struct x87 *x, s64 v, unsigned pops)
{
	com_mem(x, f80_from_s64(v), false, pops);
}

void x87_ftst(struct x87 *x)
{
	com_mem(x, (struct f80){ 0, 0 }, false, 0);
}

void x87_fxam(struct x87 *x)
{
	unsigned cc = f80_xam(x->r[x87_top(x)]);
	if (x87_empty(x, 0))
		cc = (cc & FP_C1) | FP_C3 | FP_C0;
	x->sw = (u16)((x->sw & ~FP_CC) | cc);
}

unsigned x87_fcomi(struct x87 *x, unsigned i, bool quiet, bool pop)
{
	struct fpenv e = { x->cw, 0 };
	unsigned cc = FP_C3 | FP_C2 | FP_C0;
	if (F80_UNLIKELY(x87_empty(x, 0) || x87_empty(x, i)))
		e.exc = FP_IE | FP_SF;
	else
		cc = compare(x, x->r[x87_phys(x, i)], quiet, false, &e);
	if (!(e.exc & FP_SF))		/* C1 stays but for a stack fault (AMD) */
		e.exc |= x->sw & FP_C1;
	x87_raise(x, e.exc);
	if (pop && !f80_reg_blocked(&e))
		x87_pop(x);
	return (cc & FP_C3 ? 0x40 : 0) | (cc & FP_C2 ? 4 : 0) | (cc & FP_C0 ? 1 : 0);
}
