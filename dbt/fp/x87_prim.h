/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stack access and exception commit, shared by x87*.c. Private to those files.
 * Invariant: C1 is cleared by every instruction that goes through x87_raise(), then set by
 * what it raises.
 */
#ifndef DBT_FP_X87_PRIM_H
#define DBT_FP_X87_PRIM_H

#include "dbt/fp/softfp_prim.h"
#include "dbt/fp/x87.h"

static inline unsigned x87_phys(const struct x87 *x, unsigned i) { return (x87_top(x) + i) & 7; }
static inline bool x87_empty(const struct x87 *x, unsigned i)
{
	return !(x->valid >> x87_phys(x, i) & 1);
}

/* Both bits of register p in x->valid. */
static inline unsigned x87_bits(unsigned p) { return 0x101u << p; }

static inline bool x87_is_normal(struct f80 v)
{
	return v.mant >> 63 && (v.se & 0x7fffu) - 1 < 0x7ffe;
}

/* Register p becomes v. */
static inline void x87_put(struct x87 *x, unsigned p, struct f80 v)
{
	unsigned mark = 1 | (x87_is_normal(v) ? x->mark : 0);
	x->r[p] = v;
	x->valid = (u16)((x->valid & ~x87_bits(p)) | mark << p);
}

static inline void x87_set(struct x87 *x, unsigned i, struct f80 v)
{
	x87_put(x, x87_phys(x, i), v);
}

/* What leaves are for: 64 bits (PC = 3), to nearest, P masked. */
static inline bool x87_cw_is_plain(u16 cw)
{
	return (cw & (FP_PC | FP_RC | FP_PE)) == (FP_PC | FP_RC_NEAR | FP_PE);
}

/* After a change of cw; registers are not looked at. */
static inline void x87_update_mark(struct x87 *x)
{
	x->mark = x87_cw_is_plain(x->cw) ? 0x101 : 1;
	x->valid &= 0xff;
}

/* Make ES and B follow flags and masks. */
static inline void x87_update_es(struct x87 *x)
{
	if (x->sw & ~x->cw & FP_EXC)
		x->sw |= X87_SW_ES | X87_SW_B;
	else
		x->sw &= (u16)~(X87_SW_ES | X87_SW_B);
}

/* Enter exceptions and C1 (and other codes, if any) of an operation into the status word. */
static inline void x87_raise(struct x87 *x, unsigned exc)
{
	unsigned sw = (x->sw & ~FP_C1) | exc;
	if (F80_UNLIKELY(exc & ~x->cw & FP_EXC))
		sw |= X87_SW_ES | X87_SW_B;
	x->sw = (u16)sw;
}

static inline void x87_move_top(struct x87 *x, unsigned by)
{
	x->sw = (u16)((x->sw & ~X87_SW_TOP) | ((x->sw + (by << 11)) & X87_SW_TOP));
}

static inline void x87_pop(struct x87 *x)
{
	x->valid &= (u16)~x87_bits(x87_top(x));
	x87_move_top(x, 1);
}

static inline void x87_push(struct x87 *x, struct f80 v)
{
	x87_move_top(x, 7);
	x87_set(x, 0, v);
}

static inline bool x87_ie_masked(const struct x87 *x) { return x->cw & FP_IE; }

/* Raise a stack fault. Returns true if it is masked, so that the masked response follows. */
static inline bool x87_underflow(struct x87 *x)
{
	x87_raise(x, FP_IE | FP_SF);
	return x87_ie_masked(x);
}

static inline bool x87_overflow(struct x87 *x)
{
	x87_raise(x, FP_IE | FP_SF | FP_C1);
	return x87_ie_masked(x);
}

#endif
