/* SPDX-License-Identifier: BSD-2-Clause */
/* Lowering of the vector rows that move lanes about, or to and from general registers, to MSA. */
#include "dbt/backend/mips64/simd.h"

#include "dbt/ir/vec.h"

/* The whole vector by y bytes: a window of 16 bytes on two vectors, one of them zero. */
static void shift_bytes(struct emit *e, const struct ir_insn *in)
{
	struct code *c = &e->c;
	unsigned n = in->y;
	int a, d, zero;

	if (n > 15) {
		mi_ldi_b(c, va_def(e, e->i), 0);
	} else if (in->k == VEC_SRLI_Q) {
		a = va_use(e, in->a);
		d = va_def_new(e, e->i);
		mi_ldi_b(c, d, 0);
		mi_sldi_b(c, d, a, n);
	} else {
		d = va_def_copy(e, e->i, in->a);
		if (!n)
			return;
		zero = va_scratch(e);
		mi_ldi_b(c, zero, 0);
		mi_sldi_b(c, d, zero, 16 - n);
	}
}

/* SHF does both halves alike: the other one is put back. */
static void shuffle(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), t, d;
	struct code *c = &e->c;

	switch (in->k) {
	case VEC_SHUF_W:
		mi_shf_w(c, va_def(e, e->i), a, in->y);
		return;
	case VEC_SHUFH_H:
		d = va_def_new(e, e->i);
		mi_shf_h(c, d, a, in->y);
		mi_insve_d(c, d, 0, a);
		return;
	}
	t = va_scratch(e);
	mi_shf_h(c, t, a, in->y);
	mi_insve_d(c, va_def_copy(e, e->i, in->a), 0, t);
}

static void shuffle2_w(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), x = va_scratch(e), y = va_scratch(e);
	struct code *c = &e->c;

	mi_shf_w(c, x, a, in->y);
	mi_shf_w(c, y, b, in->y >> 4);
	mi_ilvr_d(c, va_def(e, e->i), y, x);
}

static void shuffle2_d(struct emit *e, const struct ir_insn *in)
{
	unsigned from_a = in->y & 1, from_b = in->y >> 1 & 1;
	struct code *c = &e->c;
	int a = va_use(e, in->a), b, d;

	if (from_a == from_b) {
		b = va_use(e, in->b);
		d = va_def(e, e->i);
		from_a ? mi_ilvl_d(c, d, b, a) : mi_ilvr_d(c, d, b, a);
		return;
	}
	d = va_def_copy(e, e->i, in->b);
	if (from_a)
		mi_sldi_b(c, d, a, 8);
	else
		mi_insve_d(c, d, 0, a);
}

/* VSHF's indices are in the destination; one with bit 7 (or 6) set gives 0. */
static void permute(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), d = va_def_new(e, e->i);

	mi_andi_b(&e->c, d, b, 0x80 | in->y);
	mi_vshf_b(&e->c, d, a, a);
}

/* The lower half's lanes beside zeros, or ones where they are negative. */
static void extend(struct emit *e, const struct ir_insn *in)
{
	int a = va_use_low(e, in->a, 64), t = va_scratch(e), d = va_def(e, e->i);
	struct code *c = &e->c;

	switch (in->k) {
	case VEC_EXTS_B: mi_clti_s_b(c, t, a, 0); break;
	case VEC_EXTS_H: mi_clti_s_h(c, t, a, 0); break;
	case VEC_EXTS_W: mi_clti_s_w(c, t, a, 0); break;
	default: mi_ldi_b(c, t, 0); break;
	}
	switch (in->k) {
	case VEC_EXTS_B: case VEC_EXTU_B: mi_ilvr_b(c, d, t, a); return;
	case VEC_EXTS_H: case VEC_EXTU_H: mi_ilvr_h(c, d, t, a); return;
	default: mi_ilvr_w(c, d, t, a); return;
	}
}

/* Ones in lanes of b that go into a copy of a, or the other way round: whichever are fewer. */
static void blend(struct emit *e, const struct ir_insn *in)
{
	unsigned n = in->k == VEC_BLEND_H ? 8 : 4, all = (1u << n) - 1, y = in->y & all;
	bool from_b = count_ones(y) <= n / 2;
	int s = va_use(e, from_b ? in->b : in->a), mask = va_scratch(e);
	int d = va_def_copy(e, e->i, from_b ? in->a : in->b);
	struct code *c = &e->c;

	if (!from_b)
		y ^= all;
	if (!y)
		return;
	mi_ldi_b(c, mask, 0);
	mi_addiu(c, R_AT, R_ZERO, -1);
	for (unsigned k = 0; k < n; k++)
		if (y >> k & 1)
			n == 8 ? mi_insert_h(c, mask, k, R_AT) : mi_insert_w(c, mask, k, R_AT);
	mi_bmnz_v(c, d, s, mask);
}

static void select(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), b = va_use(e, in->b), s = va_use(e, in->c);
	int d = va_def_new(e, e->i);
	struct code *c = &e->c;

	switch (in->k) {
	case VEC_SELECT_B: mi_clti_s_b(c, d, s, 0); break;
	case VEC_SELECT_W: mi_clti_s_w(c, d, s, 0); break;
	default: mi_clti_s_d(c, d, s, 0); break;
	}
	mi_bsel_v(c, d, a, b);
}

static void copy_lane(struct emit *e, const struct ir_insn *in)
{
	int b = va_use(e, in->b), t = va_scratch(e), d = va_def_copy(e, e->i, in->a);

	mi_splati_w(&e->c, t, b, in->y >> 6);
	mi_insve_w(&e->c, d, in->y >> 4 & 3, t);
}

static void from_integer(struct emit *e, const struct ir_insn *in)
{
	struct code *c = &e->c;
	int r, d;

	if (in->k == VEC_FROM_W || in->k == VEC_FROM_D) {
		r = ra_use(e, in->a);
		d = va_def(e, e->i);
		mi_ldi_b(c, d, 0);
		in->k == VEC_FROM_D ? mi_insert_d(c, d, 0, r) : mi_insert_w(c, d, 0, r);
		return;
	}
	r = ra_use(e, in->b);
	d = va_def_copy(e, e->i, in->a);
	switch (in->k) {
	case VEC_SETLANE_B: mi_insert_b(c, d, in->y & 15, r); return;
	case VEC_SETLANE_H: mi_insert_h(c, d, in->y & 7, r); return;
	case VEC_SETLANE_D: mi_insert_d(c, d, in->y & 1, r); return;
	default: mi_insert_w(c, d, in->y & 3, r); return;
	}
}

static void is_zero(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), d = ra_def(e, e->i);
	struct code *c = &e->c;

	mi_copy_s_d(c, R_AT, a, 0);
	mi_copy_s_d(c, d, a, 1);
	mi_or(c, d, d, R_AT);
	mi_sltiu(c, d, d, 1);
}

static void lane_d(struct emit *e, const struct ir_insn *in)
{
	unsigned n = in->y & 1;
	int a = n ? va_use(e, in->a) : va_use_low(e, in->a, 64);

	mi_copy_s_d(&e->c, ra_def(e, e->i), a, n);
}

static void lane(struct emit *e, const struct ir_insn *in)
{
	bool lowest = (in->k == VEC_LANE_W && !(in->y & 3)) ||
		      (in->k == VEC_LANE_H && !(in->y & 6)) ||
		      (in->k == VEC_LANE_B && !(in->y & 12));
	int a = lowest ? va_use_low(e, in->a, 32) : va_use(e, in->a), d = ra_def(e, e->i);

	if (in->k == VEC_LANE_W)
		mi_copy_s_w(&e->c, d, a, in->y & 3);
	else if (in->k == VEC_LANE_B)
		mi_copy_u_b(&e->c, d, a, in->y & 15);
	else
		mi_copy_u_h(&e->c, d, a, in->y & 7);
}

/*
 * Bit 0 of each of 8 bytes in r to r's low 8 bits: the product has bit 8 * i of r at bit 56 + i,
 * and no two of its terms meet.
 */
static void gather_bytes(struct code *c, int r, int factor)
{
	mi_dmult(c, r, factor);
	mi_mflo(c, r);
	mi_dsrl(c, r, r, 56);
}

static void mask_bytes(struct emit *e, const struct ir_insn *in)
{
	int a = va_use(e, in->a), t = va_scratch(e), factor = ra_scratch(e), r = ra_scratch(e);
	struct code *c = &e->c;
	int d;

	mi_srli_b(c, t, a, 7);
	mi_li(c, factor, 0x0102040810204080);
	mi_copy_s_d(c, r, t, 1);
	gather_bytes(c, r, factor);
	mi_copy_s_d(c, R_AT, t, 0);
	gather_bytes(c, R_AT, factor);
	mi_dins(c, R_AT, r, 8, 8);
	d = ra_def(e, e->i);
	mi_or(c, d, R_AT, R_ZERO);
}

/* Two words, or one, of a sign bit each in each doubleword. */
static void mask_words(struct emit *e, const struct ir_insn *in)
{
	bool words = in->k == VEC_MASK_W;
	int a = va_use(e, in->a), t = va_scratch(e), d = ra_def(e, e->i);
	struct code *c = &e->c;

	words ? mi_srli_w(c, t, a, 31) : mi_srli_d(c, t, a, 63);
	mi_copy_s_d(c, R_AT, t, 0);
	mi_copy_s_d(c, d, t, 1);
	if (words) {				/* bit 32 to bit 1 */
		mi_dsrl(c, R_RA, R_AT, 31);
		mi_or(c, R_AT, R_AT, R_RA);
		mi_dsrl(c, R_RA, d, 31);
		mi_or(c, d, d, R_RA);
		mi_dins(c, R_AT, d, 2, 2);
		mi_andi(c, d, R_AT, 15);
	} else {
		mi_dins(c, R_AT, d, 1, 1);
		mi_or(c, d, R_AT, R_ZERO);
	}
}

bool lower_shuffle(struct emit *e, const struct ir_insn *in)
{
	switch (in->k) {
	case VEC_SLLI_Q: case VEC_SRLI_Q: shift_bytes(e, in); return true;
	case VEC_SHUF_W: case VEC_SHUFL_H: case VEC_SHUFH_H: shuffle(e, in); return true;
	case VEC_SHUF2_W: shuffle2_w(e, in); return true;
	case VEC_SHUF2_D: shuffle2_d(e, in); return true;
	case VEC_PERM_B: permute(e, in); return true;
	case VEC_FROM_W: case VEC_FROM_D: case VEC_SETLANE_B: case VEC_SETLANE_H:
	case VEC_SETLANE_W: case VEC_SETLANE_D:
		from_integer(e, in);
		return true;
	case VEC_LANE_D: lane_d(e, in); return true;
	case VEC_LANE_W: case VEC_LANE_H: case VEC_LANE_B: lane(e, in); return true;
	case VEC_EXTS_B: case VEC_EXTS_H: case VEC_EXTS_W: case VEC_EXTU_B: case VEC_EXTU_H:
	case VEC_EXTU_W: extend(e, in); return true;
	case VEC_BLEND_H: case VEC_BLEND_W: blend(e, in); return true;
	case VEC_SELECT_B: case VEC_SELECT_W: case VEC_SELECT_D: select(e, in); return true;
	case VEC_COPY_W: copy_lane(e, in); return true;
	case VEC_ZERO: is_zero(e, in); return true;
	case VEC_MASK_B: mask_bytes(e, in); return true;
	case VEC_MASK_W: case VEC_MASK_D: mask_words(e, in); return true;
	}
	return false;
}
