/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector and scalar floating-point rows of the one `vec` operation; vec.def says what each means.
 */
#ifndef DBT_IR_VEC_H
#define DBT_IR_VEC_H

#include "dbt/x86/cpu.h"

enum vec_op {
#define VEC(name, shape, effects) VEC_##name,
#include "dbt/ir/vec.def"
#undef VEC
	VEC_OP_COUNT,
};

enum vec_shape {
	VSH_UN, VSH_BIN, VSH_TOI, VSH_TOI2, VSH_FROMI, VSH_INS, VSH_TER,
	VSH_TOL, VSH_FROML, VSH_INSL,
};

struct vec_info {
	const char *text;
	u8 shape;		/* enum vec_shape */
	bool pure;		/* touches no MXCSR */
};
extern const struct vec_info vec_info[VEC_OP_COUNT];

/* What a packed or scalar FP row does to one lane. */
enum vec_fp_kind {
	VFP_NONE, VFP_ADD, VFP_SUB, VFP_MUL, VFP_DIV, VFP_MIN, VFP_MAX, VFP_SQRT, VFP_RCP,
			VFP_RSQRT,
	VFP_CMP, VFP_ROUND,
};

struct vec_fp {
	u8 kind;		/* enum vec_fp_kind; VFP_NONE: not such a row */
	bool is_double, scalar;
};
extern const struct vec_fp vec_fp[VEC_OP_COUNT];

/*
 * Evaluate one row by x86's rules: c->mxcsr says how, and gets the exception flags. Integer
 * operands and results are in q[0]. An unmasked exception comes back as #XM, or #UD if
 * CR4.OSXMMEXCPT is 0, with *r unchanged. r may be a or b.
 */
struct fault vec_eval(struct vcpu *c, unsigned row, unsigned imm, union xmm *r, const union xmm *a,
		      const union xmm *b, const union xmm *d);

/* Rows that no host makes inline: the lifter calls a helper for them. */
bool vec_by_helper(unsigned row);

/* The rows of vec_eval_int.c, vec_eval_sse4.c and vec_eval_fp.c; false: not there. */
bool vec_eval_int(unsigned row, unsigned imm, union xmm *r, const union xmm *a, const union xmm *b);
bool vec_eval_sse4(unsigned row, unsigned imm, union xmm *r, const union xmm *a,
		   const union xmm *b, const union xmm *d);
struct sse_env;
bool vec_eval_fp(unsigned row, unsigned imm, union xmm *r, const union xmm *a, const union xmm *b,
		 struct sse_env *e);

#endif
