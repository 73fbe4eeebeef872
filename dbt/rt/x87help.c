/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * C helpers of the x87: from the arguments that lift/x87.c passes to the calls
 * of x87.h. They note instruction and operand first (SDM vol. 1, 8.1.8). Not
 * the arithmetic, and no guest memory but a probe.
 */
#include "dbt/ir/helpers.h"
#include "dbt/rt/x87state.h"
#include "dbt/sys/guestmem.h"

#define UNUSED3 (void)a, (void)b, (void)d

/* -- Last instruction and operand -- */

static inline void note(struct vcpu *c, u64 at)
{
	c->x87.fip = x87_fip(c, at, c->page);
	c->x87.fop = at >> X87_AT_FOP & 0x7ff;
	c->x87.fcs = c->seg[CS].sel;
	c->noted.at = at & 1ull << X87_AT_LONG;		/* the operand's, which may wait */
	c->noted.page = c->page;
}

static inline void note_mem(struct vcpu *c, u64 linear, u64 at)
{
	note(c, at);
	c->noted.linear = linear;
	c->noted.data = c->seg[at >> X87_AT_SEG & 7];
}

static inline bool pop_of(u64 at) { return at >> X87_AT_POP & 1; }

/* -- Shapes: a register number, or a memory operand and its address -- */

#define HELPER_REG(name, call) \
	u64 helper_x87_##name(struct vcpu *c, u64 a, u64 b, u64 d) \
	{ \
		struct x87 *x = &c->x87; \
		unsigned i = (unsigned)a; \
		(void)i, (void)b; \
		note(c, d); \
		call; \
		return 0; \
	}

#define HELPER_MEM(name, call) \
	u64 helper_x87_##name(struct vcpu *c, u64 v, u64 linear, u64 d) \
	{ \
		struct x87 *x = &c->x87; \
		note_mem(c, linear, d); \
		call; \
		return 0; \
	}

#define ARITH(op, digit) \
	HELPER_REG(f##op##_st0, x87_f##op##_st0(x, i)) \
	HELPER_REG(f##op##_sti, x87_f##op##_sti(x, i, false)) \
	HELPER_REG(f##op##_stp, x87_f##op##_sti(x, i, true)) \
	HELPER_MEM(f##op##_f32, x87_f##op##_f32(x, (u32)v)) \
	HELPER_MEM(f##op##_f64, x87_f##op##_f64(x, v)) \
	HELPER_MEM(f##op##_int, x87_f##op##_int(x, (s64)v))
X87_ARITH(ARITH)

HELPER_REG(fcom_st, x87_fcom_st(x, i, b >> 8, b & 0xff))
HELPER_MEM(fcom_f32, x87_fcom_f32(x, (u32)v, pop_of(d)))
HELPER_MEM(fcom_f64, x87_fcom_f64(x, v, pop_of(d)))
HELPER_MEM(fcom_int, x87_fcom_int(x, (s64)v, pop_of(d)))
HELPER_REG(fcmov, x87_fcmov(x, i, b & 1))

u64 helper_x87_fcomi(struct vcpu *c, u64 i, u64 how, u64 at)
{
	note(c, at);
	return x87_fcomi(&c->x87, (unsigned)i, how >> 8, how & 0xff);
}

/* -- Loads -- */

HELPER_MEM(fld_f32, x87_fld_f32(x, (u32)v))
HELPER_MEM(fld_f64, x87_fld_f64(x, v))
HELPER_MEM(fld_f80, x87_fld_f80(x, (struct f80){ v, (u16)c->help[X87_HELP_HI] }))
HELPER_MEM(fild, x87_fild(x, (s64)v))
HELPER_MEM(fbld, x87_fbld(x, (struct f80){ v, (u16)c->help[X87_HELP_HI] }))
HELPER_REG(fld_st, x87_fld_st(x, i))
HELPER_REG(fld_const, x87_fld_const(x, i))

/* -- Stores: the value first; the lifter writes it; then store_done. -- */

/* Ten bytes are eight and two: what is wrong with the first comes first. */
static u64 probe(struct vcpu *c, u64 linear, unsigned size, bool by_ss)
{
	unsigned first = size < 8 ? size : 8;
	struct fault f = g_probe(c, vcpu_linear(c, linear), first, g_own(c), true);

	if (!f.raised)
		f = g_probe(c, vcpu_linear(c, linear + first), size - first, g_own(c), true);
	if (f.raised && f.vector == EXC_GP && by_ss)
		f.vector = EXC_SS;
	if (f.raised)
		c->fault = f;
	return f.raised;
}

/*
 * A store that its exception forbids ends here, and the lifter goes on behind the instruction;
 * but memory that cannot be written is a fault first (AMD). Ten bytes on two pages are tried too:
 * they are written in two parts. Nonzero: a fault.
 */
static inline u64 stored(struct vcpu *c, struct x87_store s, unsigned size, u64 linear, u64 how,
			 u64 at)
{
	bool split = size > 8 && (linear & 0xfff) > 0x1000 - size;

	if ((!s.write || split) && probe(c, linear, size, how & X87_STORE_BY_SS))
		return 1;
	c->help[X87_HELP_EXC] = s.exc;
	c->help[X87_HELP_HI] = s.hi;
	c->help[X87_HELP_LO] = s.lo;
	c->help[X87_HELP_BLOCKED] = !s.write;
	if (!s.write) {
		note_mem(c, linear, at);
		x87_store_done(&c->x87, s, false);
	}
	return 0;
}

#define HELPER_STORE(name, size, value) \
	u64 helper_x87_##name(struct vcpu *c, u64 linear, u64 how, u64 at) \
	{ \
		return stored(c, value, size, linear, how, at); \
	}

HELPER_STORE(store_f32, 4, x87_store_f32(&c->x87))
HELPER_STORE(store_f64, 8, x87_store_f64(&c->x87))
HELPER_STORE(store_f80, 10, x87_store_f80(&c->x87))
HELPER_STORE(store_bcd, 10, x87_store_bcd(&c->x87))
HELPER_STORE(store_int, (how & 0xff) / 8, x87_store_int(&c->x87, how & 0xff, how >> 8 & 1))

u64 helper_x87_store_done(struct vcpu *c, u64 linear, u64 b, u64 at)
{
	struct x87_store s = { .exc = (u16)c->help[X87_HELP_EXC], .write = true };

	(void)b;
	note_mem(c, linear, at);
	x87_store_done(&c->x87, s, pop_of(at));
	return 0;
}

/* -- The register stack -- */

HELPER_REG(fst_st, x87_fst_st(x, i, b))
HELPER_REG(fstpnce, x87_fstpnce(x, i))
HELPER_REG(fxch, x87_fxch(x, i))
HELPER_REG(ffree, x87_ffree(x, i))
HELPER_REG(ffreep, x87_ffreep(x, i))
HELPER_REG(fincstp, x87_fincstp(x))
HELPER_REG(fdecstp, x87_fdecstp(x))
HELPER_REG(fnop, (void)x)
HELPER_REG(ftst, x87_ftst(x))
HELPER_REG(fxam, x87_fxam(x))
HELPER_REG(fchs, x87_fchs(x))
HELPER_REG(fabs, x87_fabs(x))
HELPER_REG(fsqrt, x87_fsqrt(x))
HELPER_REG(frndint, x87_frndint(x))
HELPER_REG(fscale, x87_fscale(x))
HELPER_REG(fprem, x87_fprem(x, false))
HELPER_REG(fprem1, x87_fprem(x, true))
HELPER_REG(fxtract, x87_fxtract(x))
HELPER_REG(f2xm1, x87_f2xm1(x))
HELPER_REG(fyl2x, x87_fyl2x(x))
HELPER_REG(fyl2xp1, x87_fyl2xp1(x))
HELPER_REG(fptan, x87_fptan(x))
HELPER_REG(fpatan, x87_fpatan(x))
HELPER_REG(fsin, x87_fsin(x))
HELPER_REG(fcos, x87_fcos(x))
HELPER_REG(fsincos, x87_fsincos(x))

/* -- What leaves tell apart -- */

#define AGAIN(name) \
	u64 helper_x87_##name##_again(struct vcpu *c, u64 a, u64 b, u64 d) \
	{ \
		return helper_x87_##name(c, a, b, d); \
	}
#include "dbt/ir/x87_again.def"

/* -- Control: not noted. IGNNE# lasts as long as the error (SDM vol. 1, D.2.1.1). -- */

#define HELPER_CONTROL(name, call) \
	u64 helper_x87_##name(struct vcpu *c, u64 a, u64 b, u64 d) \
	{ \
		UNUSED3; \
		call; \
		c->ignne &= x87_pending(&c->x87); \
		return 0; \
	}

HELPER_CONTROL(finit, (x87_settle(c), x87_finit(&c->x87)))
HELPER_CONTROL(fclex, x87_fclex(&c->x87))
HELPER_CONTROL(fldcw, x87_fldcw(&c->x87, (u16)a))
