/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evaluation of the integer rows that SSE4.1 and SSE4.2 brought, lane by lane as vec.def says; r is
 * written last, it may be an operand.
 */
#include "dbt/ir/vec.h"

/* r.lane = expr of x, y: the lanes of a, b as type. */
#define LANES(count, field, type, expr) \
	for (unsigned i = 0; i < (count); i++) { \
		type x = (type)a->field[i], y = (type)b->field[i]; \
		o.field[i] = (expr); \
	} \
	break
#define BYTES(type, expr) LANES(16, b, type, expr)
#define HALVES(type, expr) LANES(8, w, type, expr)
#define WORDS(type, expr) LANES(4, d, type, expr)
#define DOUBLES(type, expr) LANES(2, q, type, expr)

static bool lanewise(unsigned row, union xmm *r, const union xmm *a, const union xmm *b)
{
	union xmm o;

	switch (row) {
	case VEC_EQ_D: DOUBLES(u64, x == y ? ~0ull : 0);
	case VEC_GT_D: DOUBLES(s64, x > y ? ~0ull : 0);
	case VEC_MAXS_B: BYTES(s8, (u8)(x > y ? x : y));
	case VEC_MINS_B: BYTES(s8, (u8)(x < y ? x : y));
	case VEC_MAXU_H: HALVES(u16, x > y ? x : y);
	case VEC_MINU_H: HALVES(u16, x < y ? x : y);
	case VEC_MAXS_W: WORDS(s32, (u32)(x > y ? x : y));
	case VEC_MINS_W: WORDS(s32, (u32)(x < y ? x : y));
	case VEC_MAXU_W: WORDS(u32, x > y ? x : y);
	case VEC_MINU_W: WORDS(u32, x < y ? x : y);
	case VEC_MULL_W: WORDS(u32, x * y);
	case VEC_MULS_W: DOUBLES(u64, (u64)((s64)(s32)x * (s32)y));
	default: return false;
	}
	*r = o;
	return true;
}

static u16 clamp_u16(s32 v) { return v < 0 ? 0 : v > 0xffff ? 0xffff : (u16)v; }

static u16 distance(u8 x, u8 y) { return x > y ? x - y : y - x; }

static bool crosswise(unsigned row, unsigned imm, union xmm *r, const union xmm *a,
		      const union xmm *b)
{
	union xmm o = { .q = { 0, 0 } };

	switch (row) {
	case VEC_PACKU_W:
		for (unsigned i = 0; i < 8; i++)
			o.w[i] = clamp_u16((s32)(i < 4 ? a : b)->d[i & 3]);
		break;
	case VEC_MPSAD_B:
		for (unsigned i = 0; i < 32; i++)
			o.w[i / 4] += distance(a->b[i / 4 + i % 4 + (imm & 4)],
					       b->b[i % 4 + 4 * (imm & 3)]);
		break;
	case VEC_MINPOS_H:
		o.w[0] = a->w[0];
		for (unsigned i = 1; i < 8; i++)
			if (a->w[i] < o.w[0]) {
				o.w[0] = a->w[i];
				o.w[1] = (u16)i;
			}
		break;
	case VEC_BLEND_H:
		for (unsigned i = 0; i < 8; i++)
			o.w[i] = (imm >> i & 1 ? b : a)->w[i];
		break;
	case VEC_BLEND_W:
		for (unsigned i = 0; i < 4; i++)
			o.d[i] = (imm >> i & 1 ? b : a)->d[i];
		break;
	default:
		return false;
	}
	*r = o;
	return true;
}

static bool extensions(unsigned row, union xmm *r, const union xmm *a)
{
	union xmm o;

	for (unsigned i = 0; i < 8; i++)
		switch (row) {
		case VEC_EXTS_B: o.w[i] = (u16)(s8)a->b[i]; break;
		case VEC_EXTU_B: o.w[i] = a->b[i]; break;
		case VEC_EXTS_H: o.d[i & 3] = (u32)(s16)a->w[i & 3]; break;
		case VEC_EXTU_H: o.d[i & 3] = a->w[i & 3]; break;
		case VEC_EXTS_W: o.q[i & 1] = (u64)(s32)a->d[i & 1]; break;
		case VEC_EXTU_W: o.q[i & 1] = a->d[i & 1]; break;
		default: return false;
		}
	*r = o;
	return true;
}

/* Lane i of b where c's is negative. */
static bool selections(unsigned row, union xmm *r, const union xmm *a, const union xmm *b,
		       const union xmm *c)
{
	unsigned bytes = row == VEC_SELECT_B ? 1 : row == VEC_SELECT_W ? 4 : 8;
	union xmm o;

	if (row != VEC_SELECT_B && row != VEC_SELECT_W && row != VEC_SELECT_D)
		return false;
	for (unsigned i = 0; i < 16; i++)
		o.b[i] = (c->b[i | (bytes - 1)] & 0x80 ? b : a)->b[i];
	*r = o;
	return true;
}

/* Single lanes, and between vectors and integers. */
static bool transfers(unsigned row, unsigned imm, union xmm *r, const union xmm *a,
		      const union xmm *b)
{
	union xmm o = { .q = { 0, 0 } };

	switch (row) {
	case VEC_LANE_B: o.q[0] = a->b[imm & 15]; break;
	case VEC_ZERO: o.q[0] = !(a->q[0] | a->q[1]); break;
	case VEC_PCNT_D:
		for (unsigned i = 0; i < 128; i++)
			o.q[i / 64] += a->q[i / 64] >> i % 64 & 1;
		break;
	case VEC_SETLANE_B:
		o = *a;
		o.b[imm & 15] = b->b[0];
		break;
	case VEC_SETLANE_W:
		o = *a;
		o.d[imm & 3] = b->d[0];
		break;
	case VEC_SETLANE_D:
		o = *a;
		o.q[imm & 1] = b->q[0];
		break;
	case VEC_COPY_W:
		o = *a;
		o.d[imm >> 4 & 3] = b->d[imm >> 6 & 3];
		break;
	default: return false;
	}
	*r = o;
	return true;
}

bool vec_eval_sse4(unsigned row, unsigned imm, union xmm *r, const union xmm *a,
		   const union xmm *b, const union xmm *d)
{
	return lanewise(row, r, a, b) || crosswise(row, imm, r, a, b) || extensions(row, r, a) ||
	       selections(row, r, a, b, d) || transfers(row, imm, r, a, b);
}
