/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole x87 states through one instruction, on the CPU and in dbt/fp/x87: control, status and
 * tag word, all eight registers, memory operand, EFLAGS and AX. Used by
 * qemu-test/unit/test_x87.c and the long fuzzer.
 * Invariant: images are compared as bytes; only the CPU says what is right.
 */
#ifndef QEMU_TEST_FUZZ_SOFTFP_X87_CASES_H
#define QEMU_TEST_FUZZ_SOFTFP_X87_CASES_H

#include <stdio.h>

#include "dbt/fp/x87.h"
#include "qemu-test/fuzz/softfp_operands.h"
#include "qemu-test/fuzz/softfp_vendor.h"

#define XT_MEM 512
#define XT_FLAGS 0x8d5u		/* OF SF ZF AF PF CF */

/* One run: the unit, the operand's memory, flags and AX. */
struct xt_run {
	struct x87 x;
	_Alignas(16) u8 mem[XT_MEM];
	u64 flags, ax;
	unsigned i;		/* the i of ST(i) */
};

struct xt_case {
	const char *name;
	u8 insn[4];
	unsigned length;
	bool st_i;		/* the last byte is + i */
	void (*model)(struct xt_run *r);
	bool approximate;	/* registers may differ by a unit in the last place, and C1 */
	bool pointers;		/* FIP, FDP, FOP come from memory and are compared */
};

static unsigned long xt_passed, xt_failed, xt_near;
static bool xt_no_selectors;		/* VENDOR_NO_FCS_FDS */

static inline void xt_vendor_init(void)
{
	sf_vendor_init();
	xt_no_selectors = vendor_rules() & VENDOR_NO_FCS_FDS;
}

static u64 xt_get(const struct xt_run *r, unsigned bytes)
{
	u64 v = 0;
	memcpy(&v, r->mem, bytes);
	return v;
}

static struct f80 xt_get80(const struct xt_run *r)
{
	struct f80 v;
	memcpy(&v.mant, r->mem, 8);
	memcpy(&v.se, r->mem + 8, 2);
	return v;
}

static void xt_store(struct xt_run *r, struct x87_store s, unsigned bytes, bool pop)
{
	if (s.write) {
		memcpy(r->mem, &s.lo, bytes < 8 ? bytes : 8);
		if (bytes == 10)
			memcpy(r->mem + 8, &s.hi, 2);
	}
	x87_store_done(&r->x, s, pop);
}

#define XT(name, body) static void xt_##name(struct xt_run *r) { body; }
#define XT_ARITH_MODELS(op, digit) \
	XT(op##_st0, x87_f##op##_st0(&r->x, r->i)) \
	XT(op##_sti, x87_f##op##_sti(&r->x, r->i, false)) \
	XT(op##_stip, x87_f##op##_sti(&r->x, r->i, true)) \
	XT(op##_f32, x87_f##op##_f32(&r->x, (u32)xt_get(r, 4))) \
	XT(op##_f64, x87_f##op##_f64(&r->x, xt_get(r, 8))) \
	XT(op##_i32, x87_f##op##_int(&r->x, (s32)xt_get(r, 4))) \
	XT(op##_i16, x87_f##op##_int(&r->x, (s16)xt_get(r, 2)))
X87_ARITH(XT_ARITH_MODELS)

XT(fld_st, x87_fld_st(&r->x, r->i))
XT(fld_f32, x87_fld_f32(&r->x, (u32)xt_get(r, 4)))
XT(fld_f64, x87_fld_f64(&r->x, xt_get(r, 8)))
XT(fld_f80, x87_fld_f80(&r->x, xt_get80(r)))
XT(fild16, x87_fild(&r->x, (s16)xt_get(r, 2)))
XT(fild32, x87_fild(&r->x, (s32)xt_get(r, 4)))
XT(fild64, x87_fild(&r->x, (s64)xt_get(r, 8)))
XT(fbld, x87_fbld(&r->x, xt_get80(r)))
XT(fld1, x87_fld_const(&r->x, X87_1))
XT(fldl2t, x87_fld_const(&r->x, X87_L2T))
XT(fldl2e, x87_fld_const(&r->x, X87_L2E))
XT(fldpi, x87_fld_const(&r->x, X87_PI))
XT(fldlg2, x87_fld_const(&r->x, X87_LG2))
XT(fldln2, x87_fld_const(&r->x, X87_LN2))
XT(fldz, x87_fld_const(&r->x, X87_Z))
XT(fst_f32, xt_store(r, x87_store_f32(&r->x), 4, false))
XT(fstp_f32, xt_store(r, x87_store_f32(&r->x), 4, true))
XT(fst_f64, xt_store(r, x87_store_f64(&r->x), 8, false))
XT(fstp_f64, xt_store(r, x87_store_f64(&r->x), 8, true))
XT(fstp_f80, xt_store(r, x87_store_f80(&r->x), 10, true))
XT(fist16, xt_store(r, x87_store_int(&r->x, 16, false), 2, false))
XT(fistp16, xt_store(r, x87_store_int(&r->x, 16, false), 2, true))
XT(fist32, xt_store(r, x87_store_int(&r->x, 32, false), 4, false))
XT(fistp32, xt_store(r, x87_store_int(&r->x, 32, false), 4, true))
XT(fistp64, xt_store(r, x87_store_int(&r->x, 64, false), 8, true))
XT(fisttp16, xt_store(r, x87_store_int(&r->x, 16, true), 2, true))
XT(fisttp32, xt_store(r, x87_store_int(&r->x, 32, true), 4, true))
XT(fisttp64, xt_store(r, x87_store_int(&r->x, 64, true), 8, true))
XT(fbstp, xt_store(r, x87_store_bcd(&r->x), 10, true))
XT(fst_st, x87_fst_st(&r->x, r->i, false))
XT(fstp_st, x87_fst_st(&r->x, r->i, true))
XT(fstpnce, x87_fstpnce(&r->x, r->i))
XT(fxch, x87_fxch(&r->x, r->i))
XT(ffree, x87_ffree(&r->x, r->i))
XT(ffreep, x87_ffreep(&r->x, r->i))
XT(fincstp, x87_fincstp(&r->x))
XT(fdecstp, x87_fdecstp(&r->x))
XT(fcom, x87_fcom_st(&r->x, r->i, false, 0))
XT(fcomp, x87_fcom_st(&r->x, r->i, false, 1))
XT(fcompp, x87_fcom_st(&r->x, 1, false, 2))
XT(fucom, x87_fcom_st(&r->x, r->i, true, 0))
XT(fucomp, x87_fcom_st(&r->x, r->i, true, 1))
XT(fucompp, x87_fcom_st(&r->x, 1, true, 2))
XT(fcom_f32, x87_fcom_f32(&r->x, (u32)xt_get(r, 4), 0))
XT(fcomp_f32, x87_fcom_f32(&r->x, (u32)xt_get(r, 4), 1))
XT(fcom_f64, x87_fcom_f64(&r->x, xt_get(r, 8), 0))
XT(fcomp_f64, x87_fcom_f64(&r->x, xt_get(r, 8), 1))
XT(ficom32, x87_fcom_int(&r->x, (s32)xt_get(r, 4), 0))
XT(ficomp32, x87_fcom_int(&r->x, (s32)xt_get(r, 4), 1))
XT(ficom16, x87_fcom_int(&r->x, (s16)xt_get(r, 2), 0))
XT(ficomp16, x87_fcom_int(&r->x, (s16)xt_get(r, 2), 1))
#define XT_COMI(name, quiet, pop) \
	XT(name, r->flags = (r->flags & ~(u64)XT_FLAGS) | x87_fcomi(&r->x, r->i, quiet, pop))
XT_COMI(fcomi, false, false)
XT_COMI(fcomip, false, true)
XT_COMI(fucomi, true, false)
XT_COMI(fucomip, true, true)
XT(ftst, x87_ftst(&r->x))
XT(fxam, x87_fxam(&r->x))
XT(fchs, x87_fchs(&r->x))
XT(fabs, x87_fabs(&r->x))
XT(fsqrt, x87_fsqrt(&r->x))
XT(frndint, x87_frndint(&r->x))
XT(fprem, x87_fprem(&r->x, false))
XT(fprem1, x87_fprem(&r->x, true))
XT(fscale, x87_fscale(&r->x))
XT(fxtract, x87_fxtract(&r->x))
XT(f2xm1, x87_f2xm1(&r->x))
XT(fyl2x, x87_fyl2x(&r->x))
XT(fyl2xp1, x87_fyl2xp1(&r->x))
XT(fptan, x87_fptan(&r->x))
XT(fpatan, x87_fpatan(&r->x))
XT(fsin, x87_fsin(&r->x))
XT(fcos, x87_fcos(&r->x))
XT(fsincos, x87_fsincos(&r->x))
XT(fcmovb, x87_fcmov(&r->x, r->i, r->flags & 1))
XT(fcmove, x87_fcmov(&r->x, r->i, r->flags & 0x40))
XT(fcmovbe, x87_fcmov(&r->x, r->i, r->flags & 0x41))
XT(fcmovu, x87_fcmov(&r->x, r->i, r->flags & 4))
XT(fcmovnb, x87_fcmov(&r->x, r->i, !(r->flags & 1)))
XT(fcmovne, x87_fcmov(&r->x, r->i, !(r->flags & 0x40)))
XT(fcmovnbe, x87_fcmov(&r->x, r->i, !(r->flags & 0x41)))
XT(fcmovnu, x87_fcmov(&r->x, r->i, !(r->flags & 4)))
XT(fnop, (void)r)
XT(fclex, x87_fclex(&r->x))
XT(finit, x87_finit(&r->x))
XT(fldcw, x87_fldcw(&r->x, (u16)xt_get(r, 2)))
XT(fnstcw, memcpy(r->mem, &r->x.cw, 2))
XT(fnstsw, memcpy(r->mem, &r->x.sw, 2))
XT(fnstsw_ax, r->ax = (r->ax & ~0xffffull) | r->x.sw)
XT(fldenv32, x87_fldenv(&r->x, X87_PROT32, r->mem))
XT(fldenv16, x87_fldenv(&r->x, X87_PROT16, r->mem))
XT(fnstenv32, x87_env_image(&r->x, X87_PROT32, r->mem); x87_fstenv_done(&r->x))
XT(fnstenv16, x87_env_image(&r->x, X87_PROT16, r->mem); x87_fstenv_done(&r->x))
XT(frstor32, x87_frstor(&r->x, X87_PROT32, r->mem))
XT(frstor16, x87_frstor(&r->x, X87_PROT16, r->mem))
XT(fnsave32, x87_save_image(&r->x, X87_PROT32, r->mem); x87_finit(&r->x))
XT(fnsave16, x87_save_image(&r->x, X87_PROT16, r->mem); x87_finit(&r->x))
XT(fxsave, x87_fxsave(&r->x, false, r->mem))
XT(fxsave64, x87_fxsave(&r->x, true, r->mem))
XT(fxrstor, x87_fxrstor(&r->x, false, r->mem))
XT(fxrstor64, x87_fxrstor(&r->x, true, r->mem))
/* What lifted MMX code does to tags and TOP (dbt/lift/mmx.c). */
static void xt_mmx_tags(struct x87 *x, u8 valid)
{
	x->sw &= (u16)~X87_SW_TOP;
	x->valid = valid;
}
XT(emms, xt_mmx_tags(&r->x, 0))
XT(movq_load, xt_mmx_tags(&r->x, 0xff); x87_mmx_set(&r->x, 3, xt_get(r, 8)))
XT(movq_store, xt_mmx_tags(&r->x, 0xff); u64 v = x87_mmx_get(&r->x, 3); memcpy(r->mem, &v, 8))

#define XT_M(reg) ((reg) << 3 | 2)
#define XT_ARITH_ROWS(op, digit) \
	{ "f" #op " st0,sti", { 0xd8, 0xc0 + 8 * digit }, 2, true, xt_##op##_st0, false, false }, \
	{ "f" #op " m32", { 0xd8, XT_M(digit) }, 2, false, xt_##op##_f32, false, false }, \
	{ "f" #op " m64", { 0xdc, XT_M(digit) }, 2, false, xt_##op##_f64, false, false }, \
	{ "fi" #op " m32", { 0xda, XT_M(digit) }, 2, false, xt_##op##_i32, false, false }, \
	{ "fi" #op " m16", { 0xde, XT_M(digit) }, 2, false, xt_##op##_i16, false, false },
/* DC and DE encode SUB and SUBR, DIV and DIVR of ST(i) the other way round. */
#define XT_STI(op, code) \
	{ "f" #op " sti,st0", { 0xdc, code }, 2, true, xt_##op##_sti, false, false }, \
	{ "f" #op "p", { 0xde, code }, 2, true, xt_##op##_stip, false, false },
#define XT_ST(name, a, b) { #name, { a, b }, 2, true, xt_##name, false, false }
#define XT_OP(name, a, b) { #name, { a, b }, 2, false, xt_##name, false, false }
#define XT_NEAR(name, a, b) { #name, { a, b }, 2, false, xt_##name, true, false }
#define XT_PTR(name, n, ...) { #name, { __VA_ARGS__ }, n, false, xt_##name, false, true }

static const struct xt_case xt_cases[] = {
	X87_ARITH(XT_ARITH_ROWS)
	XT_STI(add, 0xc0) XT_STI(mul, 0xc8) XT_STI(subr, 0xe0) XT_STI(sub, 0xe8)
	XT_STI(divr, 0xf0) XT_STI(div, 0xf8)
	XT_ST(fcom, 0xd8, 0xd0), XT_ST(fcomp, 0xd8, 0xd8), XT_OP(fcompp, 0xde, 0xd9),
	XT_ST(fcom, 0xdc, 0xd0), XT_ST(fcomp, 0xdc, 0xd8), XT_ST(fcomp, 0xde, 0xd0),
	XT_OP(fcom_f32, 0xd8, XT_M(2)), XT_OP(fcomp_f32, 0xd8, XT_M(3)),
	XT_OP(fcom_f64, 0xdc, XT_M(2)), XT_OP(fcomp_f64, 0xdc, XT_M(3)),
	XT_OP(ficom32, 0xda, XT_M(2)), XT_OP(ficomp32, 0xda, XT_M(3)),
	XT_OP(ficom16, 0xde, XT_M(2)), XT_OP(ficomp16, 0xde, XT_M(3)),
	XT_ST(fucom, 0xdd, 0xe0), XT_ST(fucomp, 0xdd, 0xe8), XT_OP(fucompp, 0xda, 0xe9),
	XT_ST(fcomi, 0xdb, 0xf0), XT_ST(fcomip, 0xdf, 0xf0),
	XT_ST(fucomi, 0xdb, 0xe8), XT_ST(fucomip, 0xdf, 0xe8),
	XT_OP(ftst, 0xd9, 0xe4), XT_OP(fxam, 0xd9, 0xe5),
	XT_ST(fld_st, 0xd9, 0xc0), XT_ST(fxch, 0xd9, 0xc8), XT_OP(fnop, 0xd9, 0xd0),
	XT_ST(fxch, 0xdd, 0xc8), XT_ST(fxch, 0xdf, 0xc8),
	XT_ST(fstpnce, 0xd9, 0xd8), XT_ST(fstp_st, 0xdf, 0xd0), XT_ST(fstp_st, 0xdf, 0xd8),
	XT_OP(fld_f32, 0xd9, XT_M(0)), XT_OP(fst_f32, 0xd9, XT_M(2)),
	XT_OP(fstp_f32, 0xd9, XT_M(3)), XT_OP(fld_f64, 0xdd, XT_M(0)),
	XT_OP(fst_f64, 0xdd, XT_M(2)), XT_OP(fstp_f64, 0xdd, XT_M(3)),
	XT_OP(fld_f80, 0xdb, XT_M(5)), XT_OP(fstp_f80, 0xdb, XT_M(7)),
	XT_OP(fild16, 0xdf, XT_M(0)), XT_OP(fild32, 0xdb, XT_M(0)), XT_OP(fild64, 0xdf, XT_M(5)),
	XT_OP(fist16, 0xdf, XT_M(2)), XT_OP(fistp16, 0xdf, XT_M(3)),
	XT_OP(fist32, 0xdb, XT_M(2)), XT_OP(fistp32, 0xdb, XT_M(3)), XT_OP(fistp64, 0xdf, XT_M(7)),
	XT_OP(fisttp16, 0xdf, XT_M(1)), XT_OP(fisttp32, 0xdb, XT_M(1)),
	XT_OP(fisttp64, 0xdd, XT_M(1)), XT_OP(fbld, 0xdf, XT_M(4)), XT_OP(fbstp, 0xdf, XT_M(6)),
	XT_OP(fchs, 0xd9, 0xe0), XT_OP(fabs, 0xd9, 0xe1),
	XT_OP(fld1, 0xd9, 0xe8), XT_OP(fldl2t, 0xd9, 0xe9), XT_OP(fldl2e, 0xd9, 0xea),
	XT_OP(fldpi, 0xd9, 0xeb), XT_OP(fldlg2, 0xd9, 0xec), XT_OP(fldln2, 0xd9, 0xed),
	XT_OP(fldz, 0xd9, 0xee), XT_OP(fxtract, 0xd9, 0xf4), XT_OP(fprem1, 0xd9, 0xf5),
	XT_OP(fdecstp, 0xd9, 0xf6), XT_OP(fincstp, 0xd9, 0xf7), XT_OP(fprem, 0xd9, 0xf8),
	XT_OP(fsqrt, 0xd9, 0xfa), XT_OP(frndint, 0xd9, 0xfc), XT_OP(fscale, 0xd9, 0xfd),
	XT_NEAR(f2xm1, 0xd9, 0xf0), XT_NEAR(fyl2x, 0xd9, 0xf1), XT_NEAR(fptan, 0xd9, 0xf2),
	XT_NEAR(fpatan, 0xd9, 0xf3), XT_NEAR(fyl2xp1, 0xd9, 0xf9), XT_NEAR(fsincos, 0xd9, 0xfb),
	XT_NEAR(fsin, 0xd9, 0xfe), XT_NEAR(fcos, 0xd9, 0xff),
	XT_ST(fcmovb, 0xda, 0xc0), XT_ST(fcmove, 0xda, 0xc8), XT_ST(fcmovbe, 0xda, 0xd0),
	XT_ST(fcmovu, 0xda, 0xd8), XT_ST(fcmovnb, 0xdb, 0xc0), XT_ST(fcmovne, 0xdb, 0xc8),
	XT_ST(fcmovnbe, 0xdb, 0xd0), XT_ST(fcmovnu, 0xdb, 0xd8),
	XT_ST(ffree, 0xdd, 0xc0), XT_ST(ffreep, 0xdf, 0xc0),
	XT_ST(fst_st, 0xdd, 0xd0), XT_ST(fstp_st, 0xdd, 0xd8),
	XT_OP(fclex, 0xdb, 0xe2), XT_OP(finit, 0xdb, 0xe3),
	XT_OP(fnop, 0xdb, 0xe0), XT_OP(fnop, 0xdb, 0xe1), XT_OP(fnop, 0xdb, 0xe4),
	XT_OP(fldcw, 0xd9, XT_M(5)), XT_OP(fnstcw, 0xd9, XT_M(7)), XT_OP(fnstsw, 0xdd, XT_M(7)),
	XT_OP(fnstsw_ax, 0xdf, 0xe0),
	XT_PTR(fldenv32, 2, 0xd9, XT_M(4)), XT_PTR(fldenv16, 3, 0x66, 0xd9, XT_M(4)),
	XT_PTR(frstor32, 2, 0xdd, XT_M(4)), XT_PTR(frstor16, 3, 0x66, 0xdd, XT_M(4)),
	XT_PTR(fnstenv32, 2, 0xd9, XT_M(6)), XT_PTR(fnstenv16, 3, 0x66, 0xd9, XT_M(6)),
	XT_PTR(fnsave32, 2, 0xdd, XT_M(6)), XT_PTR(fnsave16, 3, 0x66, 0xdd, XT_M(6)),
	XT_PTR(fxsave, 3, 0x0f, 0xae, XT_M(0)), XT_PTR(fxsave64, 4, 0x48, 0x0f, 0xae, XT_M(0)),
	XT_PTR(fxrstor, 3, 0x0f, 0xae, XT_M(1)), XT_PTR(fxrstor64, 4, 0x48, 0x0f, 0xae, XT_M(1)),
	XT_OP(emms, 0x0f, 0x77),
	{ "movq mm3,m64", { 0x0f, 0x6f, XT_M(3) }, 3, false, xt_movq_load, false, false },
	{ "movq m64,mm3", { 0x0f, 0x7f, XT_M(3) }, 3, false, xt_movq_store, false, false },
};

static oracle_fn xt_stub(const struct xt_case *c, unsigned i)
{
	static oracle_fn cache[ARRAY_LEN(xt_cases)][8];
	oracle_fn *slot = &cache[c - xt_cases][i];
	if (!*slot) {
		u8 insn[4];
		memcpy(insn, c->insn, 4);
		insn[c->length - 1] = (u8)(insn[c->length - 1] + i);
		*slot = oracle_make(insn, c->length);
	}
	return *slot;
}

/* Which registers are valid: anything, or as many as a program would have pushed. */
static u16 xt_valid(unsigned top)
{
	u64 r = oracle_rand();
	if (r & 1)
		return (u16)((r >> 8 | r >> 16 | r >> 24) & 0xff);
	unsigned depth = (r >> 8) % 9, v = 0;
	for (unsigned k = 0; k < depth; k++)
		v |= 1u << ((top + k) & 7);
	return (u16)v;
}

/* A state without a pending unmasked exception, as there is before any waiting instruction. */
static void xt_random(struct xt_run *r)
{
	u64 bits = oracle_rand();
	memset(r, 0, sizeof(*r));
	r->x.cw = sf_control_word();
	if (bits >> 50 & 1)		/* infinity control: a bit without meaning */
		r->x.cw |= 0x1000;
	r->x.sw = (u16)(bits & (X87_SW_TOP | FP_CC | FP_SF));
	r->x.sw |= (u16)(bits >> 16 & r->x.cw & FP_EXC);
	r->x.valid = xt_valid(x87_top(&r->x));
	for (unsigned n = 0; n < 8; n++)
		r->x.r[n] = sf_operand();
	if (bits >> 48 & 1)
		r->x.r[(x87_top(&r->x) + 1) & 7].se = r->x.r[x87_top(&r->x)].se;
	for (unsigned n = 0; n < XT_MEM; n += 8) {
		u64 m = oracle_rand();
		memcpy(r->mem + n, &m, 8);
	}
	r->i = bits >> 40 & 7;
	r->flags = 2 | (bits >> 24 & XT_FLAGS);
	r->ax = oracle_rand();
}

/* A memory operand that suits the width more often than a random one does. */
static void xt_operand(struct xt_run *r)
{
	struct fpenv e = { 0x37f, 0 };
	struct f80 v = sf_operand();
	u64 kind = oracle_rand() & 7, m = v.mant;
	if (kind < 3)
		m = f80_to_f32(v, &e);
	else if (kind < 6)
		m = f80_to_f64(v, &e);
	else if (kind == 6)
		m = oracle_rand() >> 20 & 3;
	memcpy(r->mem, &m, 8);
	memcpy(r->mem + 8, &v.se, 2);
}

static void xt_print(const char *who, const struct oracle_image *m, const struct xt_run *r)
{
	printf("  %s cw %04x sw %04x tw %04x mem %016llx %04x flags %03x", who, m->cw & 0xffff,
	       m->sw & 0xffff, m->tw & 0xffff, (unsigned long long)xt_get(r, 8),
	       xt_get80(r).se, (unsigned)r->flags & 0xfff);
	for (unsigned i = 0; i < 8; i++) {
		u64 v;
		u16 se;
		memcpy(&v, m->st[i], 8);
		memcpy(&se, m->st[i] + 8, 2);
		printf("%s%04x:%016llx", i % 4 ? " " : "\n      ", se, (unsigned long long)v);
	}
	printf("\n");
}

static bool xt_same(const struct xt_case *c, const struct oracle_image *want,
		    const struct oracle_image *got)
{
	struct oracle_image a = *want, b = *got;
	if (!c->pointers) {
		a.fip = a.fcs_fop = a.fdp = a.fds = 0;
		b.fip = b.fcs_fop = b.fdp = b.fds = 0;
	} else if (xt_no_selectors) {		/* then ours are 0, and so must the CPU's be */
		b.fcs_fop &= 0xffff0000u;
		b.fds &= 0xffff0000u;
	}
	return !memcmp(&a, &b, sizeof(a));
}

/* Of approximate rows: where a register differs by a unit, take over the CPU's, and C1. */
static bool xt_forgive(const struct oracle_image *want, struct oracle_image *got)
{
	bool near = false;
	for (unsigned i = 0; i < 8; i++) {
		struct f80 a, b;
		memcpy(&a.mant, want->st[i], 8);
		memcpy(&a.se, want->st[i] + 8, 2);
		memcpy(&b.mant, got->st[i], 8);
		memcpy(&b.se, got->st[i] + 8, 2);
		if (!memcmp(want->st[i], got->st[i], 10) || !sf_close(a, b))
			continue;
		memcpy(got->st[i], want->st[i], 10);
		near = true;
	}
	if (near) {
		got->sw = (got->sw & ~FP_C1) | (want->sw & FP_C1);
		got->tw = want->tw;	/* a neighbour may be the least normal */
	} else if (!((got->sw ^ want->sw) & ~FP_C1)) {
		got->sw = want->sw;	/* the CPU's C1 follows its own error */
		near = true;
	}
	return near;
}

/* FXSAVE's MXCSR must be sane going in; it and the XMM registers are not ours coming out. */
static bool xt_is_fx(const struct xt_case *c)
{
	return c->length > 2 && c->insn[c->length - 2] == 0xae;
}

static void xt_fx_in(struct xt_run *r)
{
	const u32 mxcsr = 0x1f80;
	memcpy(r->mem + 24, &mxcsr, 4);
}

static void xt_fx_out(struct xt_run *r, const struct xt_run *native)
{
	memcpy(r->mem + 24, native->mem + 24, 8);
	memcpy(r->mem + 160, native->mem + 160, XT_MEM - 160);
}

/* One run on the CPU: r becomes what it leaves, the unit's state goes to out. */
static void xt_native(const struct xt_case *c, struct xt_run *r, struct oracle_image *out)
{
	struct oracle_image in;
	struct oracle_regs regs = { r->flags, r->ax };
	x87_save_image(&r->x, X87_PROT32, (u8 *)&in);
	xt_stub(c, c->st_i ? r->i : 0)(&in, out, r->mem, &regs);
	r->flags = regs.flags;
	r->ax = regs.ax;
}

/* The CPU's results in native and want, ours in r and got. */
static bool xt_equal(const struct xt_case *c, const struct xt_run *native, const struct xt_run *r,
		     const struct oracle_image *want, const struct oracle_image *got)
{
	return xt_same(c, want, got) && !memcmp(native->mem, r->mem, XT_MEM) &&
	       native->ax == r->ax && !((native->flags ^ r->flags) & XT_FLAGS);
}

static void xt_report(const struct xt_case *c, const struct xt_run *start,
		      const struct xt_run *native, const struct xt_run *r,
		      const struct oracle_image *want, const struct oracle_image *got)
{
	static unsigned shown[ARRAY_LEN(xt_cases)];
	struct oracle_image in;
	xt_failed++;
	if (shown[c - xt_cases]++ >= 10)
		return;
	printf("FAIL %s %02x %02x i=%u%s\n", c->name, c->insn[0], c->insn[1], start->i,
	       memcmp(native->mem, r->mem, XT_MEM) ? " (memory)" : "");
	x87_save_image(&start->x, X87_PROT32, (u8 *)&in);
	xt_print("in  ", &in, start);
	xt_print("want", want, native);
	xt_print("got ", got, r);
}

/* ST(i) of r, if it is not empty. */
static bool xt_st(const struct xt_run *r, unsigned i, struct f80 *v)
{
	unsigned n = (x87_top(&r->x) + i) & 7;
	*v = r->x.r[n];
	return r->x.valid >> n & 1;
}

/* Our side by the rules of the vendor (softfp_vendor.h). Returns true for SF_TINY's. */
static bool xt_ours(const struct xt_case *c, struct xt_run *r)
{
	struct f80 a, b;
	u16 cw = r->x.cw;
	bool valid = xt_st(r, 0, &a), two = xt_st(r, 1, &b);
	bool pushes = c->model == xt_fsincos || c->model == xt_fptan;
	bool full = pushes && xt_st(r, 7, &(struct f80){ 0 });
	bool tiny = valid && !full && sf_tiny(c->insn[0], c->insn[1], a);
	bool stays = valid && two && sf_no_underflow(c->insn[0], c->insn[1], a, b, cw);
	u16 underflow = r->x.sw & FP_UE;
	if (tiny)
		r->x.cw = sf_tiny_cw(cw);
	c->model(r);
	if (tiny) {
		r->x.cw = cw;
		r->x.sw &= (u16)~FP_C1;
		sf_rule_used[SF_TINY]++;
	} else if (sf_intel && c->model == xt_fsincos && valid && !full && !(r->x.sw & FP_C2)) {
		r->x.sw = (u16)((r->x.sw & ~FP_C1) | sf_cosine_c1(a, cw));
		sf_rule_used[SF_COSINE_C1]++;
	}
	if (stays) {
		r->x.r[x87_top(&r->x)] = a;
		r->x.sw = (u16)((r->x.sw & ~FP_UE) | underflow);
		sf_rule_used[SF_NO_UNDERFLOW]++;
	}
	return tiny;
}

/*
 * Run r on both sides and compare. A difference is looked at again: a context switch of the
 * host between FRSTOR and FNSAVE loses the instruction and data pointers on AMD.
 */
static bool xt_check(const struct xt_case *c, struct xt_run *start)
{
	struct oracle_image want, got;
	if (xt_is_fx(c))
		xt_fx_in(start);
	struct xt_run r = *start, native;
	bool tiny = xt_ours(c, &r);
	x87_save_image(&r.x, X87_PROT32, (u8 *)&got);
	for (int tries = 0; tries < 3; tries++) {
		native = *start;
		xt_native(c, &native, &want);
		if (xt_is_fx(c))
			xt_fx_out(&r, &native);
		if (c->approximate && !tiny && !xt_same(c, &want, &got) && xt_forgive(&want, &got))
			xt_near++;
		if (xt_equal(c, &native, &r, &want, &got)) {
			xt_passed++;
			return true;
		}
	}
	xt_report(c, start, &native, &r, &want, &got);
	return false;
}

static void xt_fuzz(unsigned long count)
{
	for (unsigned long k = 0; k < count; k++) {
		const struct xt_case *c = &xt_cases[k % ARRAY_LEN(xt_cases)];
		struct xt_run r;
		xt_random(&r);
		if (!c->pointers)
			xt_operand(&r);
		xt_check(c, &r);
	}
}

#endif
