/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building blocks of softsse*.c: the two formats, classes of operands, rounding. Private
 * to those files. Invariant: a struct sse_num is finite, not zero, bit 63 of m set.
 */
#ifndef DBT_FP_SOFTSSE_PRIM_H
#define DBT_FP_SOFTSSE_PRIM_H

#include "dbt/fp/softfp_prim.h"
#include "dbt/fp/softsse.h"

struct sse_format {
	u64 sign, frac_mask, quiet;
	unsigned frac_bits, exp_max;
	s32 bias;
	unsigned drop;		/* bits of a 64-bit significand that the format has not */
};

static inline const struct sse_format *sse_format(bool dbl)
{
	static const struct sse_format formats[2] = {
		{ 1ull << 31, (1ull << 23) - 1, 1ull << 22, 23, 255, 127, 40 },
		{ 1ull << 63, (1ull << 52) - 1, 1ull << 51, 52, 2047, 1023, 11 },
	};

	return &formats[dbl];
}

/* (-1)^neg * m * 2^(exp - 63) */
struct sse_num {
	u64 m;
	s32 exp;
	bool neg;
};

static inline unsigned sse_rc(const struct sse_env *e) { return e->mxcsr >> MXCSR_RC_SHIFT & 3; }

static inline u64 sse_make(bool neg, u64 exp, u64 frac, const struct sse_format *f)
{
	return (neg ? f->sign : 0) | exp << f->frac_bits | frac;
}

static inline bool sse_neg(u64 a, const struct sse_format *f) { return a & f->sign; }
static inline u64 sse_frac(u64 a, const struct sse_format *f) { return a & f->frac_mask; }
static inline u64 sse_exp(u64 a, const struct sse_format *f)
{
	return a >> f->frac_bits & f->exp_max;
}

static inline bool sse_is_nan(u64 a, const struct sse_format *f)
{
	return sse_exp(a, f) == f->exp_max && sse_frac(a, f);
}

static inline bool sse_is_snan(u64 a, const struct sse_format *f)
{
	return sse_is_nan(a, f) && !(a & f->quiet);
}

static inline bool sse_is_inf(u64 a, const struct sse_format *f)
{
	return sse_exp(a, f) == f->exp_max && !sse_frac(a, f);
}

static inline bool sse_is_zero(u64 a, const struct sse_format *f)
{
	return !sse_exp(a, f) && !sse_frac(a, f);
}

static inline bool sse_is_denormal(u64 a, const struct sse_format *f)
{
	return !sse_exp(a, f) && sse_frac(a, f);
}

/* Zero, or made zero by DAZ. */
static inline bool sse_is_zero_daz(u64 a, const struct sse_format *f, const struct sse_env *e)
{
	return !sse_exp(a, f) && (!sse_frac(a, f) || (e->mxcsr & MXCSR_DAZ));
}

/* An operand as the operation sees it: DAZ applied, else D raised. */
static inline u64 sse_denormal(u64 a, const struct sse_format *f, struct sse_env *e)
{
	if (!sse_is_denormal(a, f))
		return a;
	if (e->mxcsr & MXCSR_DAZ)
		return a & f->sign;
	e->exc |= MXCSR_DE;
	return a;
}

/* 1 if a significand with lowest bit `odd` and fraction rest / 2^64 is to grow. */
static inline unsigned sse_round_up(unsigned rc, bool neg, unsigned odd, u64 rest)
{
	switch (rc) {
	case RC_NEAR: return rest > 1ull << 63 || (rest == 1ull << 63 && odd);
	case RC_DOWN: return neg && rest;
	case RC_UP: return !neg && rest;
	default: return 0;
	}
}

struct sse_num sse_unpack(u64 a, const struct sse_format *f);
/* Round and pack; bit 0 of m may be sticky. */
u64 sse_round(bool neg, s32 exp, u64 m, const struct sse_format *f, struct sse_env *e);
/* One of the two is a NaN. */
u64 sse_nan(u64 a, u64 b, const struct sse_format *f, struct sse_env *e);

#endif
