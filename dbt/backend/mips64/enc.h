/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function for each MIPS64 instruction: mi_daddu(c, rd, rs, rt) appends the word of
 * `daddu rd, rs, rt`. All are generated from insns.def, where the instructions are listed;
 * operands come in the order of the assembler's syntax, and offsets of branches, loads and
 * stores are in bytes. Not here: choosing instructions, constants (konst.h), what a delay slot
 * may take (slot.c). The invariant: what is appended is exactly what the assembler makes of the
 * same text; an operand out of its range is a bug of ours and panics.
 *
 * The law of delay slots: a branch's function appends the branch and its slot, and returns where
 * the branch is; nobody else appends or sees a slot. The slot gets the instruction before the
 * branch if that only computes in general registers, the branch neither reads what it writes nor
 * links to what it uses, and nobody has taken its place or the one behind it as an address;
 * otherwise a nop. Who takes c->p as an address (a label, a word to be patched, data) takes it by
 * code_here(), and from then on nothing before it moves. Guest accesses and traps never move, so
 * a fault site is never in a slot. An offset counts from c->p at the call.
 */
#ifndef DBT_BACKEND_MIPS64_ENC_H
#define DBT_BACKEND_MIPS64_ENC_H

#include "dbt/backend/code.h"
#include "kernel/panic.h"

/*
 * For each operand kind K of operands.def: mi_K_t, its C type; mi_ok_K(v), is v in range
 * (also for callers that choose a form: mi_ok_si16(v), mi_ok_rel16(distance)); mi_at_K(v),
 * v's bits in the word. Immediates are 64 bits wide so that none is cut before the test.
 */
#define REG(K, text, lo, hi, pos) \
	typedef int mi_##K##_t; \
	static inline bool mi_ok_##K(s64 v) { return v >= (lo) && v <= (hi); } \
	static inline u32 mi_at_##K(s64 v) { return (u32)v << (pos); }
#define IMM(K, text, lo, hi, past, unit, base, pos, width) \
	typedef s64 mi_##K##_t; \
	static inline bool mi_ok_##K(s64 v) \
	{ return v >= (lo) && v <= (hi) && (v - (base)) % (unit) == 0; } \
	static inline u32 mi_at_##K(s64 v) \
	{ return ((u32)((v - (base)) / (unit)) & ((1u << (width)) - 1)) << (pos); }
#include "dbt/backend/mips64/operands.def"
#undef REG
#undef IMM

/* Fields that depend on more than one operand, or change the opcode: shifts, bit strings. */
static inline u32 mi_shift64(s64 n) { return ((u32)n & 31) << 6 | (n >= 32 ? 4 : 0); }
static inline u32 mi_bits_ext(s64 pos, s64 len) { return (u32)(len - 1) << 11 | (u32)pos << 6; }

static inline u32 mi_bits_ins(s64 pos, s64 len)
{
	return (u32)(pos + len - 1) << 11 | (u32)pos << 6;
}

/* DEXT 3, DEXTM 1: more than 32 bits, DEXTU 2: from bit 32 on. */
static inline u32 mi_bits_dext(s64 pos, s64 len)
{
	return mi_bits_ext(pos & 31, ((len - 1) & 31) + 1) | (pos >= 32 ? 2 : len > 32 ? 1 : 3);
}

/* DINS 7, DINSM 5: to bit 32 or above, DINSU 6: from bit 32 on; bit 2 is in the opcode. */
static inline u32 mi_bits_dins(s64 pos, s64 len)
{
	return ((u32)(pos + len - 1) & 31) << 11 | ((u32)pos & 31) << 6 |
	       (pos >= 32 ? 2 : pos + len > 32 ? 1 : 3);
}

/*
 * slot.c: append `branch` and its slot; returns where it is. pc_relative: its 16-bit offset counts
 * from c->p, and grows by a word if the branch takes the place of the instruction before.
 */
u32 *mi_branch(struct code *c, u32 branch, bool pc_relative);

static inline u32 *mi_end_rel16(struct code *c, u32 word) { return mi_branch(c, word, true); }
static inline u32 *mi_end_idx26(struct code *c, u32 word) { return mi_branch(c, word, false); }
static inline u32 *mi_end_rs(struct code *c, u32 word) { return mi_branch(c, word, false); }

#define INSN0(n, op) \
	static inline void mi_##n(struct code *c) { code_put(c, op); }
#define INSN1(n, op, A) \
	static inline void mi_##n(struct code *c, mi_##A##_t A) \
	{ \
		must(mi_ok_##A(A)); \
		code_put(c, op | mi_at_##A(A)); \
	}
#define INSN2(n, op, A, B) \
	static inline void mi_##n(struct code *c, mi_##A##_t A, mi_##B##_t B) \
	{ \
		must(mi_ok_##A(A) && mi_ok_##B(B)); \
		code_put(c, (op) | mi_at_##A(A) | mi_at_##B(B)); \
	}
#define INSN3(n, op, A, B, C) \
	static inline void mi_##n(struct code *c, mi_##A##_t A, mi_##B##_t B, mi_##C##_t C) \
	{ \
		must(mi_ok_##A(A) && mi_ok_##B(B) && mi_ok_##C(C)); \
		code_put(c, (op) | mi_at_##A(A) | mi_at_##B(B) | mi_at_##C(C)); \
	}
#define INSN4_IF(cond, n, op, A, B, C, D) \
	static inline void mi_##n(struct code *c, mi_##A##_t A, mi_##B##_t B, mi_##C##_t C, \
		mi_##D##_t D) \
	{ \
		must(mi_ok_##A(A) && mi_ok_##B(B) && mi_ok_##C(C) && mi_ok_##D(D) && (cond)); \
		code_put(c, (op) | mi_at_##A(A) | mi_at_##B(B) | mi_at_##C(C) | mi_at_##D(D)); \
	}
#define INSN4(n, op, A, B, C, D) INSN4_IF(true, n, op, A, B, C, D)
#define BRANCH1(n, op, A) \
	static inline u32 *mi_##n(struct code *c, mi_##A##_t A) \
	{ \
		must(mi_ok_##A(A)); \
		return mi_end_##A(c, op | mi_at_##A(A)); \
	}
#define BRANCH2_IF(cond, n, op, A, B) \
	static inline u32 *mi_##n(struct code *c, mi_##A##_t A, mi_##B##_t B) \
	{ \
		must(mi_ok_##A(A) && mi_ok_##B(B) && (cond)); \
		return mi_end_##B(c, op | mi_at_##A(A) | mi_at_##B(B)); \
	}
#define BRANCH2(n, op, A, B) BRANCH2_IF(true, n, op, A, B)
#define BRANCH3(n, op, A, B, C) \
	static inline u32 *mi_##n(struct code *c, mi_##A##_t A, mi_##B##_t B, mi_##C##_t C) \
	{ \
		must(mi_ok_##A(A) && mi_ok_##B(B) && mi_ok_##C(C)); \
		return mi_end_##C(c, op | mi_at_##A(A) | mi_at_##B(B) | mi_at_##C(C)); \
	}
#include "dbt/backend/mips64/insns.def"
#undef INSN0
#undef INSN1
#undef INSN2
#undef INSN3
#undef INSN4_IF
#undef INSN4
#undef BRANCH1
#undef BRANCH2_IF
#undef BRANCH2
#undef BRANCH3

#endif
