/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves of XMM registers, whole and in parts (SDM vol. 1, 5.5.1.1, 5.6.1.1, 5.6.3, 5.6.4). */
#include "dbt/lift/vec.h"

/* Whether memory must be aligned is in the row. */
void lift_movaps(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_vec(t, 0, lift_ld_vec_sized(t, 1, 16), 16);
}

void lift_movups(struct lift *t, const struct ir1 *i) { lift_movaps(t, i); }

/* A load clears what is above; a move between registers keeps it. */
static void scalar(struct lift *t, const struct ir1 *i, unsigned size, enum vec_op merge)
{
	val v = lift_ld_vec_sized(t, 1, size);

	if (i->ops[0].kind == IR1_XMM && i->ops[1].kind == IR1_XMM)
		v = lift_vec(t, merge, lift_ld_vec(t, 0), v, 0);
	lift_st_vec(t, 0, v, size);
}

void lift_movss(struct lift *t, const struct ir1 *i) { scalar(t, i, 4, VEC_MERGE_W); }
void lift_movsd_sse(struct lift *t, const struct ir1 *i) { scalar(t, i, 8, VEC_MERGE_D); }

void lift_movq_sse(struct lift *t, const struct ir1 *i)
{
	val v = lift_ld_vec_sized(t, 1, 8);

	if (i->ops[0].kind == IR1_XMM && i->ops[1].kind == IR1_XMM)
		v = lift_vec(t, VEC_LOW_D, v, 0, 0);
	lift_st_vec(t, 0, v, 8);
}

void lift_movhlps(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_vec(t, 0, lift_vec(t, VEC_UNPKH_D, lift_ld_vec(t, 1), lift_ld_vec(t, 0), 0), 0);
}

void lift_movlhps(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_vec(t, 0, lift_vec(t, VEC_UNPKL_D, lift_ld_vec(t, 0), lift_ld_vec(t, 1), 0), 0);
}

/* The upper half to or from memory. */
void lift_movhps(struct lift *t, const struct ir1 *i)
{
	val v = lift_ld_vec_sized(t, 1, 8);

	if (i->ops[0].kind == IR1_MEM)
		lift_st_vec(t, 0, lift_vec(t, VEC_UNPKH_D, v, v, 0), 8);
	else
		lift_st_vec(t, 0, lift_vec(t, VEC_UNPKL_D, lift_ld_vec(t, 0), v, 0), 0);
}

void lift_movlps(struct lift *t, const struct ir1 *i)
{
	val v = lift_ld_vec_sized(t, 1, 8);

	if (i->ops[0].kind == IR1_XMM)
		v = lift_vec(t, VEC_MERGE_D, lift_ld_vec(t, 0), v, 0);
	lift_st_vec(t, 0, v, 8);
}

void lift_movmskps(struct lift *t, const struct ir1 *i)
{
	lift_put(t, i->ops[0].reg, lift_vec(t, VEC_MASK_W, lift_ld_vec(t, 1), 0, 0));
}

void lift_movmskpd(struct lift *t, const struct ir1 *i)
{
	lift_put(t, i->ops[0].reg, lift_vec(t, VEC_MASK_D, lift_ld_vec(t, 1), 0, 0));
}

void lift_movdq2q(struct lift *t, const struct ir1 *i)
{
	lift_mmx_begin(t, i);
	lift_st_vec(t, 0, lift_ld_vec(t, 1), 0);
}

void lift_movq2dq(struct lift *t, const struct ir1 *i)
{
	val v;

	lift_mmx_begin(t, i);
	v = lift_vec(t, VEC_LOW_D, lift_ld_vec(t, 1), 0, 0);
	lift_mmx_enter(t);
	lift_st_vec(t, 0, v, 0);
}

void lift_movddup(struct lift *t, const struct ir1 *i)
{
	val v = lift_ld_vec_sized(t, 1, 8);

	(void)i;
	lift_st_vec(t, 0, lift_vec(t, VEC_UNPKL_D, v, v, 0), 0);
}

/* Lanes 1, 1, 3, 3 and 0, 0, 2, 2. */
void lift_movshdup(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_vec(t, 0, lift_vec(t, VEC_SHUF_W, lift_ld_vec_sized(t, 1, 16), 0, 0xf5), 0);
}

void lift_movsldup(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_vec(t, 0, lift_vec(t, VEC_SHUF_W, lift_ld_vec_sized(t, 1, 16), 0, 0xa0), 0);
}
