/* SPDX-License-Identifier: BSD-2-Clause */
/* Lowering of the integer vector rows to LSX (Reference Manual vol. 2). */
#include "dbt/backend/loongarch64/lower.h"

#include "dbt/ir/vec.h"
#include "kernel/panic.h"

/* One instruction: d = j op k. */
static const struct {
	emit_r3 emit;
	bool swap;		/* j = b, k = a */
} direct[VEC_OP_COUNT] = {
	[VEC_AND] = { la_vand_v, false }, [VEC_OR] = { la_vor_v, false },
	[VEC_XOR] = { la_vxor_v, false }, [VEC_ANDN] = { la_vandn_v, false },
	[VEC_ADD_B] = { la_vadd_b, false }, [VEC_ADD_H] = { la_vadd_h, false },
	[VEC_ADD_W] = { la_vadd_w, false }, [VEC_ADD_D] = { la_vadd_d, false },
	[VEC_SUB_B] = { la_vsub_b, false }, [VEC_SUB_H] = { la_vsub_h, false },
	[VEC_SUB_W] = { la_vsub_w, false }, [VEC_SUB_D] = { la_vsub_d, false },
	[VEC_ADDS_B] = { la_vsadd_b, false }, [VEC_ADDS_H] = { la_vsadd_h, false },
	[VEC_ADDU_B] = { la_vsadd_bu, false }, [VEC_ADDU_H] = { la_vsadd_hu, false },
	[VEC_SUBS_B] = { la_vssub_b, false }, [VEC_SUBS_H] = { la_vssub_h, false },
	[VEC_SUBU_B] = { la_vssub_bu, false }, [VEC_SUBU_H] = { la_vssub_hu, false },
	[VEC_MULL_H] = { la_vmul_h, false }, [VEC_MULH_H] = { la_vmuh_h, false },
	[VEC_MULHU_H] = { la_vmuh_hu, false }, [VEC_MULU_W] = { la_vmulwev_d_wu, false },
	[VEC_AVGU_B] = { la_vavgr_bu, false }, [VEC_AVGU_H] = { la_vavgr_hu, false },
	[VEC_MAXU_B] = { la_vmax_bu, false }, [VEC_MINU_B] = { la_vmin_bu, false },
	[VEC_MAXS_H] = { la_vmax_h, false }, [VEC_MINS_H] = { la_vmin_h, false },
	[VEC_EQ_B] = { la_vseq_b, false }, [VEC_EQ_H] = { la_vseq_h, false },
	[VEC_EQ_W] = { la_vseq_w, false },
	[VEC_GT_B] = { la_vslt_b, true }, [VEC_GT_H] = { la_vslt_h, true },
	[VEC_GT_W] = { la_vslt_w, true },
	[VEC_EQ_D] = { la_vseq_d, false }, [VEC_GT_D] = { la_vslt_d, true },
	[VEC_MAXS_B] = { la_vmax_b, false }, [VEC_MINS_B] = { la_vmin_b, false },
	[VEC_MAXU_H] = { la_vmax_hu, false }, [VEC_MINU_H] = { la_vmin_hu, false },
	[VEC_MAXS_W] = { la_vmax_w, false }, [VEC_MINS_W] = { la_vmin_w, false },
	[VEC_MAXU_W] = { la_vmax_wu, false }, [VEC_MINU_W] = { la_vmin_wu, false },
	[VEC_MULL_W] = { la_vmul_w, false }, [VEC_MULS_W] = { la_vmulwev_d_w, false },
	[VEC_SIGN_B] = { la_vsigncov_b, true }, [VEC_SIGN_H] = { la_vsigncov_h, true },
	[VEC_SIGN_W] = { la_vsigncov_w, true },
	[VEC_UNPKL_B] = { la_vilvl_b, true }, [VEC_UNPKL_H] = { la_vilvl_h, true },
	[VEC_UNPKL_W] = { la_vilvl_w, true }, [VEC_UNPKL_D] = { la_vilvl_d, true },
	[VEC_UNPKH_B] = { la_vilvh_b, true }, [VEC_UNPKH_H] = { la_vilvh_h, true },
	[VEC_UNPKH_W] = { la_vilvh_w, true }, [VEC_UNPKH_D] = { la_vilvh_d, true },
};

static void zero(struct emit *e, int d) { la_vldi(&e->c, d, 0); }

/* Several instructions, both operands used more than once: d is neither. */
static void sums(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), d = va_def_new(e, e->i);
	struct code *c = &e->c;

	if (in->k == VEC_MADD_H) {
		la_vmulwev_w_h(c, d, a, b);
		la_vmaddwod_w_h(c, d, a, b);
		return;
	}
	la_vabsd_bu(c, d, a, b);		/* VEC_SAD_B */
	la_vhaddw_hu_bu(c, d, d, d);
	la_vhaddw_wu_hu(c, d, d, d);
	la_vhaddw_du_wu(c, d, d, d);
}

/* The host's old destination becomes the upper half, the operand the lower. */
static void pack(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), d = va_def_copy(e, e->i, in->b);

	switch (in->k) {
	case VEC_PACKS_H: la_vssrani_b_h(&e->c, d, a, 0); return;
	case VEC_PACKS_W: la_vssrani_h_w(&e->c, d, a, 0); return;
	case VEC_PACKU_W: la_vssrani_hu_w(&e->c, d, a, 0); return;
	default: la_vssrani_bu_h(&e->c, d, a, 0); return;
	}
}

static void absolute(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), d = va_def(e, e->i);

	switch (in->k) {
	case VEC_ABS_B: la_vsigncov_b(&e->c, d, a, a); return;
	case VEC_ABS_H: la_vsigncov_h(&e->c, d, a, a); return;
	default: la_vsigncov_w(&e->c, d, a, a); return;
	}
}

/* Even and odd lanes of both operands, then one operation. */
static void neighbours(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), even = va_scratch(e), odd = va_scratch(e);
	struct code *c = &e->c;
	int d = va_def(e, e->i);

	if (in->k == VEC_HADD_W || in->k == VEC_HSUB_W) {
		la_vpickev_w(c, even, b, a);
		la_vpickod_w(c, odd, b, a);
	} else {
		la_vpickev_h(c, even, b, a);
		la_vpickod_h(c, odd, b, a);
	}
	switch (in->k) {
	case VEC_HADD_H: la_vadd_h(c, d, even, odd); return;
	case VEC_HADD_W: la_vadd_w(c, d, even, odd); return;
	case VEC_HADDS_H: la_vsadd_h(c, d, even, odd); return;
	case VEC_HSUB_H: la_vsub_h(c, d, even, odd); return;
	case VEC_HSUB_W: la_vsub_w(c, d, even, odd); return;
	default: la_vssub_h(c, d, even, odd); return;
	}
}

static void ssse3_products(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), even = va_scratch(e), odd = va_scratch(e);
	struct code *c = &e->c;
	int d = va_def(e, e->i);

	if (in->k == VEC_MADDU_B) {
		la_vmulwev_h_bu_b(c, even, a, b);
		la_vmulwod_h_bu_b(c, odd, a, b);
		la_vsadd_h(c, d, even, odd);
		return;
	}
	la_vmulwev_w_h(c, even, a, b);		/* VEC_MULHR_H: rounded >> 15 */
	la_vmulwod_w_h(c, odd, a, b);
	la_vsrari_w(c, even, even, 15);
	la_vsrari_w(c, odd, odd, 15);
	la_vpackev_h(c, d, odd, even);
}

/* Indices beyond the vector mean different things on different hosts: they are masked before. */
static void permute(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), index = va_scratch(e);
	struct code *c = &e->c;
	int d = va_def_new(e, e->i);

	la_vandi_b(c, index, b, in->y);
	la_vshuf_b(c, d, a, a, index);
	la_vslti_b(c, index, b, 0);
	la_vandn_v(c, d, index, d);
}

/* -- Shifts -- */

static void shift_const(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), d = va_def(e, e->i);
	struct code *c = &e->c;
	unsigned n = in->y;

	switch (in->k) {
	case VEC_SLLI_H: n < 16 ? la_vslli_h(c, d, a, n) : zero(e, d); return;
	case VEC_SLLI_W: n < 32 ? la_vslli_w(c, d, a, n) : zero(e, d); return;
	case VEC_SLLI_D: n < 64 ? la_vslli_d(c, d, a, n) : zero(e, d); return;
	case VEC_SRLI_H: n < 16 ? la_vsrli_h(c, d, a, n) : zero(e, d); return;
	case VEC_SRLI_W: n < 32 ? la_vsrli_w(c, d, a, n) : zero(e, d); return;
	case VEC_SRLI_D: n < 64 ? la_vsrli_d(c, d, a, n) : zero(e, d); return;
	case VEC_SRAI_H: la_vsrai_h(c, d, a, n < 16 ? n : 15); return;
	case VEC_SRAI_W: la_vsrai_w(c, d, a, n < 32 ? n : 31); return;
	case VEC_SLLI_Q: n < 16 ? la_vbsll_v(c, d, a, n) : zero(e, d); return;
	case VEC_SRLI_Q: n < 16 ? la_vbsrl_v(c, d, a, n) : zero(e, d); return;
	}
	panic("simd: shift %lld", (long long)in->k);
}

static void shift_lanes(struct code *c, unsigned row, int d, int a, int count)
{
	switch (row) {
	case VEC_SLL_H: la_vsll_h(c, d, a, count); return;
	case VEC_SLL_W: la_vsll_w(c, d, a, count); return;
	case VEC_SLL_D: la_vsll_d(c, d, a, count); return;
	case VEC_SRL_H: la_vsrl_h(c, d, a, count); return;
	case VEC_SRL_W: la_vsrl_w(c, d, a, count); return;
	case VEC_SRL_D: la_vsrl_d(c, d, a, count); return;
	case VEC_SRA_H: la_vsra_h(c, d, a, count); return;
	case VEC_SRA_W: la_vsra_w(c, d, a, count); return;
	}
	panic("simd: shift %u", row);
}

static unsigned shift_width(unsigned row)
{
	if (row == VEC_SLL_H || row == VEC_SRL_H || row == VEC_SRA_H)
		return 16;
	return row == VEC_SLL_D || row == VEC_SRL_D ? 64 : 32;
}

/*
 * The host takes each lane's count modulo the width. Beyond it: left and logical shifts are masked
 * to 0 after, arithmetic ones get a count of all ones.
 */
static void shift_variable(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use_low(e, in->b, 64), big = ra_scratch(e);
	int count = va_scratch(e);
	bool arithmetic = in->k == VEC_SRA_H || in->k == VEC_SRA_W;
	struct code *c = &e->c;
	unsigned width = shift_width(in->k);
	int d = va_def_new(e, e->i);

	la_movfr2gr_d(c, R_RA, b);
	la_sltui(c, big, R_RA, width);
	la_addi_d(c, big, big, -1);		/* all ones: beyond the width */
	if (arithmetic)
		la_or(c, R_RA, R_RA, big);
	switch (width) {
	case 16: la_vreplgr2vr_h(c, count, R_RA); break;
	case 32: la_vreplgr2vr_w(c, count, R_RA); break;
	default: la_vreplgr2vr_d(c, count, R_RA); break;
	}
	shift_lanes(c, in->k, d, a, count);
	if (!arithmetic) {
		la_vreplgr2vr_d(c, count, big);
		la_vandn_v(c, d, count, d);
	}
}

/* -- Selections and parts -- */

static void shuffle(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), d;
	struct code *c = &e->c;

	if (in->k == VEC_SHUF_W) {
		la_vshuf4i_w(c, va_def(e, e->i), a, in->y);
		return;
	}
	d = va_def_new(e, e->i);
	la_vshuf4i_h(c, d, a, in->y);		/* both halves: put one back */
	la_vextrins_d(c, d, a, in->k == VEC_SHUFL_H ? 0x11 : 0x00);
}

static void shuffle2(struct emit *e, const struct ir_insn *in)
{
	unsigned y = in->y;
	int other, d;

	if (in->k == VEC_SHUF2_W) {
		other = va_use(e, in->a);
		d = va_def_copy(e, e->i, in->b);
		la_vpermi_w(&e->c, d, other, y);
		return;
	}
	other = va_use(e, in->b);
	d = va_def_copy(e, e->i, in->a);
	la_vshuf4i_d(&e->c, d, other, (y & 1) | (2 + (y >> 1 & 1)) << 2);
}

static void extend(struct emit *e, const struct ir_insn *in)
{
	int a = va_use_low(e, in->a, 64), d = va_def(e, e->i);
	struct code *c = &e->c;

	switch (in->k) {
	case VEC_EXTS_B: la_vsllwil_h_b(c, d, a, 0); return;
	case VEC_EXTS_H: la_vsllwil_w_h(c, d, a, 0); return;
	case VEC_EXTS_W: la_vsllwil_d_w(c, d, a, 0); return;
	case VEC_EXTU_B: la_vsllwil_hu_bu(c, d, a, 0); return;
	case VEC_EXTU_H: la_vsllwil_wu_hu(c, d, a, 0); return;
	default: la_vsllwil_du_wu(c, d, a, 0); return;
	}
}

/* b's lanes into a copy of a, or a's into one of b: whichever are fewer, pairs of them at once. */
static void blend(struct emit *e, const struct ir_insn *in)
{
	unsigned n = in->k == VEC_BLEND_H ? 8 : 4, all = (1u << n) - 1, y = in->y & all;
	bool from_b = count_ones(y) <= n / 2;
	int s = va_use(e, from_b ? in->b : in->a);
	int d = va_def_copy(e, e->i, from_b ? in->a : in->b);
	struct code *c = &e->c;

	if (!from_b)
		y ^= all;
	for (unsigned k = 0; k < n; k++) {
		unsigned half = n / 2, part = y >> k & ((1u << half) - 1);

		if (!(y >> k & 1))
			continue;
		if (k % half == 0 && part == (1u << half) - 1) {
			la_vextrins_d(c, d, s, 0x11 * (k / half));
			k += half - 1;
		} else if (n == 8 && !(k & 1) && (y >> k & 3) == 3) {
			la_vextrins_w(c, d, s, 0x11 * (k / 2));
			k++;
		} else if (n == 8) {
			la_vextrins_h(c, d, s, 0x11 * k);
		} else {
			la_vextrins_w(c, d, s, 0x11 * k);
		}
	}
}

static void select(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), s = va_use(e, in->c), t = va_scratch(e);
	struct code *c = &e->c;

	switch (in->k) {
	case VEC_SELECT_B: la_vslti_b(c, t, s, 0); break;
	case VEC_SELECT_W: la_vslti_w(c, t, s, 0); break;
	default: la_vslti_d(c, t, s, 0); break;
	}
	la_vbitsel_v(c, va_def(e, e->i), a, b, t);
}

static void copy_lane(struct emit *e, const struct ir_insn *in)
{
	int b = va_use(e, in->b), d = va_def_copy(e, e->i, in->a);

	la_vextrins_w(&e->c, d, b, (in->y & 0x30) | in->y >> 6);
}

static void from_integer(struct emit *e, const struct ir_insn *in)
{
	struct code *c = &e->c;
	int r, d;

	if (in->k == VEC_FROM_W || in->k == VEC_FROM_D) {
		r = ra_use(e, in->a);
		d = va_def(e, e->i);
		zero(e, d);
		if (in->k == VEC_FROM_D)
			la_vinsgr2vr_d(c, d, r, 0);
		else
			la_vinsgr2vr_w(c, d, r, 0);
		return;
	}
	r = ra_use(e, in->b);
	d = va_def_copy(e, e->i, in->a);
	switch (in->k) {
	case VEC_SETLANE_B: la_vinsgr2vr_b(c, d, r, in->y & 15); return;
	case VEC_SETLANE_H: la_vinsgr2vr_h(c, d, r, in->y & 7); return;
	case VEC_SETLANE_D: la_vinsgr2vr_d(c, d, r, in->y & 1); return;
	default: la_vinsgr2vr_w(c, d, r, in->y & 3); return;
	}
}

static void is_zero(struct emit *e, const struct ir_insn *in)
{
	la_vseteqz_v(&e->c, 0, va_use(e, in->a));
	la_movcf2gr(&e->c, ra_def(e, e->i), 0);
}

static void lane_d(struct emit *e, const struct ir_insn *in)
{
	unsigned n = in->y & 1;
	int a = n ? va_use(e, in->a) : va_use_low(e, in->a, 64);

	if (n)
		la_vpickve2gr_d(&e->c, ra_def(e, e->i), a, n);
	else
		la_movfr2gr_d(&e->c, ra_def(e, e->i), a);
}

static void to_integer(struct emit *e, const struct ir_insn *in)
{
	bool lowest = (in->k == VEC_LANE_W && !(in->y & 3)) ||
		      (in->k == VEC_LANE_H && !(in->y & 6)) ||
		      (in->k == VEC_LANE_B && !(in->y & 12));
	int a = lowest ? va_use_low(e, in->a, 32) : va_use(e, in->a);
	int t = va_scratch(e), d = ra_def(e, e->i);
	struct code *c = &e->c;

	switch (in->k) {
	case VEC_LANE_W: la_vpickve2gr_w(c, d, a, in->y & 3); return;
	case VEC_LANE_H: la_vpickve2gr_hu(c, d, a, in->y & 7); return;
	case VEC_LANE_B: la_vpickve2gr_bu(c, d, a, in->y & 15); return;
	case VEC_MASK_B: la_vmskltz_b(c, t, a); break;
	case VEC_MASK_W: la_vmskltz_w(c, t, a); break;
	case VEC_MASK_D: la_vmskltz_d(c, t, a); break;
	default: panic("simd: row %lld", (long long)in->k);
	}
	la_vpickve2gr_hu(c, d, t, 0);
}

/* x ^ x, x == x: what x was does not matter. */
static bool lower_same(struct emit *e, const struct ir_insn *in)
{
	bool equal = in->k == VEC_EQ_B || in->k == VEC_EQ_H || in->k == VEC_EQ_W ||
		     in->k == VEC_EQ_D;

	if (!va_same(e, in->a, in->b) || (in->k != VEC_XOR && !equal))
		return false;
	if (equal)
		la_vldi(&e->c, va_def(e, e->i), 0x3ff);
	else
		zero(e, va_def(e, e->i));
	return true;
}

static void lower_direct(struct emit *e, const struct ir_insn *in)
{
	val j = direct[in->k].swap ? in->b : in->a, k = direct[in->k].swap ? in->a : in->b;
	bool low = in->k >= VEC_UNPKL_B && in->k <= VEC_UNPKL_D;
	int a, b;

	if (lower_same(e, in))
		return;
	a = low ? va_use_low(e, j, 64) : va_use(e, j);
	b = low ? va_use_low(e, k, 64) : va_use(e, k);
	direct[in->k].emit(&e->c, va_def(e, e->i), a, b);
}

static void lower_simd(struct emit *e, const struct ir_insn *in)
{
	int a;

	if (direct[in->k].emit) {
		lower_direct(e, in);
		return;
	}
	switch (in->k) {
	case VEC_MADD_H: case VEC_SAD_B: sums(e, in); return;
	case VEC_PACKS_H: case VEC_PACKS_W: case VEC_PACKU_H: case VEC_PACKU_W: pack(e, in); return;
	case VEC_ABS_B: case VEC_ABS_H: case VEC_ABS_W: absolute(e, in); return;
	case VEC_HADD_H: case VEC_HADD_W: case VEC_HADDS_H: case VEC_HSUB_H: case VEC_HSUB_W:
	case VEC_HSUBS_H: neighbours(e, in); return;
	case VEC_MADDU_B: case VEC_MULHR_H: ssse3_products(e, in); return;
	case VEC_PERM_B: permute(e, in); return;
	case VEC_SLL_H: case VEC_SLL_W: case VEC_SLL_D: case VEC_SRL_H: case VEC_SRL_W:
	case VEC_SRL_D: case VEC_SRA_H: case VEC_SRA_W: shift_variable(e, in); return;
	case VEC_SLLI_H: case VEC_SLLI_W: case VEC_SLLI_D: case VEC_SRLI_H: case VEC_SRLI_W:
	case VEC_SRLI_D: case VEC_SRAI_H: case VEC_SRAI_W: case VEC_SLLI_Q: case VEC_SRLI_Q:
		shift_const(e, in);
		return;
	case VEC_SHUF_W: case VEC_SHUFL_H: case VEC_SHUFH_H: shuffle(e, in); return;
	case VEC_SHUF2_W: case VEC_SHUF2_D: shuffle2(e, in); return;
	case VEC_FROM_W: case VEC_FROM_D: case VEC_SETLANE_B: case VEC_SETLANE_H:
	case VEC_SETLANE_W: case VEC_SETLANE_D:
		from_integer(e, in);
		return;
	case VEC_LANE_D: lane_d(e, in); return;
	case VEC_LANE_W: case VEC_LANE_H: case VEC_LANE_B: case VEC_MASK_B: case VEC_MASK_W:
	case VEC_MASK_D:
		to_integer(e, in);
		return;
	case VEC_EXTS_B: case VEC_EXTS_H: case VEC_EXTS_W: case VEC_EXTU_B: case VEC_EXTU_H:
	case VEC_EXTU_W: extend(e, in); return;
	case VEC_BLEND_H: case VEC_BLEND_W: blend(e, in); return;
	case VEC_SELECT_B: case VEC_SELECT_W: case VEC_SELECT_D: select(e, in); return;
	case VEC_COPY_W: copy_lane(e, in); return;
	case VEC_ZERO: is_zero(e, in); return;
	case VEC_PCNT_D:
		a = va_use(e, in->a);
		la_vpcnt_d(&e->c, va_def(e, e->i), a);
		return;
	}
	panic("simd: row %s", vec_info[in->k].text);
}

void host_lower_vec(struct emit *e, const struct ir_insn *in)
{
	if (!lower_fp(e, in))
		lower_simd(e, in);
}
