/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lowering of the floating-point rows to host FP and LSX. Law: an instruction that may find an
 * invalid operation has a destination that is none of its sources, for fp_trap.c does it
 * again from them (QEMU has already written a vector destination when it traps); and
 * host_fp.c knows each such instruction.
 */
#include "dbt/backend/loongarch64/lower.h"

#include "dbt/ir/vec.h"

/* d = j op k */
static const emit_r3 arithmetic[VEC_OP_COUNT] = {
	[VEC_ADD_PS] = la_vfadd_s, [VEC_ADD_PD] = la_vfadd_d,
	[VEC_ADD_SS] = la_fadd_s, [VEC_ADD_SD] = la_fadd_d,
	[VEC_SUB_PS] = la_vfsub_s, [VEC_SUB_PD] = la_vfsub_d,
	[VEC_SUB_SS] = la_fsub_s, [VEC_SUB_SD] = la_fsub_d,
	[VEC_MUL_PS] = la_vfmul_s, [VEC_MUL_PD] = la_vfmul_d,
	[VEC_MUL_SS] = la_fmul_s, [VEC_MUL_SD] = la_fmul_d,
	[VEC_DIV_PS] = la_vfdiv_s, [VEC_DIV_PD] = la_vfdiv_d,
	[VEC_DIV_SS] = la_fdiv_s, [VEC_DIV_SD] = la_fdiv_d,
};

typedef void (*emit_r2)(struct code *c, int d, int j);

/* d = op j */
static const emit_r2 unary[VEC_OP_COUNT] = {
	[VEC_SQRT_PS] = la_vfsqrt_s, [VEC_SQRT_PD] = la_vfsqrt_d,
	[VEC_SQRT_SS] = la_fsqrt_s, [VEC_SQRT_SD] = la_fsqrt_d,
	[VEC_CVT_PS_PD] = la_vfcvtl_d_s, [VEC_CVT_SS_SD] = la_fcvt_d_s,
	[VEC_CVT_SD_SS] = la_fcvt_s_d, [VEC_CVT_W_PS] = la_vffint_s_w,
	[VEC_CVT_W_PD] = la_vffintl_d_w, [VEC_CVT_PS_W] = la_vftint_w_s,
	[VEC_CVTT_PS_W] = la_vftintrz_w_s,
};

/* d = (op j, op j): the upper half is cleared after. */
static const emit_r3 narrowing[VEC_OP_COUNT] = {
	[VEC_CVT_PD_PS] = la_vfcvt_s_d, [VEC_CVT_PD_W] = la_vftint_w_d,
	[VEC_CVTT_PD_W] = la_vftintrz_w_d,
};

/* To an integer in the low word, or all 64 bits, of d. */
static const emit_r2 to_int[VEC_OP_COUNT] = {
	[VEC_CVT_SS_I] = la_ftint_w_s, [VEC_CVTT_SS_I] = la_ftintrz_w_s,
	[VEC_CVT_SD_I] = la_ftint_w_d, [VEC_CVTT_SD_I] = la_ftintrz_w_d,
	[VEC_CVT_SS_L] = la_ftint_l_s, [VEC_CVTT_SS_L] = la_ftintrz_l_s,
	[VEC_CVT_SD_L] = la_ftint_l_d, [VEC_CVTT_SD_L] = la_ftintrz_l_d,
};

/* From such an integer. */
static const emit_r2 to_float[VEC_OP_COUNT] = {
	[VEC_CVT_I_SS] = la_ffint_s_w, [VEC_CVT_I_SD] = la_ffint_d_w,
	[VEC_CVT_L_SS] = la_ffint_s_l, [VEC_CVT_L_SD] = la_ffint_d_l,
};

/* fcc0 = j ? k */
static const emit_r3 ordering[VEC_OP_COUNT] = {
	[VEC_COMI_LTS_SS] = la_fcmp_sult_s, [VEC_COMI_LTS_SD] = la_fcmp_sult_d,
	[VEC_COMI_LT_SS] = la_fcmp_cult_s, [VEC_COMI_LT_SD] = la_fcmp_cult_d,
	[VEC_COMI_EQ_SS] = la_fcmp_cueq_s, [VEC_COMI_EQ_SD] = la_fcmp_cueq_d,
};

/* By predicate of CMPPS: floats, doubles. NLT and NLE are the unordered reverses. */
static const struct { emit_r3 emit[2]; bool swap; } predicate[8] = {
	{ { la_vfcmp_ceq_s, la_vfcmp_ceq_d }, false },
	{ { la_vfcmp_slt_s, la_vfcmp_slt_d }, false },
	{ { la_vfcmp_sle_s, la_vfcmp_sle_d }, false },
	{ { la_vfcmp_cun_s, la_vfcmp_cun_d }, false },
	{ { la_vfcmp_cune_s, la_vfcmp_cune_d }, false },
	{ { la_vfcmp_sule_s, la_vfcmp_sule_d }, true },
	{ { la_vfcmp_sult_s, la_vfcmp_sult_d }, true },
	{ { la_vfcmp_cor_s, la_vfcmp_cor_d }, false },
};

/* An operand: of scalar rows lane 0 only, of a few conversions the lower half. */
static int operand(struct emit *e, const struct ir_insn *in, val v)
{
	const struct vec_fp *f = &vec_fp[in->k];

	if (f->kind != VFP_NONE)
		return f->scalar ? va_use_low(e, v, f->is_double ? 64 : 32) : va_use(e, v);
	switch (in->k) {
	case VEC_CVT_SS_SD: case VEC_CVT_SS_I: case VEC_CVTT_SS_I: case VEC_COMI_LT_SS:
	case VEC_COMI_LTS_SS: case VEC_COMI_EQ_SS: case VEC_CVT_SS_L: case VEC_CVTT_SS_L:
		return va_use_low(e, v, 32);
	case VEC_CVT_SD_SS: case VEC_CVT_SD_I: case VEC_CVTT_SD_I: case VEC_COMI_LT_SD:
	case VEC_COMI_LTS_SD: case VEC_COMI_EQ_SD: case VEC_CVT_PS_PD: case VEC_CVT_W_PD:
	case VEC_CVT_SD_L: case VEC_CVTT_SD_L:
		return va_use_low(e, v, 64);
	}
	return va_use(e, v);
}

/* Lane 0 in all lanes, so that the other lanes raise nothing of their own. */
static int replicate(struct emit *e, int v, bool dbl)
{
	int t = va_scratch(e);

	dbl ? la_vreplvei_d(&e->c, t, v, 0) : la_vreplvei_w(&e->c, t, v, 0);
	return t;
}

static void compare(struct emit *e, const struct ir_insn *in)
{
	const struct vec_fp *f = &vec_fp[in->k];
	unsigned p = in->y & 7;
	int a = operand(e, in, in->a), b = operand(e, in, in->b), d;

	if (f->scalar) {
		a = replicate(e, a, f->is_double);
		b = replicate(e, b, f->is_double);
	}
	d = va_def_new(e, e->i);
	if (predicate[p].swap)
		predicate[p].emit[f->is_double](&e->c, d, b, a);
	else
		predicate[p].emit[f->is_double](&e->c, d, a, b);
}

/* a if the comparison says so, else b: the signalling "less" is false for NaNs and equals. */
static void extreme(struct emit *e, const struct ir_insn *in)
{
	const struct vec_fp *f = &vec_fp[in->k];
	int a = operand(e, in, in->a), b = operand(e, in, in->b), t;
	int j = f->kind == VFP_MIN ? a : b, k = f->kind == VFP_MIN ? b : a;
	struct code *c = &e->c;

	if (f->scalar) {
		f->is_double ? la_fcmp_slt_d(c, 0, j, k) : la_fcmp_slt_s(c, 0, j, k);
		la_fsel(c, va_def(e, e->i), b, a, 0);
		return;
	}
	t = va_scratch(e);
	f->is_double ? la_vfcmp_slt_d(c, t, j, k) : la_vfcmp_slt_s(c, t, j, k);
	la_vbitsel_v(c, va_def(e, e->i), b, a, t);
}

/* Does the word leave general registers alone? LSX's, but those that move an element to one. */
static bool vector_only(u32 word)
{
	return word >> 24 >= 0x70 && word >> 24 <= 0x77 &&
	       (word < 0x72ef8000 || word > 0x72f3ffff);
}

/* A store, or a load to a vector register or to none. */
static bool access_without_result(u32 word)
{
	return word >> 24 == 0x29 || word >> 24 == 0x2b || word >> 24 == 0x2c ||
	       (word >> 24 == 0x28 && !(word & 31));
}

/*
 * When a packed instruction traps, QEMU loses what the words before it, since the last access to
 * memory, have written to general registers: its helpers for them say that they read none. So an
 * access comes between.
 */
static void settle(struct emit *e)
{
	const u32 *p = e->c.p, *first = e->start;

	while (p > first && vector_only(p[-1]))
		p--;
	if (p == first || !access_without_result(p[-1]))
		la_ld_w(&e->c, R_ZERO, R_STATE, state_offset(0));
}

/* By y & 7: nearest, down, up, towards zero, as MXCSR.RC has it. */
static const emit_r2 rounding[5][2] = {
	{ la_vfrintrne_s, la_vfrintrne_d }, { la_vfrintrm_s, la_vfrintrm_d },
	{ la_vfrintrp_s, la_vfrintrp_d }, { la_vfrintrz_s, la_vfrintrz_d },
	{ la_vfrint_s, la_vfrint_d },
};

/*
 * Without P, FCSR is put back behind it: host_fp.c tells by that word. Scalars go by lanes, too:
 * the FPU rounds as FCSR says only.
 */
static void round_int(struct emit *e, const struct ir_insn *in)
{
	const struct vec_fp *f = &vec_fp[in->k];
	unsigned how = in->y & 4 ? 4 : in->y & 3;
	int a = operand(e, in, in->a), old = R_ZERO, d;

	if (f->scalar)
		a = replicate(e, a, f->is_double);
	if (in->y & 8) {
		old = ra_scratch(e);
		la_movfcsr2gr(&e->c, old, 0);
	}
	settle(e);
	d = va_def_new(e, e->i);
	rounding[how][f->is_double](&e->c, d, a);
	if (in->y & 8)
		la_movgr2fcsr(&e->c, 0, old);
}

/* HADDPS …: even and odd lanes of both, then one operation. */
static void neighbours(struct emit *e, const struct ir_insn *in)
{
	int a = operand(e, in, in->a), b = operand(e, in, in->b);
	int even = va_scratch(e), odd = va_scratch(e);
	struct code *c = &e->c;
	int d = va_def_new(e, e->i);

	if (in->k == VEC_HADD_PS || in->k == VEC_HSUB_PS) {
		la_vpickev_w(c, even, b, a);
		la_vpickod_w(c, odd, b, a);
	} else {
		la_vilvl_d(c, even, b, a);
		la_vilvh_d(c, odd, b, a);
	}
	switch (in->k) {
	case VEC_HADD_PS: la_vfadd_s(c, d, even, odd); return;
	case VEC_HSUB_PS: la_vfsub_s(c, d, even, odd); return;
	case VEC_HADD_PD: la_vfadd_d(c, d, even, odd); return;
	default: la_vfsub_d(c, d, even, odd); return;
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
		la_vreplvei_d(c, x, a, 0);
		la_vreplvei_d(c, y, b, 0);
		la_vfsub_d(c, minus, x, y);
		la_vreplvei_d(c, x, a, 1);
		la_vreplvei_d(c, y, b, 1);
		la_vfadd_d(c, plus, x, y);
		la_vpackev_d(c, d, plus, minus);
		return;
	}
	la_vpackev_w(c, x, a, a);
	la_vpackev_w(c, y, b, b);
	la_vfsub_s(c, minus, x, y);
	la_vpackod_w(c, x, a, a);
	la_vpackod_w(c, y, b, b);
	la_vfadd_s(c, plus, x, y);
	la_vpackev_w(c, d, plus, minus);
}

static void from_integer(struct emit *e, const struct ir_insn *in)
{
	int r = ra_use(e, in->a), d = va_def(e, e->i);

	if (in->k == VEC_CVT_I_SS || in->k == VEC_CVT_I_SD)
		la_movgr2fr_w(&e->c, d, r);
	else
		la_movgr2fr_d(&e->c, d, r);
	to_float[in->k](&e->c, d, d);
}

static bool one_operand(struct emit *e, const struct ir_insn *in)
{
	int a, t;

	if (!unary[in->k] && !narrowing[in->k] && !to_int[in->k])
		return false;
	a = operand(e, in, in->a);
	if (unary[in->k]) {
		unary[in->k](&e->c, va_def_new(e, e->i), a);
	} else if (narrowing[in->k]) {
		t = va_def_new(e, e->i);
		narrowing[in->k](&e->c, t, a, a);
		la_vextl_qu_du(&e->c, t, t);
	} else {
		t = va_scratch(e);
		to_int[in->k](&e->c, t, a);
		if (in->type == T_I64)
			la_movfr2gr_d(&e->c, ra_def(e, e->i), t);
		else
			la_movfr2gr_s(&e->c, ra_def(e, e->i), t);
	}
	return true;
}

static bool packed(unsigned row)
{
	switch (row) {
	case VEC_CVT_PS_PD: case VEC_CVT_PD_PS: case VEC_CVT_PS_W: case VEC_CVTT_PS_W:
	case VEC_CVT_PD_W: case VEC_CVTT_PD_W: case VEC_ADDSUB_PS: case VEC_ADDSUB_PD:
	case VEC_HADD_PS: case VEC_HADD_PD: case VEC_HSUB_PS: case VEC_HSUB_PD:
		return true;
	}
	return vec_fp[row].kind != VFP_NONE && vec_fp[row].kind != VFP_ROUND &&
	       (!vec_fp[row].scalar || vec_fp[row].kind == VFP_CMP);
}

bool lower_fp(struct emit *e, const struct ir_insn *in)
{
	int a, b;

	if (packed(in->k))
		settle(e);
	if (to_float[in->k]) {
		from_integer(e, in);
		return true;
	}
	if (arithmetic[in->k] || ordering[in->k]) {
		a = operand(e, in, in->a);
		b = operand(e, in, in->b);
		if (arithmetic[in->k]) {
			arithmetic[in->k](&e->c, va_def_new(e, e->i), a, b);
			return true;
		}
		ordering[in->k](&e->c, 0, a, b);
		la_movcf2gr(&e->c, ra_def(e, e->i), 0);
		return true;
	}
	switch (vec_fp[in->k].kind) {
	case VFP_CMP: compare(e, in); return true;
	case VFP_MIN: case VFP_MAX: extreme(e, in); return true;
	case VFP_ROUND: round_int(e, in); return true;
	}
	switch (in->k) {
	case VEC_ADDSUB_PS: case VEC_ADDSUB_PD: add_sub(e, in); return true;
	case VEC_HADD_PS: case VEC_HADD_PD: case VEC_HSUB_PS: case VEC_HSUB_PD:
		neighbours(e, in);
		return true;
	}
	return one_operand(e, in);
}
