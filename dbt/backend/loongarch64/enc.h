/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function for each LoongArch64 instruction: la_add_d(c, rd, rj, rk) appends the
 * word of `add.d rd, rj, rk`. All are generated from insns.def, where the instructions
 * are listed; operands come in the order of the manual's assembler syntax, and offsets
 * of branches, loads and stores are in bytes. Not here: choosing instructions, constants
 * (konst.h), labels. The invariant: what is appended is exactly what the assembler makes
 * of the same text; an operand out of its range is a bug of ours and panics.
 */
#ifndef DBT_BACKEND_LOONGARCH64_ENC_H
#define DBT_BACKEND_LOONGARCH64_ENC_H

#include "dbt/backend/code.h"
#include "kernel/panic.h"

/*
 * For each operand kind K of operands.def: la_K_t, its C type; la_ok_K(v), is v in range
 * (also for callers that choose a form: la_ok_si12(v), la_ok_off16(distance)); la_at_K(v),
 * v's bits in the word. Immediates are 64 bits wide so that none is cut before the test.
 */
#define REG(K, text, lo, hi, pos) \
	typedef int la_##K##_t; \
	static inline bool la_ok_##K(s64 v) { return v >= (lo) && v <= (hi); } \
	static inline u32 la_at_##K(s64 v) { return (u32)v << (pos); }
#define IMM(K, lo, hi, unit, base, pos, width) \
	typedef s64 la_##K##_t; \
	static inline bool la_ok_##K(s64 v) \
	{ return v >= (lo) && v <= (hi) && (v - (base)) % (unit) == 0; } \
	static inline u32 la_at_##K(s64 v) \
	{ return ((u32)((v - (base)) / (unit)) & ((1u << (width)) - 1)) << (pos); }
#define OFF(K, width) \
	typedef s64 la_##K##_t; \
	static inline bool la_ok_##K(s64 v) \
	{ return v >= -(2ll << (width)) && v < 2ll << (width) && v % 4 == 0; } \
	static inline u32 la_at_##K(s64 v) \
	{ return ((u32)(v / 4) & 0xffff) << 10 | \
		((u32)(v / 4) >> 16 & ((1u << ((width) - 16)) - 1)); }
#include "dbt/backend/loongarch64/operands.def"
#undef REG
#undef IMM
#undef OFF

#define INSN0(n, op) \
	static inline void la_##n(struct code *c) { code_put(c, op); }
#define INSN1(n, op, A) \
	static inline void la_##n(struct code *c, la_##A##_t A) \
	{ \
		must(la_ok_##A(A)); \
		code_put(c, op | la_at_##A(A)); \
	}
#define INSN2(n, op, A, B) \
	static inline void la_##n(struct code *c, la_##A##_t A, la_##B##_t B) \
	{ \
		must(la_ok_##A(A) && la_ok_##B(B)); \
		code_put(c, op | la_at_##A(A) | la_at_##B(B)); \
	}
#define INSN3_IF(cond, n, op, A, B, C) \
	static inline void la_##n(struct code *c, la_##A##_t A, la_##B##_t B, la_##C##_t C) \
	{ \
		must(la_ok_##A(A) && la_ok_##B(B) && la_ok_##C(C) && (cond)); \
		code_put(c, op | la_at_##A(A) | la_at_##B(B) | la_at_##C(C)); \
	}
#define INSN4_IF(cond, n, op, A, B, C, D) \
	static inline void la_##n(struct code *c, la_##A##_t A, la_##B##_t B, la_##C##_t C, \
		la_##D##_t D) \
	{ \
		must(la_ok_##A(A) && la_ok_##B(B) && la_ok_##C(C) && la_ok_##D(D) && (cond)); \
		code_put(c, op | la_at_##A(A) | la_at_##B(B) | la_at_##C(C) | la_at_##D(D)); \
	}
#define INSN3(n, op, A, B, C) INSN3_IF(true, n, op, A, B, C)
#define INSN4(n, op, A, B, C, D) INSN4_IF(true, n, op, A, B, C, D)
#include "dbt/backend/loongarch64/insns.def"
#undef INSN0
#undef INSN1
#undef INSN2
#undef INSN3_IF
#undef INSN4_IF
#undef INSN3
#undef INSN4

#endif
