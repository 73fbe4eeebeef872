/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evaluation of the integer rows, lane by lane as vec.def says; r is written last, it may be a or
 * b.
 */
#include "dbt/ir/vec.h"

static s64 clamp(s64 v, s64 lo, s64 hi) { return v < lo ? lo : v > hi ? hi : v; }
static s64 clamp_s8(s64 v) { return clamp(v, -128, 127); }
static s64 clamp_u8(s64 v) { return clamp(v, 0, 255); }
static s64 clamp_s16(s64 v) { return clamp(v, -32768, 32767); }
static s64 clamp_u16(s64 v) { return clamp(v, 0, 65535); }
static s64 absolute(s64 v) { return v < 0 ? -v : v; }

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

/* Lane by lane. */
static bool lanewise(unsigned row, union xmm *r, const union xmm *a, const union xmm *b)
{
	union xmm o;

	switch (row) {
	case VEC_AND: DOUBLES(u64, x & y);
	case VEC_OR: DOUBLES(u64, x | y);
	case VEC_XOR: DOUBLES(u64, x ^ y);
	case VEC_ANDN: DOUBLES(u64, ~x & y);
	case VEC_ADD_B: BYTES(u8, (u8)(x + y));
	case VEC_ADD_H: HALVES(u16, (u16)(x + y));
	case VEC_ADD_W: WORDS(u32, x + y);
	case VEC_ADD_D: DOUBLES(u64, x + y);
	case VEC_SUB_B: BYTES(u8, (u8)(x - y));
	case VEC_SUB_H: HALVES(u16, (u16)(x - y));
	case VEC_SUB_W: WORDS(u32, x - y);
	case VEC_SUB_D: DOUBLES(u64, x - y);
	case VEC_ADDS_B: BYTES(s8, (u8)clamp_s8(x + y));
	case VEC_ADDS_H: HALVES(s16, (u16)clamp_s16(x + y));
	case VEC_ADDU_B: BYTES(u8, (u8)clamp_u8(x + y));
	case VEC_ADDU_H: HALVES(u16, (u16)clamp_u16(x + y));
	case VEC_SUBS_B: BYTES(s8, (u8)clamp_s8(x - y));
	case VEC_SUBS_H: HALVES(s16, (u16)clamp_s16(x - y));
	case VEC_SUBU_B: BYTES(u8, (u8)clamp_u8(x - y));
	case VEC_SUBU_H: HALVES(u16, (u16)clamp_u16(x - y));
	case VEC_MULL_H: HALVES(s16, (u16)(x * y));
	case VEC_MULH_H: HALVES(s16, (u16)((x * y) >> 16));
	case VEC_MULHU_H: HALVES(u16, (u16)((u32)x * y >> 16));
	case VEC_MULU_W: DOUBLES(u64, (u64)(u32)x * (u32)y);
	case VEC_AVGU_B: BYTES(u8, (u8)((x + y + 1) >> 1));
	case VEC_AVGU_H: HALVES(u16, (u16)((x + y + 1) >> 1));
	case VEC_MAXU_B: BYTES(u8, x > y ? x : y);
	case VEC_MINU_B: BYTES(u8, x < y ? x : y);
	case VEC_MAXS_H: HALVES(s16, (u16)(x > y ? x : y));
	case VEC_MINS_H: HALVES(s16, (u16)(x < y ? x : y));
	case VEC_EQ_B: BYTES(u8, x == y ? 0xff : 0);
	case VEC_EQ_H: HALVES(u16, x == y ? 0xffff : 0);
	case VEC_EQ_W: WORDS(u32, x == y ? ~0u : 0);
	case VEC_GT_B: BYTES(s8, x > y ? 0xff : 0);
	case VEC_GT_H: HALVES(s16, x > y ? 0xffff : 0);
	case VEC_GT_W: WORDS(s32, x > y ? ~0u : 0);
	case VEC_MULHR_H: HALVES(s16, (u16)((((x * y) >> 14) + 1) >> 1));
	case VEC_SIGN_B: BYTES(s8, (u8)(y < 0 ? -x : y ? x : 0));
	case VEC_SIGN_H: HALVES(s16, (u16)(y < 0 ? -x : y ? x : 0));
	case VEC_SIGN_W: WORDS(s32, y < 0 ? 0u - (u32)x : y ? (u32)x : 0);
	case VEC_ABS_B: BYTES(s8, (u8)((void)y, x < 0 ? -x : x));
	case VEC_ABS_H: HALVES(s16, (u16)((void)y, x < 0 ? -x : x));
	case VEC_ABS_W: WORDS(s32, ((void)y, x < 0 ? 0u - (u32)x : (u32)x));
	default: return false;
	}
	*r = o;
	return true;
}

/* Products and sums across lanes, packing, interleaving. */
static bool crosswise(unsigned row, union xmm *r, const union xmm *a, const union xmm *b)
{
	union xmm o = { .q = { 0, 0 } };
	unsigned from = row >= VEC_UNPKH_B ? 1 : 0;

	switch (row) {
	case VEC_MADD_H:
		for (unsigned i = 0; i < 4; i++)
			o.d[i] = (u32)((s16)a->w[2 * i] * (s16)b->w[2 * i]) +
				 (u32)((s16)a->w[2 * i + 1] * (s16)b->w[2 * i + 1]);
		break;
	case VEC_MADDU_B:
		for (unsigned i = 0; i < 8; i++)
			o.w[i] = (u16)clamp_s16(a->b[2 * i] * (s8)b->b[2 * i] +
						a->b[2 * i + 1] * (s8)b->b[2 * i + 1]);
		break;
	case VEC_SAD_B:
		for (unsigned i = 0; i < 16; i++)
			o.q[i / 8] += (u64)absolute(a->b[i] - b->b[i]);
		break;
	case VEC_PACKS_H:
		for (unsigned i = 0; i < 16; i++)
			o.b[i] = (u8)clamp_s8((s16)(i < 8 ? a : b)->w[i & 7]);
		break;
	case VEC_PACKU_H:
		for (unsigned i = 0; i < 16; i++)
			o.b[i] = (u8)clamp_u8((s16)(i < 8 ? a : b)->w[i & 7]);
		break;
	case VEC_PACKS_W:
		for (unsigned i = 0; i < 8; i++)
			o.w[i] = (u16)clamp_s16((s32)(i < 4 ? a : b)->d[i & 3]);
		break;
	case VEC_UNPKL_B: case VEC_UNPKH_B:
		for (unsigned i = 0; i < 16; i++)
			o.b[i] = (i & 1 ? b : a)->b[8 * from + i / 2];
		break;
	case VEC_UNPKL_H: case VEC_UNPKH_H:
		for (unsigned i = 0; i < 8; i++)
			o.w[i] = (i & 1 ? b : a)->w[4 * from + i / 2];
		break;
	case VEC_UNPKL_W: case VEC_UNPKH_W:
		for (unsigned i = 0; i < 4; i++)
			o.d[i] = (i & 1 ? b : a)->d[2 * from + i / 2];
		break;
	case VEC_UNPKL_D: case VEC_UNPKH_D:
		o.q[0] = a->q[from];
		o.q[1] = b->q[from];
		break;
	default:
		return false;
	}
	*r = o;
	return true;
}

/* Lane 2n op lane 2n + 1 of a, then of b. */
static bool neighbours(unsigned row, union xmm *r, const union xmm *a, const union xmm *b)
{
	union xmm o;

	if (row == VEC_HADD_W || row == VEC_HSUB_W) {
		for (unsigned i = 0; i < 4; i++) {
			const u32 *p = &(i < 2 ? a : b)->d[2 * (i & 1)];

			o.d[i] = row == VEC_HADD_W ? p[0] + p[1] : p[0] - p[1];
		}
		*r = o;
		return true;
	}
	if (row < VEC_HADD_H || row > VEC_HSUBS_H)
		return false;
	for (unsigned i = 0; i < 8; i++) {
		const u16 *p = &(i < 4 ? a : b)->w[2 * (i & 3)];
		bool minus = row == VEC_HSUB_H || row == VEC_HSUBS_H;
		s64 v = minus ? (s16)p[0] - (s16)p[1] : (s16)p[0] + (s16)p[1];

		o.w[i] = (u16)(row == VEC_HADDS_H || row == VEC_HSUBS_H ? clamp_s16(v) : v);
	}
	*r = o;
	return true;
}

enum shift { LEFT, RIGHT, SIGNED };

static u64 shift_lane(u64 v, unsigned width, enum shift how, u64 n)
{
	s64 s = (s64)(v << (64 - width)) >> (64 - width);

	if (how == SIGNED)
		return (u64)(s >> (n < width ? n : width - 1));
	if (n >= width)
		return 0;
	return how == LEFT ? v << n : v >> n;
}

static void shift_all(union xmm *r, const union xmm *a, unsigned width, enum shift how, u64 n)
{
	for (unsigned i = 0; i < 128 / width; i++)
		switch (width) {
		case 16: r->w[i] = (u16)shift_lane(a->w[i], 16, how, n); break;
		case 32: r->d[i] = (u32)shift_lane(a->d[i], 32, how, n); break;
		default: r->q[i] = shift_lane(a->q[i], 64, how, n); break;
		}
}

static void shift_bytes(union xmm *r, const union xmm *a, int by)
{
	union xmm o = { .q = { 0, 0 } };

	for (int i = 0; i < 16; i++)
		if (i - by >= 0 && i - by < 16)
			o.b[i] = a->b[i - by];
	*r = o;
}

static bool shifts(unsigned row, unsigned imm, union xmm *r, const union xmm *a, const union xmm *b)
{
	switch (row) {
	case VEC_SLL_H: shift_all(r, a, 16, LEFT, b->q[0]); return true;
	case VEC_SLL_W: shift_all(r, a, 32, LEFT, b->q[0]); return true;
	case VEC_SLL_D: shift_all(r, a, 64, LEFT, b->q[0]); return true;
	case VEC_SRL_H: shift_all(r, a, 16, RIGHT, b->q[0]); return true;
	case VEC_SRL_W: shift_all(r, a, 32, RIGHT, b->q[0]); return true;
	case VEC_SRL_D: shift_all(r, a, 64, RIGHT, b->q[0]); return true;
	case VEC_SRA_H: shift_all(r, a, 16, SIGNED, b->q[0]); return true;
	case VEC_SRA_W: shift_all(r, a, 32, SIGNED, b->q[0]); return true;
	case VEC_SLLI_H: shift_all(r, a, 16, LEFT, imm); return true;
	case VEC_SLLI_W: shift_all(r, a, 32, LEFT, imm); return true;
	case VEC_SLLI_D: shift_all(r, a, 64, LEFT, imm); return true;
	case VEC_SRLI_H: shift_all(r, a, 16, RIGHT, imm); return true;
	case VEC_SRLI_W: shift_all(r, a, 32, RIGHT, imm); return true;
	case VEC_SRLI_D: shift_all(r, a, 64, RIGHT, imm); return true;
	case VEC_SRAI_H: shift_all(r, a, 16, SIGNED, imm); return true;
	case VEC_SRAI_W: shift_all(r, a, 32, SIGNED, imm); return true;
	case VEC_SLLI_Q: shift_bytes(r, a, (int)imm); return true;
	case VEC_SRLI_Q: shift_bytes(r, a, -(int)imm); return true;
	}
	return false;
}

static bool selections(unsigned row, unsigned imm, union xmm *r, const union xmm *a,
		       const union xmm *b)
{
	union xmm o = *a;

	switch (row) {
	case VEC_SHUF_W:
		for (unsigned i = 0; i < 4; i++)
			o.d[i] = a->d[imm >> 2 * i & 3];
		break;
	case VEC_SHUFL_H:
		for (unsigned i = 0; i < 4; i++)
			o.w[i] = a->w[imm >> 2 * i & 3];
		break;
	case VEC_SHUFH_H:
		for (unsigned i = 0; i < 4; i++)
			o.w[4 + i] = a->w[4 + (imm >> 2 * i & 3)];
		break;
	case VEC_SHUF2_W:
		for (unsigned i = 0; i < 4; i++)
			o.d[i] = (i < 2 ? a : b)->d[imm >> 2 * i & 3];
		break;
	case VEC_SHUF2_D:
		o.q[0] = a->q[imm & 1];
		o.q[1] = b->q[imm >> 1 & 1];
		break;
	case VEC_PERM_B:
		for (unsigned i = 0; i < 16; i++)
			o.b[i] = b->b[i] & 0x80 ? 0 : a->b[b->b[i] & imm];
		break;
	case VEC_MERGE_W: o.d[0] = b->d[0]; break;
	case VEC_MERGE_D: o.q[0] = b->q[0]; break;
	case VEC_LOW_W: o = (union xmm){ .d = { a->d[0] } }; break;
	case VEC_LOW_D: o = (union xmm){ .q = { a->q[0] } }; break;
	default: return false;
	}
	*r = o;
	return true;
}

static u64 signs(const union xmm *a, unsigned lane_bytes)
{
	u64 m = 0;

	for (unsigned i = 0; i < 16 / lane_bytes; i++)
		m |= (u64)(a->b[i * lane_bytes + lane_bytes - 1] >> 7) << i;
	return m;
}

/* Between vectors and integers. */
static bool transfers(unsigned row, unsigned imm, union xmm *r, const union xmm *a,
		      const union xmm *b)
{
	union xmm o = { .q = { 0, 0 } };

	switch (row) {
	case VEC_FROM_W: o.d[0] = a->d[0]; break;
	case VEC_FROM_D: o.q[0] = a->q[0]; break;
	case VEC_LANE_W: o.q[0] = (u64)(s32)a->d[imm & 3]; break;
	case VEC_LANE_H: o.q[0] = a->w[imm & 7]; break;
	case VEC_LANE_D: o.q[0] = a->q[imm & 1]; break;
	case VEC_SETLANE_H:
		o = *a;
		o.w[imm & 7] = b->w[0];
		break;
	case VEC_MASK_B: o.q[0] = signs(a, 1); break;
	case VEC_MASK_W: o.q[0] = signs(a, 4); break;
	case VEC_MASK_D: o.q[0] = signs(a, 8); break;
	default: return false;
	}
	*r = o;
	return true;
}

bool vec_eval_int(unsigned row, unsigned imm, union xmm *r, const union xmm *a, const union xmm *b)
{
	return lanewise(row, r, a, b) || crosswise(row, r, a, b) ||
	       neighbours(row, r, a, b) || shifts(row, imm, r, a, b) ||
	       selections(row, imm, r, a, b) || transfers(row, imm, r, a, b);
}
