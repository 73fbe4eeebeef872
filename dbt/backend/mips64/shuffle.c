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

static void from_integer(struct emit *e, const struct ir_insn *in)
{
	struct code *c = &e->c;
	int r, d;

	if (in->k == VEC_SETLANE_H) {
		r = ra_use(e, in->b);
		d = va_def_copy(e, e->i, in->a);
		mi_insert_h(c, d, in->y & 7, r);
		return;
	}
	r = ra_use(e, in->a);
	d = va_def(e, e->i);
	mi_ldi_b(c, d, 0);
	mi_insert_w(c, d, 0, r);
}

static void lane(struct emit *e, const struct ir_insn *in)
{
	bool lowest = (in->k == VEC_LANE_W && !(in->y & 3)) ||
		      (in->k == VEC_LANE_H && !(in->y & 6));
	int a = lowest ? va_use_low(e, in->a, 32) : va_use(e, in->a), d = ra_def(e, e->i);

	if (in->k == VEC_LANE_W)
		mi_copy_s_w(&e->c, d, a, in->y & 3);
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
	case VEC_FROM_W: case VEC_SETLANE_H: from_integer(e, in); return true;
	case VEC_LANE_W: case VEC_LANE_H: lane(e, in); return true;
	case VEC_MASK_B: mask_bytes(e, in); return true;
	case VEC_MASK_W: case VEC_MASK_D: mask_words(e, in); return true;
	}
	return false;
}
