/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of each vector row: tables made from vec.def. */
#include "dbt/ir/vec.h"

#define P true
#define M false
const struct vec_info vec_info[VEC_OP_COUNT] = {
#define VEC(name, shape, effects) [VEC_##name] = { #name, VSH_##shape, effects },
#include "dbt/ir/vec.def"
#undef VEC
};
#undef P
#undef M

#define PACKED(op) \
	[VEC_##op##_PS] = { VFP_##op, false, false }, [VEC_##op##_SS] = { VFP_##op, false, true }
#define ALL(op) \
	PACKED(op), \
	[VEC_##op##_PD] = { VFP_##op, true, false }, [VEC_##op##_SD] = { VFP_##op, true, true }
const struct vec_fp vec_fp[VEC_OP_COUNT] = {
	ALL(ADD), ALL(SUB), ALL(MUL), ALL(DIV), ALL(MIN), ALL(MAX), ALL(SQRT), ALL(CMP),
	ALL(ROUND),
	PACKED(RCP), PACKED(RSQRT),
};

bool vec_by_helper(unsigned row)
{
	return vec_fp[row].kind == VFP_RCP || vec_fp[row].kind == VFP_RSQRT ||
	       row == VEC_MPSAD_B || row == VEC_MINPOS_H;
}
