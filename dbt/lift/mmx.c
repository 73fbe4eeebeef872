/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that exist for MM and XMM registers: packed integers (SDM vol. 1, 5.4, 5.6.3), and
 * those on MM registers only. Rows mean whole vectors; where MM forms differ (packing,
 * upper interleaves), the halves are arranged here.
 */
#include "dbt/lift/vec.h"

static const u16 pbin_row[X86_OP_COUNT] = {
	[X86_PACKSSWB] = VEC_PACKS_H, [X86_PACKSSDW] = VEC_PACKS_W, [X86_PACKUSWB] = VEC_PACKU_H,
	[X86_PUNPCKHBW] = VEC_UNPKH_B, [X86_PUNPCKHWD] = VEC_UNPKH_H,
	[X86_PUNPCKHDQ] = VEC_UNPKH_W, [X86_PUNPCKHQDQ] = VEC_UNPKH_D,
	[X86_PUNPCKLBW] = VEC_UNPKL_B, [X86_PUNPCKLWD] = VEC_UNPKL_H,
	[X86_PUNPCKLDQ] = VEC_UNPKL_W, [X86_PUNPCKLQDQ] = VEC_UNPKL_D,
	[X86_PADDB] = VEC_ADD_B, [X86_PADDW] = VEC_ADD_H, [X86_PADDD] = VEC_ADD_W,
	[X86_PADDQ] = VEC_ADD_D, [X86_PADDSB] = VEC_ADDS_B, [X86_PADDSW] = VEC_ADDS_H,
	[X86_PADDUSB] = VEC_ADDU_B, [X86_PADDUSW] = VEC_ADDU_H,
	[X86_PSUBB] = VEC_SUB_B, [X86_PSUBW] = VEC_SUB_H, [X86_PSUBD] = VEC_SUB_W,
	[X86_PSUBQ] = VEC_SUB_D, [X86_PSUBSB] = VEC_SUBS_B, [X86_PSUBSW] = VEC_SUBS_H,
	[X86_PSUBUSB] = VEC_SUBU_B, [X86_PSUBUSW] = VEC_SUBU_H,
	[X86_PMULHW] = VEC_MULH_H, [X86_PMULLW] = VEC_MULL_H, [X86_PMULHUW] = VEC_MULHU_H,
	[X86_PMADDWD] = VEC_MADD_H, [X86_PMULUDQ] = VEC_MULU_W,
	[X86_PCMPEQB] = VEC_EQ_B, [X86_PCMPEQW] = VEC_EQ_H, [X86_PCMPEQD] = VEC_EQ_W,
	[X86_PCMPGTB] = VEC_GT_B, [X86_PCMPGTW] = VEC_GT_H, [X86_PCMPGTD] = VEC_GT_W,
	[X86_PAND] = VEC_AND, [X86_PANDN] = VEC_ANDN, [X86_POR] = VEC_OR, [X86_PXOR] = VEC_XOR,
	[X86_PAVGB] = VEC_AVGU_B, [X86_PAVGW] = VEC_AVGU_H, [X86_PMAXSW] = VEC_MAXS_H,
	[X86_PMAXUB] = VEC_MAXU_B, [X86_PMINSW] = VEC_MINS_H, [X86_PMINUB] = VEC_MINU_B,
	[X86_PSADBW] = VEC_SAD_B,
	[X86_PSHUFB] = VEC_PERM_B, [X86_PMULHRSW] = VEC_MULHR_H, [X86_PMADDUBSW] = VEC_MADDU_B,
	[X86_PHADDW] = VEC_HADD_H, [X86_PHADDD] = VEC_HADD_W, [X86_PHADDSW] = VEC_HADDS_H,
	[X86_PHSUBW] = VEC_HSUB_H, [X86_PHSUBD] = VEC_HSUB_W, [X86_PHSUBSW] = VEC_HSUBS_H,
	[X86_PSIGNB] = VEC_SIGN_B, [X86_PSIGNW] = VEC_SIGN_H, [X86_PSIGND] = VEC_SIGN_W,
	[X86_PMULDQ] = VEC_MULS_W, [X86_PCMPEQQ] = VEC_EQ_D, [X86_PCMPGTQ] = VEC_GT_D,
	[X86_PACKUSDW] = VEC_PACKU_W, [X86_PMULLD] = VEC_MULL_W,
	[X86_PMINSB] = VEC_MINS_B, [X86_PMINSD] = VEC_MINS_W, [X86_PMINUW] = VEC_MINU_H,
	[X86_PMINUD] = VEC_MINU_W, [X86_PMAXSB] = VEC_MAXS_B, [X86_PMAXSD] = VEC_MAXS_W,
	[X86_PMAXUW] = VEC_MAXU_H, [X86_PMAXUD] = VEC_MAXU_W,
	[X86_ANDPS] = VEC_AND, [X86_ANDPD] = VEC_AND, [X86_ANDNPS] = VEC_ANDN,
	[X86_ANDNPD] = VEC_ANDN, [X86_ORPS] = VEC_OR, [X86_ORPD] = VEC_OR,
	[X86_XORPS] = VEC_XOR, [X86_XORPD] = VEC_XOR,
	[X86_UNPCKHPS] = VEC_UNPKH_W, [X86_UNPCKLPS] = VEC_UNPKL_W,
	[X86_UNPCKHPD] = VEC_UNPKH_D, [X86_UNPCKLPD] = VEC_UNPKL_D,
};

/* Rows whose lower result lanes come from a and whose upper ones come from b. */
static bool is_halved(unsigned row)
{
	return row == VEC_PACKS_H || row == VEC_PACKS_W || row == VEC_PACKU_H ||
	       (row >= VEC_HADD_H && row <= VEC_HSUBS_H);
}

/* The low half of the result; the operands' upper halves are not looked at. */
static val mm_bin(struct lift *t, unsigned row, val a, val b)
{
	if (is_halved(row)) {
		val both = lift_vec(t, VEC_UNPKL_D, a, b, 0);

		return lift_vec(t, row, both, both, 0);
	}
	if (row >= VEC_UNPKH_B && row <= VEC_UNPKH_W)
		return lift_vec(t, VEC_SRLI_Q, lift_vec(t, row - VEC_UNPKH_B + VEC_UNPKL_B, a,
				b, 0),
				0, 8);
	return lift_vec(t, row, a, b, row == VEC_PERM_B ? 7 : 0);
}

/* The source of PUNPCKL is 32 bits of memory with MM registers, all 128 with XMM. */
static unsigned source_size(const struct ir1 *i, unsigned row)
{
	if (i->ops[0].kind == IR1_XMM)
		return 16;
	return row >= VEC_UNPKL_B && row <= VEC_UNPKL_W ? 4 : 8;
}

void lift_pbin(struct lift *t, const struct ir1 *i)
{
	unsigned row = pbin_row[i->op];
	val a, b, r;

	lift_mmx_begin(t, i);
	b = lift_ld_vec_sized(t, 1, source_size(i, row));
	a = lift_ld_vec(t, 0);
	if (lift_is_mm(i))
		r = mm_bin(t, row, a, b);
	else
		r = lift_vec(t, row, a, b, row == VEC_PERM_B ? 15 : 0);
	lift_st_vec(t, 0, r, 0);
}

static const struct { u16 by_vector, by_imm; } shift_rows[X86_OP_COUNT] = {
	[X86_PSLLW] = { VEC_SLL_H, VEC_SLLI_H }, [X86_PSLLD] = { VEC_SLL_W, VEC_SLLI_W },
	[X86_PSLLQ] = { VEC_SLL_D, VEC_SLLI_D }, [X86_PSRLW] = { VEC_SRL_H, VEC_SRLI_H },
	[X86_PSRLD] = { VEC_SRL_W, VEC_SRLI_W }, [X86_PSRLQ] = { VEC_SRL_D, VEC_SRLI_D },
	[X86_PSRAW] = { VEC_SRA_H, VEC_SRAI_H }, [X86_PSRAD] = { VEC_SRA_W, VEC_SRAI_W },
};

void lift_pshift(struct lift *t, const struct ir1 *i)
{
	val a, count;

	lift_mmx_begin(t, i);
	if (i->ops[1].kind == IR1_IMM) {
		a = lift_ld_vec(t, 0);
		lift_st_vec(t, 0, lift_vec(t, shift_rows[i->op].by_imm, a, 0, i->ops[1].imm & 0xff),
			    0);
		return;
	}
	count = lift_ld_vec_sized(t, 1, i->ops[0].kind == IR1_XMM ? 16 : 8);
	a = lift_ld_vec(t, 0);
	lift_st_vec(t, 0, lift_vec(t, shift_rows[i->op].by_vector, a, count, 0), 0);
}

static bool is_vector(const struct ir1_op *o) { return o->kind == IR1_MM || o->kind == IR1_XMM; }

/* 32 or 64 bits between a general register or memory and a vector register, zeros above. */
void lift_movd(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[is_vector(&i->ops[0])].size;
	val v;

	lift_mmx_begin(t, i);
	if (is_vector(&i->ops[0])) {
		v = i->ops[1].kind == IR1_MEM ? lift_ld_vec_sized(t, 1, size) :
		    lift_vec(t, size == 8 ? VEC_FROM_D : VEC_FROM_W, lift_ld_op(t, 1), 0, 0);
		lift_st_vec(t, 0, v, 0);
		return;
	}
	v = lift_ld_vec(t, 1);
	if (i->ops[0].kind == IR1_MEM)
		lift_st_vec(t, 0, v, size);
	else
		lift_st_op(t, 0, lift_vec(t, size == 8 ? VEC_LANE_D : VEC_LANE_W, v, 0, 0));
	if (i->ops[1].kind == IR1_MM)
		lift_mmx_enter(t);
}

/* MM forms only; MOVNTQ is one of them. */
void lift_movq(struct lift *t, const struct ir1 *i)
{
	lift_mmx_begin(t, i);
	lift_st_vec(t, 0, lift_ld_vec_sized(t, 1, 8), 8);
	lift_mmx_enter(t);
}

void lift_movntq(struct lift *t, const struct ir1 *i) { lift_movq(t, i); }

void lift_pextrw(struct lift *t, const struct ir1 *i)
{
	unsigned lanes = i->ops[1].kind == IR1_MM ? 4 : 8;

	lift_mmx_begin(t, i);
	lift_put(t, i->ops[0].reg,
		 lift_vec(t, VEC_LANE_H, lift_ld_vec(t, 1), 0, i->ops[2].imm & (lanes - 1)));
	if (lift_is_mm(i))
		lift_mmx_enter(t);
}

void lift_pinsrw(struct lift *t, const struct ir1 *i)
{
	unsigned lanes = i->ops[0].kind == IR1_MM ? 4 : 8;
	s32 disp;
	val w, a;

	lift_mmx_begin(t, i);
	if (i->ops[1].kind == IR1_MEM) {
		a = lift_mem_addr(t, &i->ops[1], 2, false, &disp);
		w = lift_ld(t, a, disp, M_U16, T_I32, INTENT_READ);
	} else {
		w = lift_get(t, i->ops[1].reg);
	}
	lift_st_vec(t, 0, lift_vec(t, VEC_SETLANE_H, lift_ld_vec(t, 0), w,
				   i->ops[2].imm & (lanes - 1)), 0);
}

void lift_pmovmskb(struct lift *t, const struct ir1 *i)
{
	val m;

	lift_mmx_begin(t, i);
	m = lift_vec(t, VEC_MASK_B, lift_ld_vec(t, 1), 0, 0);
	if (lift_is_mm(i)) {
		m = lift_zx(t, m, 1);
		lift_mmx_enter(t);
	}
	lift_put(t, i->ops[0].reg, m);
}

void lift_pshufw(struct lift *t, const struct ir1 *i)
{
	lift_mmx_begin(t, i);
	lift_st_vec(t, 0, lift_vec(t, VEC_SHUFL_H, lift_ld_vec_sized(t, 1, 8), 0,
				   i->ops[2].imm & 0xff), 0);
}

void lift_pun(struct lift *t, const struct ir1 *i)
{
	unsigned row = i->op == X86_PABSB ? VEC_ABS_B : i->op == X86_PABSW ? VEC_ABS_H : VEC_ABS_W;

	lift_mmx_begin(t, i);
	lift_st_vec(t, 0, lift_vec(t, row, lift_ld_vec_sized(t, 1, lift_is_mm(i) ? 8 : 16), 0,
			0), 0);
}

/* The two operands as one, the destination above, moved down by bytes. */
void lift_palignr(struct lift *t, const struct ir1 *i)
{
	unsigned n = i->ops[2].imm & 0xff;
	val a, b, r;

	lift_mmx_begin(t, i);
	b = lift_ld_vec_sized(t, 1, lift_is_mm(i) ? 8 : 16);
	a = lift_ld_vec(t, 0);
	if (lift_is_mm(i))
		r = lift_vec(t, VEC_SRLI_Q, lift_vec(t, VEC_UNPKL_D, b, a, 0), 0, n);
	else if (n >= 16)
		r = lift_vec(t, VEC_SRLI_Q, a, 0, n - 16);
	else
		r = lift_vec(t, VEC_OR, lift_vec(t, VEC_SRLI_Q, b, 0, n),
			     lift_vec(t, VEC_SLLI_Q, a, 0, 16 - n), 0);
	lift_st_vec(t, 0, r, 0);
}

/*
 * Bytes whose mask byte is negative are stored, the others not touched. Read, merged and written
 * back as one access: unlike hardware it wants the destination readable, writes
 * all its bytes, and faults though no byte is selected (SDM: implementation specific).
 */
static void maskmov(struct lift *t, unsigned size)
{
	s32 disp;
	val a, old, data, mask, zero;

	data = lift_ld_vec(t, 0);
	mask = lift_ld_vec(t, 1);
	a = lift_mem_addr(t, &t->i->ops[2], size, true, &disp);
	lift_check_aligned(t, a, disp, 8);
	old = lift_ld(t, a, disp, size == 8 ? M_64 : M_128, T_V128, INTENT_RMW);
	zero = lift_vec(t, VEC_XOR, mask, mask, 0);
	mask = lift_vec(t, VEC_GT_B, zero, mask, 0);
	data = lift_vec(t, VEC_AND, mask, data, 0);
	old = lift_vec(t, VEC_ANDN, mask, old, 0);
	lift_st(t, a, disp, size == 8 ? M_64 : M_128, lift_vec(t, VEC_OR, data, old, 0));
}

void lift_maskmovq(struct lift *t, const struct ir1 *i)
{
	lift_mmx_begin(t, i);
	maskmov(t, 8);
	lift_mmx_enter(t);
}

void lift_maskmovdqu(struct lift *t, const struct ir1 *i)
{
	(void)i;
	maskmov(t, 16);
}
