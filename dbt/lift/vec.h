/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the MMX and SSE families share: vector operands, and the state of the MMX unit. Laws:
 *  - a function that may touch an MM register calls lift_mmx_begin first, before any access;
 *  - MM values are the low halves of V128 values, whose upper halves mean nothing.
 */
#ifndef DBT_LIFT_VEC_H
#define DBT_LIFT_VEC_H

#include "dbt/ir/vec.h"
#include "dbt/lift/lift.h"

/* In this block, since the last x87 instruction: TOP and tags are set; MMn's exponent is. */
enum lift_mmx { MMX_ENTERED = 1 << 8, MMX_EXPONENT = 1 /* << n */ };

/* One row; a row without operand b (or y) takes 0. With KEY_SSE_SOFT it may fault. */
val lift_vec(struct lift *t, enum vec_op row, val a, val b, unsigned y);
val lift_vec3(struct lift *t, enum vec_op row, val a, val b, val c);	/* shape TER */

val lift_getxmm(struct lift *t, unsigned reg);
void lift_putxmm(struct lift *t, unsigned reg, val v);

/*
 * Vector operand n: a register, or `size` bytes of memory with zeros above (16: alignment checked).
 */
val lift_ld_vec(struct lift *t, unsigned n);
val lift_ld_vec_sized(struct lift *t, unsigned n, unsigned size);
/* To register operand n, or its low `size` bytes to memory. */
void lift_st_vec(struct lift *t, unsigned n, val v, unsigned size);

static inline bool lift_is_mm(const struct ir1 *i)
{
	return i->ops[0].kind == IR1_MM || (i->nops > 1 && i->ops[1].kind == IR1_MM);
}

/* A pending x87 exception; only the first MMX instruction of a run looks. begin: if i uses MM. */
void lift_mmx_begin(struct lift *t, const struct ir1 *i);
/*
 * TOP = 0, all registers valid: after the last operation that may fault. Storing to an MM register
 * does it.
 */
void lift_mmx_enter(struct lift *t);

#endif
