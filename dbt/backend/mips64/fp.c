/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lowering of the floating-point rows to MSA, whose NaNs are x86's (the old FPU's are not, and it
 * is used for some conversions only). Scalar
 * rows have lane 0 in all lanes, so that the others raise nothing of their own. Law: an instruction
 * that may find an invalid operation has a destination that is none of its sources, for the
 * operation is done again from them; and host_fp.c knows each such instruction.
 */
#include "dbt/backend/mips64/simd.h"

#include "dbt/ir/vec.h"

/* d = s op t; scalar and packed forms are one. */
static const emit_r3 arithmetic[VEC_OP_COUNT] = {
	[VEC_ADD_PS] = mi_fadd_w, [VEC_ADD_PD] = mi_fadd_d,
	[VEC_ADD_SS] = mi_fadd_w, [VEC_ADD_SD] = mi_fadd_d,
	[VEC_SUB_PS] = mi_fsub_w, [VEC_SUB_PD] = mi_fsub_d,
	[VEC_SUB_SS] = mi_fsub_w, [VEC_SUB_SD] = mi_fsub_d,
	[VEC_MUL_PS] = mi_fmul_w, [VEC_MUL_PD] = mi_fmul_d,
	[VEC_MUL_SS] = mi_fmul_w, [VEC_MUL_SD] = mi_fmul_d,
	[VEC_DIV_PS] = mi_fdiv_w, [VEC_DIV_PD] = mi_fdiv_d,
	[VEC_DIV_SS] = mi_fdiv_w, [VEC_DIV_SD] = mi_fdiv_d,
};

/* d = op s; CVT_PS_PD: of the lower half. */
static const emit_r2 unary[VEC_OP_COUNT] = {
	[VEC_SQRT_PS] = mi_fsqrt_w, [VEC_SQRT_PD] = mi_fsqrt_d,
	[VEC_SQRT_SS] = mi_fsqrt_w, [VEC_SQRT_SD] = mi_fsqrt_d,
	[VEC_CVT_PS_PD] = mi_fexupr_d, [VEC_CVT_SS_SD] = mi_fexupr_d,
	[VEC_CVT_W_PS] = mi_ffint_s_w, [VEC_CVT_PS_W] = mi_ftint_s_w,
	[VEC_CVTT_PS_W] = mi_ftrunc_s_w,
};

/* To an integer in lane 0. Doubles go by the FPU: MSA would not tell of one that fits no word. */
static const emit_r2 to_word[VEC_OP_COUNT] = {
	[VEC_CVT_SS_I] = mi_ftint_s_w, [VEC_CVTT_SS_I] = mi_ftrunc_s_w,
	[VEC_CVT_SD_I] = mi_cvt_w_d, [VEC_CVTT_SD_I] = mi_trunc_w_d,
};

/* Of doubles; floats become doubles first, which is exact. */
static const emit_r2 to_long[VEC_OP_COUNT] = {
	[VEC_CVT_SS_L] = mi_ftint_s_d, [VEC_CVTT_SS_L] = mi_ftrunc_s_d,
	[VEC_CVT_SD_L] = mi_ftint_s_d, [VEC_CVTT_SD_L] = mi_ftrunc_s_d,
};

/* All ones or 0: floats, doubles. */
static const emit_r3 ordering[VEC_OP_COUNT] = {
	[VEC_COMI_LTS_SS] = mi_fsult_w, [VEC_COMI_LTS_SD] = mi_fsult_d,
	[VEC_COMI_LT_SS] = mi_fcult_w, [VEC_COMI_LT_SD] = mi_fcult_d,
	[VEC_COMI_EQ_SS] = mi_fcueq_w, [VEC_COMI_EQ_SD] = mi_fcueq_d,
};

/* By predicate of CMPPS. NLT and NLE are the unordered reverses. */
static const struct { emit_r3 emit[2]; bool swap; } predicate[8] = {
	{ { mi_fceq_w, mi_fceq_d }, false }, { { mi_fslt_w, mi_fslt_d }, false },
	{ { mi_fsle_w, mi_fsle_d }, false }, { { mi_fcun_w, mi_fcun_d }, false },
	{ { mi_fcune_w, mi_fcune_d }, false }, { { mi_fsule_w, mi_fsule_d }, true },
	{ { mi_fsult_w, mi_fsult_d }, true }, { { mi_fcor_w, mi_fcor_d }, false },
};

/* Is only lane 0 defined, and how wide is it? 0: all lanes are. */
static unsigned scalar_bits(unsigned row)
{
	const struct vec_fp *f = &vec_fp[row];

	if (f->kind != VFP_NONE)
		return !f->scalar ? 0 : f->is_double ? 64 : 32;
	switch (row) {
	case VEC_CVT_SS_SD: case VEC_CVT_SS_I: case VEC_CVTT_SS_I: case VEC_COMI_LT_SS:
	case VEC_COMI_LTS_SS: case VEC_COMI_EQ_SS: case VEC_CVT_SS_L: case VEC_CVTT_SS_L:
		return 32;
	case VEC_CVT_SD_SS: case VEC_CVT_SD_I: case VEC_CVTT_SD_I: case VEC_COMI_LT_SD:
	case VEC_COMI_LTS_SD: case VEC_COMI_EQ_SD: case VEC_CVT_SD_L: case VEC_CVTT_SD_L:
		return 64;
	}
	return 0;
}

/* An operand's register; of a scalar row, lane 0 in all lanes. */
static int operand(struct emit *e, const struct ir_insn *in, val v)
{
	unsigned bits = scalar_bits(in->k);
	int low, t;

	if (!bits) {
		bool half = in->k == VEC_CVT_PS_PD || in->k == VEC_CVT_W_PD;

		return half ? va_use_low(e, v, 64) : va_use(e, v);
	}
	low = va_use_low(e, v, bits);
	if (in->k == VEC_CVT_SD_I || in->k == VEC_CVTT_SD_I)
		return low;
	t = va_scratch(e);
	bits == 64 ? mi_splati_d(&e->c, t, low, 0) : mi_splati_w(&e->c, t, low, 0);
	return t;
}

static void compare(struct emit *e, const struct ir_insn *in)
{
	bool dbl = vec_fp[in->k].is_double;
	unsigned p = in->y & 7;
	int a = operand(e, in, in->a), b = operand(e, in, in->b), d = va_def_new(e, e->i);

	predicate[p].emit[dbl](&e->c, d, predicate[p].swap ? b : a, predicate[p].swap ? a : b);
}

/* a if the comparison says so, else b: the signalling "less" is false for NaNs and equals. */
static void extreme(struct emit *e, const struct ir_insn *in)
{
	const struct vec_fp *f = &vec_fp[in->k];
	int a = operand(e, in, in->a), b = operand(e, in, in->b), d = va_def_new(e, e->i);
	int s = f->kind == VFP_MIN ? a : b, t = f->kind == VFP_MIN ? b : a;
	struct code *c = &e->c;

	f->is_double ? mi_fslt_d(c, d, s, t) : mi_fslt_w(c, d, s, t);
	mi_bsel_v(c, d, b, a);
}

enum { MSACSR = 1 };

/*
 * Rounding by y & 3 wants MSACSR changed and put back. Without P all of it is put back as it was:
 * host_fp.c tells by that word.
 */
static void round_int(struct emit *e, const struct ir_insn *in)
{
	static const u8 rm[] = { 0, 3, 2, 1 };		/* of MXCSR.RC: nearest, down, up, zero */
	bool exact = in->y & 8, fixed = !(in->y & 4), dbl = vec_fp[in->k].is_double;
	int a = operand(e, in, in->a), old = ra_scratch(e), d = va_def_new(e, e->i);
	struct code *c = &e->c;

	if (exact || fixed)
		mi_cfcmsa(c, old, MSACSR);
	if (fixed) {
		mi_addiu(c, R_AT, R_ZERO, rm[in->y & 3]);
		mi_or(c, R_RA, old, R_ZERO);
		mi_ins(c, R_RA, R_AT, 0, 2);
		mi_ctcmsa(c, MSACSR, R_RA);
	}
	dbl ? mi_frint_d(c, d, a) : mi_frint_w(c, d, a);
	if (exact) {
		mi_ctcmsa(c, MSACSR, old);
	} else if (fixed) {
		mi_cfcmsa(c, R_RA, MSACSR);
		mi_ins(c, R_RA, old, 0, 2);
		mi_ctcmsa(c, MSACSR, R_RA);
	}
}

/* HADDPS …: even and odd lanes of both, then one operation. */
static void neighbours(struct emit *e, const struct ir_insn *in)
{
	int a = operand(e, in, in->a), b = operand(e, in, in->b);
	int even = va_scratch(e), odd = va_scratch(e);
	struct code *c = &e->c;
	int d = va_def_new(e, e->i);

	if (in->k == VEC_HADD_PS || in->k == VEC_HSUB_PS) {
		mi_pckev_w(c, even, b, a);
		mi_pckod_w(c, odd, b, a);
	} else {
		mi_ilvr_d(c, even, b, a);
		mi_ilvl_d(c, odd, b, a);
	}
	switch (in->k) {
	case VEC_HADD_PS: mi_fadd_w(c, d, even, odd); return;
	case VEC_HSUB_PS: mi_fsub_w(c, d, even, odd); return;
	case VEC_HADD_PD: mi_fadd_d(c, d, even, odd); return;
	default: mi_fsub_d(c, d, even, odd); return;
	}
}

/* Each operation sees only its own lanes, twice: the others must raise nothing. */
static void add_sub(struct emit *e, const struct ir_insn *in)
{
	int a = operand(e, in, in->a), b = operand(e, in, in->b);
	int x = va_scratch(e), y = va_scratch(e);
	int minus = va_scratch(e), plus = va_scratch(e);
	struct code *c = &e->c;
	int d = va_def(e, e->i);

	if (in->k == VEC_ADDSUB_PD) {
		mi_splati_d(c, x, a, 0);
		mi_splati_d(c, y, b, 0);
		mi_fsub_d(c, minus, x, y);
		mi_splati_d(c, x, a, 1);
		mi_splati_d(c, y, b, 1);
		mi_fadd_d(c, plus, x, y);
		mi_ilvr_d(c, d, plus, minus);
		return;
	}
	mi_ilvev_w(c, x, a, a);
	mi_ilvev_w(c, y, b, b);
	mi_fsub_w(c, minus, x, y);
	mi_ilvod_w(c, x, a, a);
	mi_ilvod_w(c, y, b, b);
	mi_fadd_w(c, plus, x, y);
	mi_ilvev_w(c, d, plus, minus);
}

static void from_integer(struct emit *e, const struct ir_insn *in)
{
	int r = ra_use(e, in->a), d = va_def(e, e->i);

	if (in->k == VEC_CVT_I_SS) {
		mi_fill_w(&e->c, d, r);
		mi_ffint_s_w(&e->c, d, d);
		return;
	}
	mi_fill_d(&e->c, d, r);
	if (in->k == VEC_CVT_L_SS)
		mi_cvt_s_l(&e->c, d, d);
	else
		mi_ffint_s_d(&e->c, d, d);
}

static void to_integer64(struct emit *e, const struct ir_insn *in)
{
	int a = operand(e, in, in->a), t = va_scratch(e), wide;

	if (in->k == VEC_CVT_SS_L || in->k == VEC_CVTT_SS_L) {
		wide = va_scratch(e);
		mi_fexupr_d(&e->c, wide, a);
		a = wide;
	}
	to_long[in->k](&e->c, t, a);
	mi_copy_s_d(&e->c, ra_def(e, e->i), t, 0);
}

/* The lower two words become doublewords, then doubles: exact. */
static void words_to_doubles(struct emit *e, const struct ir_insn *in)
{
	int a = operand(e, in, in->a), d = va_def_new(e, e->i);
	struct code *c = &e->c;

	mi_srai_w(c, d, a, 31);
	mi_ilvr_w(c, d, d, a);
	mi_ffint_s_d(c, d, d);
}

/* Doubles to floats, both halves of the result alike; of two doubles zeros come above. */
static void narrow(struct emit *e, const struct ir_insn *in)
{
	int a = operand(e, in, in->a), d = va_def_new(e, e->i);

	mi_fexdo_w(&e->c, d, a, a);
	if (in->k == VEC_CVT_PD_PS)
		mi_insert_d(&e->c, d, 1, R_ZERO);
}

/* Two doubles to the lower two words, each by the FPU. */
static void doubles_to_words(struct emit *e, const struct ir_insn *in)
{
	emit_r2 convert = in->k == VEC_CVT_PD_W ? mi_cvt_w_d : mi_trunc_w_d;
	int a = operand(e, in, in->a), high = va_scratch(e), d = va_def_new(e, e->i);
	int t = va_scratch(e);
	struct code *c = &e->c;

	mi_splati_d(c, high, a, 1);
	convert(c, t, high);
	convert(c, d, a);
	mi_insve_w(c, d, 1, t);
	mi_insert_d(c, d, 1, R_ZERO);
}

static bool one_operand(struct emit *e, const struct ir_insn *in)
{
	int a, t;

	if (!unary[in->k] && !to_word[in->k])
		return false;
	a = operand(e, in, in->a);
	if (unary[in->k]) {
		unary[in->k](&e->c, va_def_new(e, e->i), a);
	} else {
		t = va_scratch(e);
		to_word[in->k](&e->c, t, a);
		mi_copy_s_w(&e->c, ra_def(e, e->i), t, 0);
	}
	return true;
}

static bool two_operands(struct emit *e, const struct ir_insn *in)
{
	int a, b, t, d;

	if (!arithmetic[in->k] && !ordering[in->k])
		return false;
	a = operand(e, in, in->a);
	b = operand(e, in, in->b);
	if (arithmetic[in->k]) {
		arithmetic[in->k](&e->c, va_def_new(e, e->i), a, b);
		return true;
	}
	t = va_scratch(e);
	ordering[in->k](&e->c, t, a, b);
	d = ra_def(e, e->i);
	mi_copy_s_w(&e->c, d, t, 0);
	mi_andi(&e->c, d, d, 1);
	return true;
}

bool lower_fp(struct emit *e, const struct ir_insn *in)
{
	if (two_operands(e, in) || one_operand(e, in))
		return true;
	switch (vec_fp[in->k].kind) {
	case VFP_CMP: compare(e, in); return true;
	case VFP_MIN: case VFP_MAX: extreme(e, in); return true;
	case VFP_ROUND: round_int(e, in); return true;
	}
	switch (in->k) {
	case VEC_CVT_I_SS: case VEC_CVT_I_SD: case VEC_CVT_L_SS: case VEC_CVT_L_SD:
		from_integer(e, in);
		return true;
	case VEC_CVT_SS_L: case VEC_CVTT_SS_L: case VEC_CVT_SD_L: case VEC_CVTT_SD_L:
		to_integer64(e, in);
		return true;
	case VEC_CVT_W_PD: words_to_doubles(e, in); return true;
	case VEC_CVT_PD_PS: case VEC_CVT_SD_SS: narrow(e, in); return true;
	case VEC_CVT_PD_W: case VEC_CVTT_PD_W: doubles_to_words(e, in); return true;
	case VEC_ADDSUB_PS: case VEC_ADDSUB_PD: add_sub(e, in); return true;
	case VEC_HADD_PS: case VEC_HADD_PD: case VEC_HSUB_PS: case VEC_HSUB_PD:
		neighbours(e, in);
		return true;
	}
	return false;
}
