/* SPDX-License-Identifier: BSD-2-Clause */
/* Integer instructions on XMM registers only (SDM vol. 1, 5.6.3): shuffles and byte shifts. */
#include "dbt/lift/vec.h"

static u8 imm(const struct ir1_op *o) { return (u8)o->imm; }

void lift_pslldq(struct lift *t, const struct ir1 *i)
{
	lift_st_vec(t, 0, lift_vec(t, VEC_SLLI_Q, lift_ld_vec(t, 0), 0, imm(&i->ops[1])), 0);
}

void lift_psrldq(struct lift *t, const struct ir1 *i)
{
	lift_st_vec(t, 0, lift_vec(t, VEC_SRLI_Q, lift_ld_vec(t, 0), 0, imm(&i->ops[1])), 0);
}

static void shuffle(struct lift *t, const struct ir1 *i, enum vec_op row)
{
	lift_st_vec(t, 0, lift_vec(t, row, lift_ld_vec_sized(t, 1, 16), 0, imm(&i->ops[2])), 0);
}

void lift_pshufd(struct lift *t, const struct ir1 *i) { shuffle(t, i, VEC_SHUF_W); }
void lift_pshuflw(struct lift *t, const struct ir1 *i) { shuffle(t, i, VEC_SHUFL_H); }
void lift_pshufhw(struct lift *t, const struct ir1 *i) { shuffle(t, i, VEC_SHUFH_H); }

static void shuffle2(struct lift *t, const struct ir1 *i, enum vec_op row)
{
	val b = lift_ld_vec_sized(t, 1, 16);

	lift_st_vec(t, 0, lift_vec(t, row, lift_ld_vec(t, 0), b, imm(&i->ops[2])), 0);
}

void lift_shufps(struct lift *t, const struct ir1 *i) { shuffle2(t, i, VEC_SHUF2_W); }
void lift_shufpd(struct lift *t, const struct ir1 *i) { shuffle2(t, i, VEC_SHUF2_D); }
