/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What SSE4.1 and SSE4.2 add on XMM registers (SDM vol. 1, 5.10, 5.11), but for rounding
 * (sse_fp.c) and rows of packed integers like the older ones (mmx.c).
 */
#include "dbt/lift/vec.h"

#include "kernel/lib/bits.h"

static u8 imm(const struct ir1_op *o) { return (u8)o->imm; }

static val zeros(struct lift *t, val any) { return lift_vec(t, VEC_XOR, any, any, 0); }

/* Operand n in memory, 1 or 2 bytes, or a general register: what is above does not matter. */
static val load_part(struct lift *t, unsigned n, unsigned size)
{
	const struct ir1_op *o = &t->i->ops[n];
	s32 disp;
	val a;

	if (o->kind != IR1_MEM)
		return lift_get(t, o->reg);
	a = lift_mem_addr(t, o, size, false, &disp);
	return lift_ld(t, a, disp, lift_mem_of(size), T_I32, INTENT_READ);
}

/* -- Extension -- */

/* From 2, 4 or 8 bytes by one, two or three doublings of the lanes. */
void lift_pmovx(struct lift *t, const struct ir1 *i)
{
	static const struct { u16 row; u8 size, steps; } how[X86_OP_COUNT] = {
		[X86_PMOVSXBW] = { VEC_EXTS_B, 8, 1 }, [X86_PMOVZXBW] = { VEC_EXTU_B, 8, 1 },
		[X86_PMOVSXBD] = { VEC_EXTS_B, 4, 2 }, [X86_PMOVZXBD] = { VEC_EXTU_B, 4, 2 },
		[X86_PMOVSXBQ] = { VEC_EXTS_B, 2, 3 }, [X86_PMOVZXBQ] = { VEC_EXTU_B, 2, 3 },
		[X86_PMOVSXWD] = { VEC_EXTS_H, 8, 1 }, [X86_PMOVZXWD] = { VEC_EXTU_H, 8, 1 },
		[X86_PMOVSXWQ] = { VEC_EXTS_H, 4, 2 }, [X86_PMOVZXWQ] = { VEC_EXTU_H, 4, 2 },
		[X86_PMOVSXDQ] = { VEC_EXTS_W, 8, 1 }, [X86_PMOVZXDQ] = { VEC_EXTU_W, 8, 1 },
	};
	unsigned size = how[i->op].size;
	val v;

	if (size == 2 && i->ops[1].kind == IR1_MEM)
		v = lift_vec(t, VEC_FROM_W, load_part(t, 1, 2), 0, 0);
	else
		v = lift_ld_vec_sized(t, 1, size == 2 ? 4 : size);
	for (unsigned n = 0; n < how[i->op].steps; n++)
		v = lift_vec(t, how[i->op].row + n, v, 0, 0);
	lift_st_vec(t, 0, v, 0);
}

/* -- Selection -- */

void lift_blendv(struct lift *t, const struct ir1 *i)
{
	enum vec_op row = i->op == X86_PBLENDVB ? VEC_SELECT_B :
			  i->op == X86_BLENDVPS ? VEC_SELECT_W : VEC_SELECT_D;
	val b = lift_ld_vec_sized(t, 1, 16);

	lift_st_vec(t, 0, lift_vec3(t, row, lift_ld_vec(t, 0), b, lift_getxmm(t, 0)), 0);
}

void lift_blend(struct lift *t, const struct ir1 *i)
{
	unsigned y = imm(&i->ops[2]);
	val b = lift_ld_vec_sized(t, 1, 16);

	if (i->op == X86_BLENDPS)
		y &= 15;
	else if (i->op == X86_BLENDPD)
		y = (y & 1 ? 3 : 0) | (y & 2 ? 12 : 0);
	lift_st_vec(t, 0, lift_vec(t, i->op == X86_PBLENDW ? VEC_BLEND_H : VEC_BLEND_W,
				   lift_ld_vec(t, 0), b, y), 0);
}

/* -- Lanes -- */

void lift_pextr(struct lift *t, const struct ir1 *i)
{
	unsigned n = imm(&i->ops[2]);
	val v = lift_ld_vec(t, 1);

	switch (i->op) {
	case X86_PEXTRB: v = lift_vec(t, VEC_LANE_B, v, 0, n & 15); break;
	case X86_PEXTRW_SSE4: v = lift_vec(t, VEC_LANE_H, v, 0, n & 7); break;
	case X86_PEXTRD:
		if (i->opsize == 8) {
			v = lift_vec(t, VEC_LANE_D, v, 0, n & 1);
			break;
		}
		/* fall through */
	default: v = lift_vec(t, VEC_LANE_W, v, 0, n & 3); break;
	}
	lift_st_op(t, 0, v);
}

void lift_pinsr(struct lift *t, const struct ir1 *i)
{
	bool bytes = i->op == X86_PINSRB, wide = i->ops[1].size == 8 && !bytes;
	unsigned n = imm(&i->ops[2]) & (bytes ? 15 : wide ? 1 : 3);
	unsigned row = bytes ? VEC_SETLANE_B : wide ? VEC_SETLANE_D : VEC_SETLANE_W;
	val v = bytes ? load_part(t, 1, 1) : lift_ld_op(t, 1);

	lift_st_vec(t, 0, lift_vec(t, row, lift_ld_vec(t, 0), v, n), 0);
}

/* A source in memory is one lane: there is none to choose. */
void lift_insertps(struct lift *t, const struct ir1 *i)
{
	unsigned y = imm(&i->ops[2]);
	val b = lift_ld_vec_sized(t, 1, 4), r;

	r = lift_vec(t, VEC_COPY_W, lift_ld_vec(t, 0), b, i->ops[1].kind == IR1_MEM ? y & 0x30
										   : y & 0xf0);
	if (y & 15)
		r = lift_vec(t, VEC_BLEND_W, r, zeros(t, r), y & 15);
	lift_st_vec(t, 0, r, 0);
}

/* -- Sums and tests -- */

void lift_phminposuw(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_vec(t, 0, lift_vec(t, VEC_MINPOS_H, lift_ld_vec_sized(t, 1, 16), 0, 0), 0);
}

void lift_mpsadbw(struct lift *t, const struct ir1 *i)
{
	val b = lift_ld_vec_sized(t, 1, 16);

	lift_st_vec(t, 0, lift_vec(t, VEC_MPSAD_B, lift_ld_vec(t, 0), b, imm(&i->ops[2]) & 7), 0);
}

/* ZF: no bit is set in both; CF: none is set in the source alone. */
void lift_ptest(struct lift *t, const struct ir1 *i)
{
	val b = lift_ld_vec_sized(t, 1, 16), a = lift_ld_vec(t, 0), zf, cf;

	(void)i;
	zf = lift_vec(t, VEC_ZERO, lift_vec(t, VEC_AND, a, b, 0), 0, 0);
	cf = lift_vec(t, VEC_ZERO, lift_vec(t, VEC_ANDN, a, b, 0), 0, 0);
	lift_flags_mask(t, lift_op2(t, IR_OR, lift_op2k(t, IR_SHL, zf, 6), cf), FL_ARITH);
}

/*
 * Lanes that imm8 leaves out are zeros before they are multiplied, so that they raise nothing, and
 * the sum goes to those that it names. W lanes in masks. Which NaN of several comes out is what
 * Intel's CPUs give (seen; the manual's order would give another).
 */
static void dot(struct lift *t, bool dbl, unsigned from, unsigned to)
{
	unsigned add = dbl ? VEC_ADD_PD : VEC_ADD_PS;
	val b = lift_ld_vec_sized(t, 1, 16), a = lift_ld_vec(t, 0), none = zeros(t, a);

	if (from != 15) {
		a = lift_vec(t, VEC_BLEND_W, none, a, from);
		b = lift_vec(t, VEC_BLEND_W, none, b, from);
	}
	a = lift_vec(t, dbl ? VEC_MUL_PD : VEC_MUL_PS, a, b, 0);
	if (!dbl)				/* neighbours, the other one first */
		a = lift_vec(t, add, lift_vec(t, VEC_SHUF_W, a, 0, 0xb1), a, 0);
	a = lift_vec(t, add, a, lift_vec(t, VEC_SHUF_W, a, 0, 0x4e), 0);
	if (to != 15)
		a = lift_vec(t, VEC_BLEND_W, none, a, to);
	lift_st_vec(t, 0, a, 0);
}

void lift_dpps(struct lift *t, const struct ir1 *i)
{
	unsigned y = imm(&i->ops[2]);

	dot(t, false, y >> 4, y & 15);
}

void lift_dppd(struct lift *t, const struct ir1 *i)
{
	unsigned y = imm(&i->ops[2]), from = y >> 4 & 3, to = y & 3;

	dot(t, true, (from & 1) * 3 | (from >> 1) * 12, (to & 1) * 3 | (to >> 1) * 12);
}

/* -- Strings -- */

static val length(struct lift *t, unsigned reg)
{
	return lift_get_sized(t, reg, t->i->opsize == 8 ? 8 : 4);
}

/* By a helper: its result is the flags, and the index from bit 16 on. */
void lift_pcmpstr(struct lift *t, const struct ir1 *i)
{
	bool lengths = i->op == X86_PCMPESTRI || i->op == X86_PCMPESTRM;
	bool index = i->op == X86_PCMPESTRI || i->op == X86_PCMPISTRI;
	val b = lift_ld_vec_sized(t, 1, 16), r;

	lift_ststate(t, offsetof(struct vcpu, help[0]), M_128, lift_ld_vec(t, 0));
	lift_ststate(t, offsetof(struct vcpu, help[2]), M_128, b);
	if (lengths)
		r = lift_helper(t, HELPER_pcmpestr, T_I32, lift_const(t, imm(&i->ops[2])),
				length(t, EAX), length(t, EDX));
	else
		r = lift_helper(t, HELPER_pcmpistr, T_I32, lift_const(t, imm(&i->ops[2])), 0, 0);
	if (index)
		lift_put(t, ECX, lift_op2k(t, IR_SHR, r, 16));
	else
		lift_putxmm(t, 0, lift_ldstate(t, offsetof(struct vcpu, help[4]), M_128, T_V128));
	lift_flags_mask(t, lift_op2k(t, IR_AND, r, FL_ARITH), FL_ARITH);
}
