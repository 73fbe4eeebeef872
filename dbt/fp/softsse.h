/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SSE's float and double arithmetic in integer code: pure functions of operands
 * and MXCSR, lane by lane. Not the x87's formats (dbt/fp/softfp.h), no registers.
 * Invariant: no float or double type anywhere; results and exception flags are
 * the hardware's bit for bit (SDM vol. 1, 4.8, 11.5).
 */
#ifndef DBT_FP_SOFTSSE_H
#define DBT_FP_SOFTSSE_H

#include "kernel/lib/types.h"

/* MXCSR (SDM vol. 1, 10.2.3). The masks are the flags shifted by MXCSR_MASK_SHIFT. */
enum {
	MXCSR_IE = 1u << 0, MXCSR_DE = 1u << 1, MXCSR_ZE = 1u << 2, MXCSR_OE = 1u << 3,
	MXCSR_UE = 1u << 4, MXCSR_PE = 1u << 5, MXCSR_EXC = 0x3f,
	MXCSR_DAZ = 1u << 6, MXCSR_MASK_SHIFT = 7, MXCSR_MASKS = 0x3fu << 7,
	MXCSR_RC_SHIFT = 13, MXCSR_FTZ = 1u << 15,
	MXCSR_ALL = 0xffff,		/* MXCSR_MASK: the bits that exist */
	MXCSR_RESET = 0x1f80,
};

enum sse_rc { RC_NEAR, RC_DOWN, RC_UP, RC_ZERO };

/* What an operation reads and reports: exception flags are ORed into exc. */
struct sse_env {
	u32 mxcsr;
	u32 exc;
};

/* Any exception that operations raise before they round: such lanes give no result if unmasked. */
#define MXCSR_PRE (MXCSR_IE | MXCSR_DE | MXCSR_ZE)

/* Operands and results: bit patterns of doubles (dbl) or floats in the low 32 bits. */
u64 sse_add(u64 a, u64 b, bool dbl, struct sse_env *e);
u64 sse_sub(u64 a, u64 b, bool dbl, struct sse_env *e);
u64 sse_mul(u64 a, u64 b, bool dbl, struct sse_env *e);
u64 sse_div(u64 a, u64 b, bool dbl, struct sse_env *e);
u64 sse_sqrt(u64 a, bool dbl, struct sse_env *e);
u64 sse_min(u64 a, u64 b, bool dbl, struct sse_env *e);
u64 sse_max(u64 a, u64 b, bool dbl, struct sse_env *e);
/* 1/a, 1/sqrt(a) of floats, rounded to nearest; raise nothing. vec.def says what they are. */
u32 sse_rcp(u32 a);
u32 sse_rsqrt(u32 a);

enum sse_order { SSE_LESS, SSE_EQUAL, SSE_GREATER, SSE_UNORDERED };
/* signal: a QNaN raises I, too. */
enum sse_order sse_compare(u64 a, u64 b, bool dbl, bool signal, struct sse_env *e);
/* Predicate 0 … 7 of CMPPS. */
bool sse_predicate(unsigned p, u64 a, u64 b, bool dbl, struct sse_env *e);

u64 sse_f32_to_f64(u32 a, struct sse_env *e);
u32 sse_f64_to_f32(u64 a, struct sse_env *e);
u64 sse_from_int(s64 v, bool dbl, struct sse_env *e);
/*
 * To an integer of the same format; how & 3: enum sse_rc, 4: MXCSR.RC instead, 8: no P. A denormal
 * raises nothing.
 */
u64 sse_round_int(u64 a, unsigned how, bool dbl, struct sse_env *e);
/* To 32 or 64 bits, sign-extended; the least such integer and I if it does not fit. */
u64 sse_to_int(u64 a, bool dbl, bool truncate, unsigned bits, struct sse_env *e);

#endif
