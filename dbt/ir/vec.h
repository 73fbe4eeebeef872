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

/* Evaluate one row by x86's rules (MXCSR in c->mxcsr). Integer operands and results are in q[0]. */
struct fault vec_eval(struct vcpu *c, unsigned row, unsigned imm, union xmm *r, const union xmm *a,
		      const union xmm *b, const union xmm *d);

#endif
