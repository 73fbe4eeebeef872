/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SSE arithmetic, comparison and conversion, and MXCSR (SDM vol. 1, 5.5.1, 5.6.1). A scalar
 * row's result is merged into the destination here.
 */
#include "dbt/lift/vec.h"

#define FP_ROWS(op) \
	[X86_##op##PS] = VEC_##op##_PS, [X86_##op##PD] = VEC_##op##_PD, \
	[X86_##op##SS] = VEC_##op##_SS, [X86_##op##SD] = VEC_##op##_SD

/* 0 (a row of integers): none. */
static const u16 fp_row[X86_OP_COUNT] = {
	FP_ROWS(ADD), FP_ROWS(SUB), FP_ROWS(MUL), FP_ROWS(DIV), FP_ROWS(MIN), FP_ROWS(MAX),
	FP_ROWS(SQRT), FP_ROWS(ROUND),
	[X86_ADDSUBPS] = VEC_ADDSUB_PS, [X86_ADDSUBPD] = VEC_ADDSUB_PD,
	[X86_HADDPS] = VEC_HADD_PS, [X86_HADDPD] = VEC_HADD_PD,
	[X86_HSUBPS] = VEC_HSUB_PS, [X86_HSUBPD] = VEC_HSUB_PD,
	[X86_RCPPS] = VEC_RCP_PS, [X86_RCPSS] = VEC_RCP_SS,
	[X86_RSQRTPS] = VEC_RSQRT_PS, [X86_RSQRTSS] = VEC_RSQRT_SS,
	[X86_CMPPS] = VEC_CMP_PS, [X86_CMPPD] = VEC_CMP_PD,
	[X86_CMPSS] = VEC_CMP_SS, [X86_CMPSD_SSE] = VEC_CMP_SD,
};

static unsigned operand_size(enum vec_op row)
{
	if (!vec_fp[row].scalar)
		return 16;
	return vec_fp[row].is_double ? 8 : 4;
}

static void put_result(struct lift *t, enum vec_op row, val a, val r)
{
	if (vec_fp[row].scalar)
		r = lift_vec(t, vec_fp[row].is_double ? VEC_MERGE_D : VEC_MERGE_W, a, r, 0);
	lift_st_vec(t, 0, r, 0);
}

static void binary(struct lift *t, const struct ir1 *i, unsigned y)
{
	enum vec_op row = fp_row[i->op];
	val a, b;

	b = lift_ld_vec_sized(t, 1, operand_size(row));
	a = lift_ld_vec(t, 0);
	put_result(t, row, a, lift_vec(t, row, a, b, y));
}

void lift_fpbin(struct lift *t, const struct ir1 *i) { binary(t, i, 0); }
void lift_cmpfp(struct lift *t, const struct ir1 *i) { binary(t, i, i->subop); }

static void unary(struct lift *t, const struct ir1 *i, unsigned y)
{
	enum vec_op row = fp_row[i->op];
	val r = lift_vec(t, row, lift_ld_vec_sized(t, 1, operand_size(row)), 0, y);

	put_result(t, row, vec_fp[row].scalar ? lift_ld_vec(t, 0) : 0, r);
}

void lift_fpun(struct lift *t, const struct ir1 *i) { unary(t, i, 0); }
void lift_round(struct lift *t, const struct ir1 *i) { unary(t, i, i->ops[2].imm & 15); }

/* CF = less or unordered, ZF = equal or unordered, PF = both; OF, SF, AF = 0. */
void lift_comi(struct lift *t, const struct ir1 *i)
{
	bool dbl = i->op == X86_COMISD || i->op == X86_UCOMISD;
	bool quiet = i->op == X86_UCOMISD || i->op == X86_UCOMISS;
	val b = lift_ld_vec_sized(t, 1, dbl ? 8 : 4), a = lift_ld_vec(t, 0), less, equal;

	less = lift_vec(t, quiet ? dbl ? VEC_COMI_LT_SD : VEC_COMI_LT_SS
				 : dbl ? VEC_COMI_LTS_SD : VEC_COMI_LTS_SS, a, b, 0);
	equal = lift_vec(t, dbl ? VEC_COMI_EQ_SD : VEC_COMI_EQ_SS, a, b, 0);
	lift_setf(t, CC_FCOM, 4, less, equal, 0);
}

/* -- Conversions -- */

void lift_cvt_xmm(struct lift *t, const struct ir1 *i)
{
	static const struct { u8 size; bool merge; u16 row; } how[X86_OP_COUNT] = {
		[X86_CVTPS2PD] = { 8, false, VEC_CVT_PS_PD },
		[X86_CVTPD2PS] = { 16, false, VEC_CVT_PD_PS },
		[X86_CVTSS2SD] = { 4, true, VEC_CVT_SS_SD },
		[X86_CVTSD2SS] = { 8, true, VEC_CVT_SD_SS },
		[X86_CVTDQ2PS] = { 16, false, VEC_CVT_W_PS },
		[X86_CVTPS2DQ] = { 16, false, VEC_CVT_PS_W },
		[X86_CVTTPS2DQ] = { 16, false, VEC_CVTT_PS_W },
		[X86_CVTDQ2PD] = { 8, false, VEC_CVT_W_PD },
		[X86_CVTPD2DQ] = { 16, false, VEC_CVT_PD_W },
		[X86_CVTTPD2DQ] = { 16, false, VEC_CVTT_PD_W },
	};
	val r = lift_vec(t, how[i->op].row, lift_ld_vec_sized(t, 1, how[i->op].size), 0, 0);

	if (how[i->op].merge)
		r = lift_vec(t, i->op == X86_CVTSS2SD ? VEC_MERGE_D : VEC_MERGE_W,
			     lift_ld_vec(t, 0), r, 0);
	lift_st_vec(t, 0, r, 0);
}

void lift_cvt_from_gpr(struct lift *t, const struct ir1 *i)
{
	bool dbl = i->op == X86_CVTSI2SD, wide = i->ops[1].size == 8;
	unsigned row = wide ? dbl ? VEC_CVT_L_SD : VEC_CVT_L_SS : dbl ? VEC_CVT_I_SD : VEC_CVT_I_SS;
	val r = lift_vec(t, row, lift_ld_op(t, 1), 0, 0);

	lift_st_vec(t, 0, lift_vec(t, dbl ? VEC_MERGE_D : VEC_MERGE_W, lift_ld_vec(t, 0), r, 0), 0);
}

void lift_cvt_to_gpr(struct lift *t, const struct ir1 *i)
{
	bool wide = i->ops[0].size == 8;
	enum vec_op row;
	unsigned size = 4;

	switch (i->op) {
	case X86_CVTSS2SI: row = wide ? VEC_CVT_SS_L : VEC_CVT_SS_I; break;
	case X86_CVTTSS2SI: row = wide ? VEC_CVTT_SS_L : VEC_CVTT_SS_I; break;
	case X86_CVTSD2SI: row = wide ? VEC_CVT_SD_L : VEC_CVT_SD_I; size = 8; break;
	default: row = wide ? VEC_CVTT_SD_L : VEC_CVTT_SD_I; size = 8; break;
	}
	lift_put(t, i->ops[0].reg, lift_vec(t, row, lift_ld_vec_sized(t, 1, size), 0, 0));
}

/*
 * CVTPI2PS keeps the destination's upper half, CVTPI2PD writes it all. A memory source of
 * CVTPI2PD leaves the MMX unit alone (SDM vol. 2); lift_is_mm tells.
 */
void lift_cvt_from_mm(struct lift *t, const struct ir1 *i)
{
	val s, r;

	lift_mmx_begin(t, i);
	s = lift_vec(t, VEC_LOW_D, lift_ld_vec_sized(t, 1, 8), 0, 0);
	if (lift_is_mm(i))
		lift_mmx_enter(t);
	r = lift_vec(t, i->op == X86_CVTPI2PD ? VEC_CVT_W_PD : VEC_CVT_W_PS, s, 0, 0);
	if (i->op == X86_CVTPI2PS)
		r = lift_vec(t, VEC_MERGE_D, lift_ld_vec(t, 0), r, 0);
	lift_st_vec(t, 0, r, 0);
}

/*
 * Two floats (the upper ones must not raise anything: cleared) or two doubles. The MMX state is
 * entered even if the conversion raises #XM (seen on AMD).
 */
void lift_cvt_to_mm(struct lift *t, const struct ir1 *i)
{
	bool dbl = i->op == X86_CVTPD2PI || i->op == X86_CVTTPD2PI;
	bool truncate = i->op == X86_CVTTPS2PI || i->op == X86_CVTTPD2PI;
	val s;

	lift_mmx_begin(t, i);
	s = lift_ld_vec_sized(t, 1, dbl ? 16 : 8);
	if (!dbl)
		s = lift_vec(t, VEC_LOW_D, s, 0, 0);
	lift_mmx_enter(t);
	s = lift_vec(t, dbl ? truncate ? VEC_CVTT_PD_W : VEC_CVT_PD_W
			    : truncate ? VEC_CVTT_PS_W : VEC_CVT_PS_W, s, 0, 0);
	lift_st_vec(t, 0, s, 0);
}

/* -- MXCSR -- */

void lift_stmxcsr(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_op(t, 0, lift_helper(t, HELPER_stmxcsr, T_I32, 0, 0, 0));
}

/* Ends the block: masks, DAZ and FTZ are in the block key. */
void lift_ldmxcsr(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_sys(t, HELPER_ldmxcsr, lift_ld_op(t, 0), 0);
}
