/* SPDX-License-Identifier: BSD-2-Clause */
/* Evaluation of the floating-point rows: lanes handed to dbt/fp/softsse.h. */
#include "dbt/ir/vec.h"

#include "dbt/fp/softsse.h"

static u64 get(const union xmm *v, unsigned lane, bool dbl)
{
	return dbl ? v->q[lane] : v->d[lane];
}

static void put(union xmm *v, unsigned lane, bool dbl, u64 x)
{
	if (dbl)
		v->q[lane] = x;
	else
		v->d[lane] = (u32)x;
}

static u64 lane_op(unsigned kind, unsigned imm, u64 a, u64 b, bool dbl, struct sse_env *e)
{
	switch (kind) {
	case VFP_ADD: return sse_add(a, b, dbl, e);
	case VFP_SUB: return sse_sub(a, b, dbl, e);
	case VFP_MUL: return sse_mul(a, b, dbl, e);
	case VFP_DIV: return sse_div(a, b, dbl, e);
	case VFP_MIN: return sse_min(a, b, dbl, e);
	case VFP_MAX: return sse_max(a, b, dbl, e);
	case VFP_SQRT: return sse_sqrt(a, dbl, e);
	case VFP_RCP: return sse_rcp((u32)a);
	case VFP_RSQRT: return sse_rsqrt((u32)a);
	case VFP_ROUND: return sse_round_int(a, imm, dbl, e);
	default: return sse_predicate(imm, a, b, dbl, e) ? ~0ull : 0;
	}
}

static void lanes(unsigned row, unsigned imm, union xmm *r, const union xmm *a, const union xmm *b,
		  struct sse_env *e)
{
	const struct vec_fp *f = &vec_fp[row];
	unsigned n = f->scalar ? 1 : f->is_double ? 2 : 4;

	for (unsigned i = 0; i < n; i++)
		put(r, i, f->is_double, lane_op(f->kind, imm, get(a, i, f->is_double),
						get(b, i, f->is_double), f->is_double, e));
}

/* SSE3's rows, or false. */
static bool across(unsigned row, union xmm *r, const union xmm *a, const union xmm *b,
		   struct sse_env *e)
{
	bool dbl = row == VEC_ADDSUB_PD || row == VEC_HADD_PD || row == VEC_HSUB_PD;
	bool minus = row == VEC_HSUB_PS || row == VEC_HSUB_PD;
	unsigned n = dbl ? 2 : 4;

	switch (row) {
	case VEC_ADDSUB_PS: case VEC_ADDSUB_PD:
		for (unsigned i = 0; i < n; i++)
			put(r, i, dbl, (i & 1 ? sse_add : sse_sub)(get(a, i, dbl), get(b, i, dbl),
								   dbl, e));
		return true;
	case VEC_HADD_PS: case VEC_HADD_PD: case VEC_HSUB_PS: case VEC_HSUB_PD:
		for (unsigned i = 0; i < n; i++) {
			const union xmm *s = i < n / 2 ? a : b;
			unsigned from = 2 * i % n;

			put(r, i, dbl, (minus ? sse_sub : sse_add)(get(s, from, dbl),
								   get(s, from + 1, dbl), dbl, e));
		}
		return true;
	}
	return false;
}

static void to_integers(unsigned row, union xmm *r, const union xmm *a, struct sse_env *e)
{
	bool dbl = row == VEC_CVT_PD_W || row == VEC_CVTT_PD_W;
	bool truncate = row == VEC_CVTT_PS_W || row == VEC_CVTT_PD_W;

	for (unsigned i = 0; i < (dbl ? 2 : 4); i++)
		r->d[i] = (u32)sse_to_int(get(a, i, dbl), dbl, truncate, 32, e);
}

static u64 comi(unsigned row, const union xmm *a, const union xmm *b, struct sse_env *e)
{
	bool dbl = row == VEC_COMI_LTS_SD || row == VEC_COMI_LT_SD || row == VEC_COMI_EQ_SD;
	bool signal = row == VEC_COMI_LTS_SS || row == VEC_COMI_LTS_SD;
	enum sse_order o = sse_compare(get(a, 0, dbl), get(b, 0, dbl), dbl, signal, e);

	if (row == VEC_COMI_EQ_SS || row == VEC_COMI_EQ_SD)
		return o == SSE_EQUAL || o == SSE_UNORDERED;
	return o == SSE_LESS || o == SSE_UNORDERED;
}

/* Between lane 0 and an integer, or false. */
static bool convert_scalar(unsigned row, union xmm *r, const union xmm *a, struct sse_env *e)
{
	u32 f = a->d[0];
	u64 d = a->q[0];

	switch (row) {
	case VEC_CVT_I_SS: r->d[0] = (u32)sse_from_int((s32)f, false, e); return true;
	case VEC_CVT_I_SD: r->q[0] = sse_from_int((s32)f, true, e); return true;
	case VEC_CVT_L_SS: r->d[0] = (u32)sse_from_int((s64)d, false, e); return true;
	case VEC_CVT_L_SD: r->q[0] = sse_from_int((s64)d, true, e); return true;
	case VEC_CVT_SS_I: r->q[0] = sse_to_int(f, false, false, 32, e); return true;
	case VEC_CVTT_SS_I: r->q[0] = sse_to_int(f, false, true, 32, e); return true;
	case VEC_CVT_SD_I: r->q[0] = sse_to_int(d, true, false, 32, e); return true;
	case VEC_CVTT_SD_I: r->q[0] = sse_to_int(d, true, true, 32, e); return true;
	case VEC_CVT_SS_L: r->q[0] = sse_to_int(f, false, false, 64, e); return true;
	case VEC_CVTT_SS_L: r->q[0] = sse_to_int(f, false, true, 64, e); return true;
	case VEC_CVT_SD_L: r->q[0] = sse_to_int(d, true, false, 64, e); return true;
	case VEC_CVTT_SD_L: r->q[0] = sse_to_int(d, true, true, 64, e); return true;
	}
	return false;
}

static bool convert(unsigned row, union xmm *r, const union xmm *a, struct sse_env *e)
{
	union xmm s = *a;

	switch (row) {
	case VEC_CVT_PS_PD:
		r->q[0] = sse_f32_to_f64(s.d[0], e);
		r->q[1] = sse_f32_to_f64(s.d[1], e);
		return true;
	case VEC_CVT_PD_PS:
		r->d[0] = sse_f64_to_f32(s.q[0], e);
		r->d[1] = sse_f64_to_f32(s.q[1], e);
		return true;
	case VEC_CVT_SS_SD: r->q[0] = sse_f32_to_f64(s.d[0], e); return true;
	case VEC_CVT_SD_SS: r->d[0] = sse_f64_to_f32(s.q[0], e); return true;
	case VEC_CVT_W_PS:
		for (unsigned i = 0; i < 4; i++)
			r->d[i] = (u32)sse_from_int((s32)s.d[i], false, e);
		return true;
	case VEC_CVT_W_PD:
		r->q[0] = sse_from_int((s32)s.d[0], true, e);
		r->q[1] = sse_from_int((s32)s.d[1], true, e);
		return true;
	}
	return false;
}

bool vec_eval_fp(unsigned row, unsigned imm, union xmm *r, const union xmm *a, const union xmm *b,
		 struct sse_env *e)
{
	if (vec_fp[row].kind != VFP_NONE) {
		lanes(row, imm, r, a, b, e);
		return true;
	}
	switch (row) {
	case VEC_CVT_PS_W: case VEC_CVTT_PS_W: case VEC_CVT_PD_W: case VEC_CVTT_PD_W:
		to_integers(row, r, a, e);
		return true;
	case VEC_COMI_LTS_SS: case VEC_COMI_LTS_SD: case VEC_COMI_LT_SS: case VEC_COMI_LT_SD:
	case VEC_COMI_EQ_SS: case VEC_COMI_EQ_SD:
		r->q[0] = comi(row, a, b, e);
		return true;
	}
	return across(row, r, a, b, e) || convert(row, r, a, e) || convert_scalar(row, r, a, e);
}
