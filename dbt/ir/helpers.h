/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers called from translated code and from the evaluator, listed once in
 * helpers.def. C helpers see struct vcpu without the general registers and
 * flags (those stay in host registers); system helpers see everything, with
 * eip and next_eip set, and may change everything.
 */
#ifndef DBT_IR_HELPERS_H
#define DBT_IR_HELPERS_H

#include "dbt/x86/cpu.h"

enum helper {
#define HELPER(name, class) HELPER_##name,
#include "dbt/ir/helpers.def"
#undef HELPER
	HELPER_COUNT,
};

typedef u64 (*helper_func)(struct vcpu *c, u64 a, u64 b, u64 d);
extern const helper_func helper_fn[HELPER_COUNT];

#define HELPER(name, class) u64 helper_##name(struct vcpu *c, u64 a, u64 b, u64 d);
#include "dbt/ir/helpers.def"
#undef HELPER

/*
 * The third argument of x87 helpers: EIP of the instruction in bits 0-31 (its offset on vcpu.page
 * if bit RELATIVE is set), then its opcode (11 bits), the segment register of its memory operand,
 * and whether it pops; bit THERE is always 1. LONG: it is 64-bit code; if it is not RELATIVE,
 * vcpu.help[X87_HELP_RIP] has where it is.
 */
enum {
	X87_AT_FOP = 32, X87_AT_SEG = 43, X87_AT_POP = 46, X87_AT_RELATIVE = 47, X87_AT_THERE = 48,
	X87_AT_LONG = 49,
};

/*
 * What x87_store_* leave in vcpu.help. HI: also the bytes 8 and 9 of an operand of x87_fld_f80,
 * fbld.
 */
enum {
	X87_HELP_EXC = 2, X87_HELP_BLOCKED = 3, X87_HELP_LO = 4, X87_HELP_HI = 5, X87_HELP_RIP = 6,
};

/*
 * The second argument of fnstenv, fldenv, fnsave, frstor: enum x87_format, and of those and of
 * fxsave, fxrstor: the address came by SS; of these: pointers have 64 bits.
 */
enum { X87_IMAGE_FORMAT = 3, X87_IMAGE_BY_SS = 4, X87_IMAGE_WIDE = 8 };

/* In the second argument of x87_store_*: the address came by SS. */
enum { X87_STORE_BY_SS = 0x200 };

#endif
