/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building blocks shared by softfp_*.c and x87*.c: classes of operands, 128-bit shifts,
 * rounding. Private to those files.
 * Invariant: a `struct num` holds a finite non-zero value with bit 63 of mant set.
 */
#ifndef DBT_FP_SOFTFP_PRIM_H
#define DBT_FP_SOFTFP_PRIM_H

#include "dbt/fp/softfp.h"

typedef unsigned __int128 u128;

#define F80_LIKELY(c) __builtin_expect(!!(c), 1)
#define F80_UNLIKELY(c) __builtin_expect(!!(c), 0)

#define F80_TOP (1ull << 63)	/* the integer bit */
#define F80_QUIET (1ull << 62)	/* set in a QNaN */
#define F80_BIAS 16383
#define F80_MAX_EXP 0x7fff	/* infinities and NaNs */
#define F80_WRAP 24576		/* exponent adjustment of unmasked overflow and underflow */

static const struct f80 f80_indefinite = { F80_TOP | F80_QUIET, 0xffff };

/* A finite non-zero value: mant * 2^(exp - F80_BIAS - 63), exp unbounded. */
struct num {
	u64 mant;
	s32 exp;
	unsigned sign;		/* 0 or 0x8000 */
};

static inline struct f80 f80_make(unsigned sign, unsigned exp, u64 mant)
{
	return (struct f80){ mant, (u16)(sign | exp) };
}

static inline unsigned f80_sign(struct f80 a) { return a.se & 0x8000u; }
static inline unsigned f80_exp(struct f80 a) { return a.se & 0x7fffu; }
static inline struct f80 f80_zero(unsigned sign) { return f80_make(sign, 0, 0); }
static inline struct f80 f80_inf(unsigned sign) { return f80_make(sign, F80_MAX_EXP, F80_TOP); }

/* Integer bit set and exponent neither 0 nor all ones: what fast paths take. */
static inline bool f80_is_normal(struct f80 a)
{
	return (s64)a.mant < 0 && ((a.se + 1u) >> 1 & 0x3fff);
}

/* Unnormals, pseudo-infinities, pseudo-NaNs: invalid operands everywhere. */
static inline bool f80_is_unsupported(struct f80 a)
{
	return f80_exp(a) && !(a.mant & F80_TOP);
}

/* Of supported operands only. */
static inline bool f80_is_nan(struct f80 a) { return f80_exp(a) == F80_MAX_EXP && a.mant << 1; }
static inline bool f80_is_inf(struct f80 a) { return f80_exp(a) == F80_MAX_EXP && !(a.mant << 1); }
static inline bool f80_is_snan(struct f80 a) { return f80_is_nan(a) && !(a.mant & F80_QUIET); }
static inline bool f80_is_zero(struct f80 a) { return !f80_exp(a) && !a.mant; }
/* Denormals and pseudo-denormals. */
static inline bool f80_is_denormal(struct f80 a) { return !f80_exp(a) && a.mant; }

/* a finite and not zero. */
static inline struct num f80_num(struct f80 a)
{
	int exp = (int)f80_exp(a) + !f80_exp(a), n = __builtin_clzll(a.mant);
	return (struct num){ a.mant << n, exp - n, f80_sign(a) };
}

/* v >> n; bits shifted out leave a sticky bit 0. Any n >= 0. */
static inline u128 shr_jam128(u128 v, unsigned n)
{
	if (n == 0)
		return v;
	if (n > 127)
		return v != 0;
	return v >> n | (v << (128 - n) != 0);
}

static inline u64 shr_jam64(u64 v, unsigned n)
{
	if (n == 0)
		return v;
	if (n > 63)
		return v != 0;
	return v >> n | (v << (64 - n) != 0);
}

/* Low bits of the 64-bit significand that precision control cuts off. */
static inline unsigned f80_pc_drop(unsigned cw)
{
	return (cw & FP_PC) == 0 ? 40 : (cw & FP_PC) == 0x200 ? 11 : 0;
}

/* 1 if an integer with lowest bit `odd` and fraction rem / 2^64 must be rounded up in magnitude. */
static inline unsigned f80_round_inc(unsigned rc, unsigned sign, unsigned odd, u64 rem)
{
	switch (rc & FP_RC) {
	case FP_RC_NEAR: return rem > F80_TOP || (rem == F80_TOP && odd);
	case FP_RC_DOWN: return sign && rem;
	case FP_RC_UP: return !sign && rem;
	default: return 0;
	}
}

/*
 * Round and pack a value whose significand is v.mant:lo (128 bits, sticky allowed in bit 0),
 * to the precision of the control word, or always to 64 bits (_ext).
 */
struct f80 f80_round(struct num v, u64 lo, struct fpenv *e);
struct f80 f80_round_ext(struct num v, u64 lo, struct fpenv *e);

/* One or two operands of which at least one is a NaN or unsupported: the result, and I. */
struct f80 f80_nan1(struct f80 a, struct fpenv *e);
struct f80 f80_nan2(struct f80 a, struct f80 b, struct fpenv *e);

static inline bool f80_is_bad(struct f80 a) { return f80_is_unsupported(a) || f80_is_nan(a); }

/* Invalid operation: the real indefinite. */
static inline struct f80 f80_invalid(struct fpenv *e)
{
	e->exc |= FP_IE;
	return f80_indefinite;
}

/* Raise D for denormal operands. Returns true if D is unmasked: the operation ends there. */
static inline bool f80_denormal_stop(struct f80 a, struct f80 b, struct fpenv *e)
{
	if (!f80_is_denormal(a) && !f80_is_denormal(b))
		return false;
	e->exc |= FP_DE;
	return !(e->cw & FP_DE);
}

/* One 32-bit quotient digit of hi:digit / d (Knuth 4.3.1 D3); *hi becomes the remainder. */
static inline u64 f80_div_digit(u64 *hi, u64 digit, u64 d)
{
	u64 dh = d >> 32, dl = d & 0xffffffff;
	u64 q = *hi / dh, r = *hi - q * dh;
	u64 rest = r << 32 | digit, sub = q * dl;
	/* q is at most 2 too large; r may exceed 32 bits only where q is not */
	if (!(r >> 32) && sub > rest) {
		q--;
		u64 more = rest + d;
		if (more >= d && sub > more) {
			q--;
			more += d;
		}
		rest = more;
	}
	*hi = rest - sub;
	return q;
}

/* hi:lo / d for d with bit 63 set and hi < d. */
static inline u64 f80_div_128(u64 hi, u64 lo, u64 d, u64 *rem)
{
	u64 q1 = f80_div_digit(&hi, lo >> 32, d);
	u64 q0 = f80_div_digit(&hi, lo & 0xffffffff, d);
	*rem = hi;
	return q1 << 32 | q0;
}

/* x / y of normalised significands: quotient with bit 63 set; *exp adjusted. */
static inline u64 f80_div_mants(u64 x, u64 y, s32 *exp, u64 *lo)
{
	u64 below = x < y, rem;
	*exp -= (s32)below;
	u64 q = below ? f80_div_128(x, 0, y, &rem) : f80_div_128(x >> 1, x << 63, y, &rem);
	u64 half = rem >= y - rem;	/* a tie cannot be: the quotient would need 65 bits */
	*lo = rem ? half << 63 | 1 : 0;
	return q;
}

#endif
