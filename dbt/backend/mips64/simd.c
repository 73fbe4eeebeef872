/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lowering of the integer vector rows to MSA (MIPS Architecture for Programmers, Volume IV-j):
 * those that take lanes as they are. Rearrangements and moves to general registers: shuffle.c.
 */
#include "dbt/backend/mips64/simd.h"

#include "dbt/ir/vec.h"
#include "kernel/panic.h"

/* One instruction: d = s op t. */
static const struct {
	emit_r3 emit;
	bool swap;		/* s = b, t = a */
} direct[VEC_OP_COUNT] = {
	[VEC_AND] = { mi_and_v, false }, [VEC_OR] = { mi_or_v, false },
	[VEC_XOR] = { mi_xor_v, false },
	[VEC_ADD_B] = { mi_addv_b, false }, [VEC_ADD_H] = { mi_addv_h, false },
	[VEC_ADD_W] = { mi_addv_w, false }, [VEC_ADD_D] = { mi_addv_d, false },
	[VEC_SUB_B] = { mi_subv_b, false }, [VEC_SUB_H] = { mi_subv_h, false },
	[VEC_SUB_W] = { mi_subv_w, false }, [VEC_SUB_D] = { mi_subv_d, false },
	[VEC_ADDS_B] = { mi_adds_s_b, false }, [VEC_ADDS_H] = { mi_adds_s_h, false },
	[VEC_ADDU_B] = { mi_adds_u_b, false }, [VEC_ADDU_H] = { mi_adds_u_h, false },
	[VEC_SUBS_B] = { mi_subs_s_b, false }, [VEC_SUBS_H] = { mi_subs_s_h, false },
	[VEC_SUBU_B] = { mi_subs_u_b, false }, [VEC_SUBU_H] = { mi_subs_u_h, false },
	[VEC_MULL_H] = { mi_mulv_h, false }, [VEC_MADD_H] = { mi_dotp_s_w, false },
	[VEC_AVGU_B] = { mi_aver_u_b, false }, [VEC_AVGU_H] = { mi_aver_u_h, false },
	[VEC_MAXU_B] = { mi_max_u_b, false }, [VEC_MINU_B] = { mi_min_u_b, false },
	[VEC_MAXS_H] = { mi_max_s_h, false }, [VEC_MINS_H] = { mi_min_s_h, false },
	[VEC_EQ_B] = { mi_ceq_b, false }, [VEC_EQ_H] = { mi_ceq_h, false },
	[VEC_EQ_W] = { mi_ceq_w, false },
	[VEC_GT_B] = { mi_clt_s_b, true }, [VEC_GT_H] = { mi_clt_s_h, true },
	[VEC_GT_W] = { mi_clt_s_w, true },
	[VEC_EQ_D] = { mi_ceq_d, false }, [VEC_GT_D] = { mi_clt_s_d, true },
	[VEC_MAXS_B] = { mi_max_s_b, false }, [VEC_MINS_B] = { mi_min_s_b, false },
	[VEC_MAXU_H] = { mi_max_u_h, false }, [VEC_MINU_H] = { mi_min_u_h, false },
	[VEC_MAXS_W] = { mi_max_s_w, false }, [VEC_MINS_W] = { mi_min_s_w, false },
	[VEC_MAXU_W] = { mi_max_u_w, false }, [VEC_MINU_W] = { mi_min_u_w, false },
	[VEC_MULL_W] = { mi_mulv_w, false },
	[VEC_UNPKL_B] = { mi_ilvr_b, true }, [VEC_UNPKL_H] = { mi_ilvr_h, true },
	[VEC_UNPKL_W] = { mi_ilvr_w, true }, [VEC_UNPKL_D] = { mi_ilvr_d, true },
	[VEC_UNPKH_B] = { mi_ilvl_b, true }, [VEC_UNPKH_H] = { mi_ilvl_h, true },
	[VEC_UNPKH_W] = { mi_ilvl_w, true }, [VEC_UNPKH_D] = { mi_ilvl_d, true },
};

/* x ^ x, x == x: what x was does not matter. */
static bool lower_same(struct emit *e, const struct ir_insn *in)
{
	bool equal = in->k == VEC_EQ_B || in->k == VEC_EQ_H || in->k == VEC_EQ_W ||
		     in->k == VEC_EQ_D;

	if (!va_same(e, in->a, in->b) || (in->k != VEC_XOR && !equal))
		return false;
	mi_ldi_b(&e->c, va_def(e, e->i), equal ? -1 : 0);
	return true;
}

static void lower_direct(struct emit *e, const struct ir_insn *in)
{
	val s = direct[in->k].swap ? in->b : in->a, t = direct[in->k].swap ? in->a : in->b;
	bool low = in->k >= VEC_UNPKL_B && in->k <= VEC_UNPKL_D;
	int a, b;

	if (lower_same(e, in))
		return;
	a = low ? va_use_low(e, s, 64) : va_use(e, s);
	b = low ? va_use_low(e, t, 64) : va_use(e, t);
	direct[in->k].emit(&e->c, va_def(e, e->i), a, b);
}

/* ~a & b: b where a has zeros. */
static void and_not(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), d = va_def_new(e, e->i);

	mi_ldi_b(&e->c, d, 0);
	mi_bmz_v(&e->c, d, b, a);
}

/* -- Products: even and odd lanes apart, each with zeros beside it -- */

static void products_h(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), zero = va_scratch(e);
	int even = va_scratch(e), odd = va_scratch(e), t = va_scratch(e), d = va_def(e, e->i);
	struct code *c = &e->c;
	bool u = in->k == VEC_MULHU_H;

	mi_ldi_b(c, zero, 0);
	mi_ilvev_h(c, even, zero, a);
	mi_ilvod_h(c, odd, zero, a);
	mi_ilvod_h(c, t, zero, b);
	u ? mi_dotp_u_w(c, even, even, b) : mi_dotp_s_w(c, even, even, b);
	u ? mi_dotp_u_w(c, odd, odd, t) : mi_dotp_s_w(c, odd, odd, t);
	if (in->k == VEC_MULHR_H) {		/* rounded >> 15 */
		mi_srari_w(c, even, even, 15);
		mi_srari_w(c, odd, odd, 15);
		mi_ilvev_h(c, d, odd, even);
	} else {
		mi_ilvod_h(c, d, odd, even);
	}
}

static void products_w(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), d = va_def_new(e, e->i);

	mi_ldi_b(&e->c, d, 0);
	mi_ilvev_w(&e->c, d, d, a);
	if (in->k == VEC_MULS_W)
		mi_dotp_s_d(&e->c, d, d, b);
	else
		mi_dotp_u_d(&e->c, d, d, b);
}

/* Unsigned bytes of a by signed ones of b: each product fits 16 bits. */
static void products_ub(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), even = va_scratch(e), odd = va_scratch(e);
	int t = va_scratch(e), d = va_def(e, e->i);
	struct code *c = &e->c;

	mi_slli_h(c, even, a, 8);
	mi_srli_h(c, even, even, 8);
	mi_slli_h(c, t, b, 8);
	mi_srai_h(c, t, t, 8);
	mi_mulv_h(c, even, even, t);
	mi_srli_h(c, odd, a, 8);
	mi_srai_h(c, t, b, 8);
	mi_mulv_h(c, odd, odd, t);
	mi_adds_s_h(c, d, even, odd);
}

/* -- Sums -- */

static void sum_differences(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), d = va_def(e, e->i);
	struct code *c = &e->c;

	mi_asub_u_b(c, d, a, b);
	mi_hadd_u_h(c, d, d, d);
	mi_hadd_u_w(c, d, d, d);
	mi_hadd_u_d(c, d, d, d);
}

/* Even and odd lanes of both operands, then one operation. */
static void neighbours(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), even = va_scratch(e), odd = va_scratch(e);
	struct code *c = &e->c;
	int d = va_def(e, e->i);

	if (in->k == VEC_HADD_W || in->k == VEC_HSUB_W) {
		mi_pckev_w(c, even, b, a);
		mi_pckod_w(c, odd, b, a);
	} else {
		mi_pckev_h(c, even, b, a);
		mi_pckod_h(c, odd, b, a);
	}
	switch (in->k) {
	case VEC_HADD_H: mi_addv_h(c, d, even, odd); return;
	case VEC_HADD_W: mi_addv_w(c, d, even, odd); return;
	case VEC_HADDS_H: mi_adds_s_h(c, d, even, odd); return;
	case VEC_HSUB_H: mi_subv_h(c, d, even, odd); return;
	case VEC_HSUB_W: mi_subv_w(c, d, even, odd); return;
	default: mi_subs_s_h(c, d, even, odd); return;
	}
}

/* -- Signs -- */

/* Lanes by width: 0 bytes, 1 halfwords, 2 words. */
static const emit_r3 subtract[] = { mi_subv_b, mi_subv_h, mi_subv_w };
static const emit_r3 add_absolutes[] = { mi_add_a_b, mi_add_a_h, mi_add_a_w };
static const emit_r3 less[] = { mi_clt_s_b, mi_clt_s_h, mi_clt_s_w };
static const emit_r3 equal[] = { mi_ceq_b, mi_ceq_h, mi_ceq_w };

static void absolute(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), d = va_def_new(e, e->i);

	mi_ldi_b(&e->c, d, 0);
	add_absolutes[in->k - VEC_ABS_B](&e->c, d, a, d);
}

/* a, -a or 0 by b's sign. */
static void by_sign(struct emit *e, const struct ir_insn *in)
{
	unsigned w = in->k - VEC_SIGN_B;
	int a = va_use(e, in->a), b = va_use(e, in->b), zero = va_scratch(e), t = va_scratch(e);
	int negated = va_scratch(e), d = va_def_new(e, e->i);
	struct code *c = &e->c;

	mi_ldi_b(c, zero, 0);
	subtract[w](c, negated, zero, a);
	less[w](c, t, b, zero);
	mi_move_v(c, d, a);
	mi_bmnz_v(c, d, negated, t);
	equal[w](c, t, b, zero);
	mi_bmnz_v(c, d, zero, t);
}

/* -- Narrowing: clamped lanes, then the even ones -- */

static void clamp(struct code *c, unsigned row, int d, int a)
{
	switch (row) {
	case VEC_PACKS_H: mi_sat_s_h(c, d, a, 7); return;
	case VEC_PACKS_W: mi_sat_s_w(c, d, a, 15); return;
	case VEC_PACKU_W:
		mi_maxi_s_w(c, d, a, 0);
		mi_sat_u_w(c, d, d, 15);
		return;
	}
	mi_maxi_s_h(c, d, a, 0);
	mi_sat_u_h(c, d, d, 7);
}

static void pack(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), x = va_scratch(e), y = va_scratch(e);
	struct code *c = &e->c;
	int d = va_def(e, e->i);

	clamp(c, in->k, x, a);
	clamp(c, in->k, y, b);
	if (in->k == VEC_PACKS_W || in->k == VEC_PACKU_W)
		mi_pckev_h(c, d, y, x);
	else
		mi_pckev_b(c, d, y, x);
}

/* -- Shifts -- */

static void shift_const(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), d = va_def(e, e->i);
	struct code *c = &e->c;
	unsigned n = in->y;

	switch (in->k) {
	case VEC_SLLI_H: n < 16 ? mi_slli_h(c, d, a, n) : mi_ldi_b(c, d, 0); return;
	case VEC_SLLI_W: n < 32 ? mi_slli_w(c, d, a, n) : mi_ldi_b(c, d, 0); return;
	case VEC_SLLI_D: n < 64 ? mi_slli_d(c, d, a, n) : mi_ldi_b(c, d, 0); return;
	case VEC_SRLI_H: n < 16 ? mi_srli_h(c, d, a, n) : mi_ldi_b(c, d, 0); return;
	case VEC_SRLI_W: n < 32 ? mi_srli_w(c, d, a, n) : mi_ldi_b(c, d, 0); return;
	case VEC_SRLI_D: n < 64 ? mi_srli_d(c, d, a, n) : mi_ldi_b(c, d, 0); return;
	case VEC_SRAI_H: mi_srai_h(c, d, a, n < 16 ? n : 15); return;
	case VEC_SRAI_W: mi_srai_w(c, d, a, n < 32 ? n : 31); return;
	}
	panic("simd: shift %lld", (long long)in->k);
}

static void shift_lanes(struct code *c, unsigned row, int d, int a, int count)
{
	switch (row) {
	case VEC_SLL_H: mi_sll_h(c, d, a, count); return;
	case VEC_SLL_W: mi_sll_w(c, d, a, count); return;
	case VEC_SLL_D: mi_sll_d(c, d, a, count); return;
	case VEC_SRL_H: mi_srl_h(c, d, a, count); return;
	case VEC_SRL_W: mi_srl_w(c, d, a, count); return;
	case VEC_SRL_D: mi_srl_d(c, d, a, count); return;
	case VEC_SRA_H: mi_sra_h(c, d, a, count); return;
	case VEC_SRA_W: mi_sra_w(c, d, a, count); return;
	}
	panic("simd: shift %u", row);
}

static unsigned shift_width(unsigned row)
{
	if (row == VEC_SLL_H || row == VEC_SRL_H || row == VEC_SRA_H)
		return 16;
	return row == VEC_SLL_D || row == VEC_SRL_D ? 64 : 32;
}

static void fill_count(struct code *c, unsigned width, int d, int r)
{
	switch (width) {
	case 16: mi_fill_h(c, d, r); return;
	case 32: mi_fill_w(c, d, r); return;
	default: mi_fill_d(c, d, r); return;
	}
}

/*
 * The host takes each lane's count modulo the width. Beyond it: left and logical shifts are masked
 * to 0 after, arithmetic ones get a count of all ones.
 */
static void shift_variable(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use_low(e, in->b, 64), within = ra_scratch(e);
	int count = va_scratch(e);
	bool arithmetic = in->k == VEC_SRA_H || in->k == VEC_SRA_W;
	struct code *c = &e->c;
	unsigned width = shift_width(in->k);
	int d = va_def_new(e, e->i);

	mi_copy_s_d(c, R_AT, b, 0);
	mi_sltiu(c, within, R_AT, width);
	if (arithmetic) {
		mi_daddiu(c, within, within, -1);	/* all ones: beyond the width */
		mi_or(c, R_AT, R_AT, within);
	} else {
		mi_dsubu(c, within, R_ZERO, within);	/* all ones: within the width */
	}
	fill_count(c, width, count, R_AT);
	shift_lanes(c, in->k, d, a, count);
	if (!arithmetic) {
		mi_fill_d(c, count, within);
		mi_and_v(c, d, d, count);
	}
}

static void lower_simd(struct emit *e, const struct ir_insn *in)
{
	int a;

	if (direct[in->k].emit) {
		lower_direct(e, in);
		return;
	}
	switch (in->k) {
	case VEC_ANDN: and_not(e, in); return;
	case VEC_PCNT_D:
		a = va_use(e, in->a);
		mi_pcnt_d(&e->c, va_def(e, e->i), a);
		return;
	case VEC_MULH_H: case VEC_MULHU_H: case VEC_MULHR_H: products_h(e, in); return;
	case VEC_MULU_W: case VEC_MULS_W: products_w(e, in); return;
	case VEC_MADDU_B: products_ub(e, in); return;
	case VEC_SAD_B: sum_differences(e, in); return;
	case VEC_PACKS_H: case VEC_PACKS_W: case VEC_PACKU_H: case VEC_PACKU_W: pack(e, in); return;
	case VEC_ABS_B: case VEC_ABS_H: case VEC_ABS_W: absolute(e, in); return;
	case VEC_SIGN_B: case VEC_SIGN_H: case VEC_SIGN_W: by_sign(e, in); return;
	case VEC_HADD_H: case VEC_HADD_W: case VEC_HADDS_H: case VEC_HSUB_H: case VEC_HSUB_W:
	case VEC_HSUBS_H: neighbours(e, in); return;
	case VEC_SLL_H: case VEC_SLL_W: case VEC_SLL_D: case VEC_SRL_H: case VEC_SRL_W:
	case VEC_SRL_D: case VEC_SRA_H: case VEC_SRA_W: shift_variable(e, in); return;
	case VEC_SLLI_H: case VEC_SLLI_W: case VEC_SLLI_D: case VEC_SRLI_H: case VEC_SRLI_W:
	case VEC_SRLI_D: case VEC_SRAI_H: case VEC_SRAI_W: shift_const(e, in); return;
	}
	panic("backend: this host has no row %s yet", vec_info[in->k].text);
}

void host_lower_vec(struct emit *e, const struct ir_insn *in)
{
	if (!lower_fp(e, in) && !lower_shuffle(e, in))
		lower_simd(e, in);
}
