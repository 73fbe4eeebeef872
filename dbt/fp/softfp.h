/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The x87's 80-bit arithmetic in integer code: pure functions of operands and
 * control word. Not the register stack (that is dbt/fp/x87.h), and no memory.
 * Invariant: no float or double anywhere; results and flags are the hardware's
 * bit for bit (SDM vol. 1, ch. 4 and 8), where Intel and AMD differ AMD's.
 */
#ifndef DBT_FP_SOFTFP_H
#define DBT_FP_SOFTFP_H

#include "kernel/lib/types.h"

/* The double extended format: sign and biased exponent, explicit integer bit 63 of mant. */
struct f80 {
	u64 mant;
	u16 se;
};

/* Exception flags, where the status and the control word have them. */
#define FP_IE 0x01u
#define FP_DE 0x02u
#define FP_ZE 0x04u
#define FP_OE 0x08u
#define FP_UE 0x10u
#define FP_PE 0x20u
#define FP_EXC 0x3fu
#define FP_SF 0x40u		/* status word: the invalid operation was a stack fault */

/* Condition codes in the status word. */
#define FP_C0 0x0100u
#define FP_C1 0x0200u		/* after an inexact result: rounded away from zero */
#define FP_C2 0x0400u
#define FP_C3 0x4000u
#define FP_CC (FP_C0 | FP_C1 | FP_C2 | FP_C3)

/* Control word fields. */
#define FP_PC 0x0300u		/* precision control: 0 = 24 bits, 2 = 53, 3 = 64 (1: as 3) */
#define FP_RC 0x0c00u		/* rounding control */
#define FP_RC_NEAR 0x0000u
#define FP_RC_DOWN 0x0400u
#define FP_RC_UP 0x0800u
#define FP_RC_ZERO 0x0c00u

/*
 * What an operation reads and reports. `exc` is ORed into: the exception flags and
 * condition codes that it raises, in status word positions; start with 0.
 */
struct fpenv {
	u16 cw;
	u16 exc;
};

/* True if the operation's register result must not be written (unmasked I, D or Z). */
static inline bool f80_reg_blocked(const struct fpenv *e)
{
	return e->exc & ~e->cw & (FP_IE | FP_DE | FP_ZE);
}

/*
 * True if FLD of a float or double must not push. An unmasked D does not stop it: the
 * value is pushed, normalised, and the exception is pending (AMD family 25).
 */
static inline bool f80_load_blocked(const struct fpenv *e)
{
	return e->exc & ~e->cw & FP_IE;
}

/* True if a converted value must not be stored to memory (unmasked I, D, O or U). */
static inline bool f80_store_blocked(const struct fpenv *e)
{
	return e->exc & ~e->cw & (FP_IE | FP_DE | FP_OE | FP_UE);
}

/* Arithmetic: a op b, rounded as the control word says. SDM vol. 2: FADD .. FDIV, FSQRT. */
struct f80 f80_add(struct f80 a, struct f80 b, struct fpenv *e);
struct f80 f80_sub(struct f80 a, struct f80 b, struct fpenv *e);
struct f80 f80_mul(struct f80 a, struct f80 b, struct fpenv *e);
struct f80 f80_div(struct f80 a, struct f80 b, struct fpenv *e);
struct f80 f80_sqrt(struct f80 a, struct fpenv *e);

/*
 * FPREM (nearest = false) and FPREM1 (true): a modulo b, or one partial step with
 * C2 set. C0, C3, C1 are quotient bits 2, 1, 0 of a finished reduction.
 */
struct f80 f80_rem(struct f80 a, struct f80 b, bool nearest, struct fpenv *e);

struct f80 f80_rndint(struct f80 a, struct fpenv *e);
/* a * 2^trunc(b): FSCALE. */
struct f80 f80_scale(struct f80 a, struct f80 b, struct fpenv *e);
/* FXTRACT: returns the significand, *exponent the unbiased exponent as a number. */
struct f80 f80_xtract(struct f80 a, struct f80 *exponent, struct fpenv *e);

/*
 * Comparison. Returns the codes of FCOM in C3, C2, C0: 0 for a > b, C0 for a < b, C3 for
 * equal, all three for unordered. quiet = FUCOM: a QNaN raises nothing.
 */
unsigned f80_compare(struct f80 a, struct f80 b, bool quiet, struct fpenv *e);
/* FXAM's C3, C2, C0 and C1 (sign) for a non-empty register. Raises nothing. */
unsigned f80_xam(struct f80 a);

/* Widening: exact. The float forms raise D for a denormal, I for an SNaN. */
struct f80 f80_from_f32(u32 v, struct fpenv *e);
struct f80 f80_from_f64(u64 v, struct fpenv *e);
struct f80 f80_from_s64(s64 v);

/* The same without exceptions: an SNaN stays one. For memory operands of arithmetic. */
struct f80 f80_widen_f32(u32 v);
struct f80 f80_widen_f64(u64 v);

/*
 * Narrowing for stores; whether to store at all: f80_store_blocked(). Width is 16, 32
 * or 64; truncate = FISTTP; out of range gives I and the integer indefinite.
 */
u32 f80_to_f32(struct f80 a, struct fpenv *e);
u64 f80_to_f64(struct f80 a, struct fpenv *e);
u64 f80_to_int(struct f80 a, unsigned width, bool truncate, struct fpenv *e);

/* Packed BCD, 18 digits (SDM vol. 1, 4.7); the ten bytes as the pair mant, se. */
struct f80 f80_from_bcd(struct f80 bcd);
struct f80 f80_to_bcd(struct f80 a, struct fpenv *e);

/*
 * Transcendentals: own 128-bit fixed-point arithmetic, always to 64-bit precision. Results
 * are within one ulp of the exact value, special cases and flags exact; a real
 * CPU's microcode may differ in the last place. The trigonometric functions reduce by
 * the 66-bit pi of the hardware; |a| >= 2^63 sets C2 and returns a.
 */
struct f80 f80_sin(struct f80 a, struct fpenv *e);
struct f80 f80_cos(struct f80 a, struct fpenv *e);
struct f80 f80_sincos(struct f80 a, struct f80 *cosine, struct fpenv *e);
struct f80 f80_tan(struct f80 a, struct fpenv *e);
/* arctan(y / x) in the quadrant of (x, y). */
struct f80 f80_atan2(struct f80 y, struct f80 x, struct fpenv *e);
/* 2^a - 1, |a| <= 1. */
struct f80 f80_2xm1(struct f80 a, struct fpenv *e);
/* y * log2(x), and y * log2(x + 1). */
struct f80 f80_yl2x(struct f80 x, struct f80 y, struct fpenv *e);
struct f80 f80_yl2xp1(struct f80 x, struct f80 y, struct fpenv *e);

#endif
