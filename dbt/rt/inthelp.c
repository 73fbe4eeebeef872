/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * C helpers of the integer unit. The decimal adjustments take AX, EFLAGS and a
 * base, and return AX | flags << 16 (SDM vol. 2: AAA AAD AAM AAS DAA DAS).
 */
#include "dbt/ir/helpers.h"
#include "dbt/x86/cc.h"

static u32 szp(u8 v) { return cc_compute(CC_LOGIC, 0, v, 0, 0, 0); }

u64 helper_aaa(struct vcpu *c, u64 ax, u64 f, u64 d)
{
	bool adjust = (ax & 15) > 9 || (f & FL_AF);

	(void)c, (void)d;
	if (adjust)
		ax += 0x106;
	ax &= 0xff0f;
	return ax | (u64)(szp((u8)ax) | (adjust ? FL_AF | FL_CF : 0)) << 16;
}

u64 helper_aas(struct vcpu *c, u64 ax, u64 f, u64 d)
{
	bool adjust = (ax & 15) > 9 || (f & FL_AF);

	(void)c, (void)d;
	if (adjust)
		ax -= 0x106;
	ax &= 0xff0f;
	return ax | (u64)(szp((u8)ax) | (adjust ? FL_AF | FL_CF : 0)) << 16;
}

u64 helper_daa(struct vcpu *c, u64 ax, u64 f, u64 d)
{
	u8 al = (u8)ax, old = al;
	u32 out = 0;

	(void)c, (void)d;
	if ((al & 15) > 9 || (f & FL_AF)) {
		al += 6;
		out |= FL_AF;
	}
	if (old > 0x99 || (f & FL_CF)) {
		al += 0x60;
		out |= FL_CF;
	}
	return (ax & 0xff00) | al | (u64)(szp(al) | out) << 16;
}

u64 helper_das(struct vcpu *c, u64 ax, u64 f, u64 d)
{
	u8 al = (u8)ax, old = al;
	u32 out = 0;

	(void)c, (void)d;
	if ((al & 15) > 9 || (f & FL_AF)) {
		if (al < 6)
			out |= FL_CF;
		al -= 6;
		out |= FL_AF;
	}
	if (old > 0x99 || (f & FL_CF)) {
		al -= 0x60;
		out |= FL_CF;
	}
	return (ax & 0xff00) | al | (u64)(szp(al) | out) << 16;
}

u64 helper_aam(struct vcpu *c, u64 ax, u64 f, u64 base)
{
	u8 al = (u8)ax;

	(void)c, (void)f;
	ax = (u64)(al / base) << 8 | al % base;
	return ax | (u64)szp((u8)ax) << 16;
}

u64 helper_aad(struct vcpu *c, u64 ax, u64 f, u64 base)
{
	u8 al = (u8)(ax + (ax >> 8 & 0xff) * base);

	(void)c, (void)f;
	return al | (u64)szp(al) << 16;
}

/* The six flags of the pinned operands. */
u64 helper_entry_flags(struct vcpu *c, u64 op, u64 a, u64 b)
{
	return cc_pinned(op, a, b, c->cc_r);
}

/* -- 128 bits, hi:lo, by 64 (SDM vol. 2: DIV, IDIV). Where div and idiv are asked, it fits -- */

static unsigned __int128 dividend(u64 hi, u64 lo) { return (unsigned __int128)hi << 64 | lo; }

u64 helper_div_q(struct vcpu *c, u64 hi, u64 lo, u64 d)
{
	(void)c;
	return (u64)(dividend(hi, lo) / d);
}

u64 helper_div_r(struct vcpu *c, u64 hi, u64 lo, u64 d)
{
	(void)c;
	return (u64)(dividend(hi, lo) % d);
}

static u64 magnitude(u64 d) { return (s64)d < 0 ? 0 - d : d; }

/* The quotient's magnitude. d is not 0. */
static unsigned __int128 signed_quotient(u64 hi, u64 lo, u64 d)
{
	unsigned __int128 n = dividend(hi, lo);

	return ((s64)hi < 0 ? 0 - n : n) / magnitude(d);
}

static bool differ(u64 hi, u64 d) { return (s64)(hi ^ d) < 0; }

u64 helper_idiv_bad(struct vcpu *c, u64 hi, u64 lo, u64 d)
{
	(void)c;
	return !d || signed_quotient(hi, lo, d) > (u64)INT64_MAX + differ(hi, d);
}

u64 helper_idiv_q(struct vcpu *c, u64 hi, u64 lo, u64 d)
{
	u64 q = (u64)signed_quotient(hi, lo, d);

	(void)c;
	return differ(hi, d) ? 0 - q : q;
}

u64 helper_idiv_r(struct vcpu *c, u64 hi, u64 lo, u64 d)
{
	return lo - helper_idiv_q(c, hi, lo, d) * d;
}
