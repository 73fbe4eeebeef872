/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The meaning of each lazy flag kind, by the SDM's definition of the six flags (vol. 1, 3.4.3.1).
 */
#include "dbt/x86/cc.h"

#include "dbt/x86/cpu.h"

/* PF if the low byte has an even number of ones; a bit of the constant for each half byte. */
static u32 parity(u64 r) { return 0x9669u >> ((r ^ r >> 4) & 15) & 1 ? FL_PF : 0; }

static u64 low(u64 v, unsigned width) { return v << (64 - width) >> (64 - width); }

/* ZF, SF, PF of the result whose width bits are at the top of r. */
static u32 top_flags(u64 r, u64 low_byte)
{
	return (u32)!r << 6 | (u32)(r >> 63) << 7 | parity(low_byte);
}

static u32 result_flags(u64 r, unsigned width) { return top_flags(r << (64 - width), r); }

/* With all bits at the top of a register carries, signs and zero are those of 64 bits. */
static u32 add_flags(u64 a, u64 b, u64 carry, unsigned width)
{
	u64 r = a + b + carry, af = (a ^ b ^ r) & FL_AF;
	u64 x = a << (64 - width), y = b << (64 - width), z = r << (64 - width);
	u32 cf = z < x || (carry && z == x);

	return (u32)(top_flags(z, r) | cf | af | ((x ^ z) & (y ^ z)) >> 63 << 11);
}

static u32 sub_flags(u64 a, u64 b, u64 borrow, unsigned width)
{
	u64 r = a - b - borrow, af = (a ^ b ^ r) & FL_AF;
	u64 x = a << (64 - width), y = b << (64 - width), z = r << (64 - width);
	u32 cf = x < y || (borrow && x == y);

	return (u32)(top_flags(z, r) | cf | af | ((x ^ y) & (x ^ z)) >> 63 << 11);
}

/*
 * Shifts by 1 … 31 (63). OF is defined for a count of 1 only; for others the same
 * formula is used, as hardware does. AF is undefined: cleared.
 */
static u32 shl_flags(u64 a, unsigned n, unsigned width)
{
	u64 r = n < width ? low(a << n, width) : 0;
	u32 cf = n <= width ? (low(a, width) >> (width - n)) & 1 : 0;
	u32 f = result_flags(r, width) | cf;

	if ((r >> (width - 1) & 1) != cf)
		f |= FL_OF;
	return f;
}

static u32 shr_flags(u64 a, unsigned n, unsigned width)
{
	u64 v = low(a, width);
	u64 before_last = n - 1 < 64 ? v >> (n - 1) : 0;
	u32 f = result_flags(before_last >> 1, width) | (before_last & 1);

	if (n == 1 && v >> (width - 1) & 1)
		f |= FL_OF;
	return f;
}

static u32 sar_flags(u64 a, unsigned n, unsigned width)
{
	s64 v = (s64)(a << (64 - width)) >> (64 - width);
	s64 before_last = v >> (n - 1 < 63 ? n - 1 : 63);

	return result_flags((u64)(before_last >> 1), width) | (before_last & 1);
}

static u32 inc_flags(u64 r, u32 cf, bool inc, unsigned width)
{
	u64 edge = 1ull << (width - 1);
	u32 f = result_flags(r, width) | cf;

	if (low(r, width) == (inc ? edge : edge - 1))
		f |= FL_OF;
	if ((r & 0xf) == (inc ? 0 : 0xf))
		f |= FL_AF;
	return f;
}

static u32 fcom_flags(u64 less, u64 equal)
{
	return (less & 1 ? FL_CF : 0) | (equal & 1 ? FL_ZF : 0) | (less & equal & 1 ? FL_PF : 0);
}

/* CF is the bit that went round; OF as rotations by 1 define it, which hardware does for others. */
static u32 rotate_flags(u64 r, unsigned cf_at, unsigned other, u32 before)
{
	u32 cf = r >> cf_at & 1, of = cf ^ (r >> other & 1);

	return (before & ~(u32)(FL_CF | FL_OF)) | cf | of << 11;
}

u32 cc_compute(unsigned kind, unsigned log2size, u64 a, u64 b, u64 c, u32 before)
{
	unsigned width = 8u << log2size;

	switch (kind) {
	case CC_EFLAGS: return a & FL_ARITH;
	case CC_ADD: return add_flags(a - b, b, 0, width);
	case CC_ADC: return add_flags(a - b - (c & 1), b, c & 1, width);
	case CC_SUB: return sub_flags(a + b, b, 0, width);
	case CC_SBB: return sub_flags(a + b + (c & 1), b, c & 1, width);
	case CC_CMP: return sub_flags(a, b, 0, width);
	case CC_LOGIC: return result_flags(a, width);
	case CC_INC_KEEP: return inc_flags(a, before & FL_CF, true, width);
	case CC_DEC_KEEP: return inc_flags(a, before & FL_CF, false, width);
	case CC_MUL: return result_flags(a, width) | (b ? FL_CF | FL_OF : 0);
	case CC_SHL: return shl_flags(a, b, width);
	case CC_SHR: return shr_flags(a, b, width);
	case CC_SAR: return sar_flags(a, b, width);
	case CC_FCOM: return fcom_flags(a, b);
	case CC_SHLV: return b ? shl_flags(a, b, width) : before;
	case CC_SHRV: return b ? shr_flags(a, b, width) : before;
	case CC_SARV: return b ? sar_flags(a, b, width) : before;
	case CC_ROL: return rotate_flags(a, 0, width - 1, before);
	case CC_ROR: return rotate_flags(a, width - 1, width - 2, before);
	case CC_CARRY: return (before & ~(u32)FL_CF) | (a & FL_CF);
	case CC_MASKED: return (before & ~b & FL_ARITH) | (a & b & FL_ARITH);
	}
	return before;
}

u32 cc_pinned(u64 op, u64 a, u64 b, u64 r)
{
	u32 f = cc_compute(CC_OP_KIND(op), CC_OP_SIZE(op), a, b, CC_OP_C(op), 0);
	unsigned over = (unsigned)op >> 8 & 15;

	if (op & CC_CARRIED)
		f = cc_compute(CC_CARRY, 0, op >> CC_CARRIED_CF, 0, 0, f);
	if (!over)
		return f;
	return cc_compute(over & 4 ? CC_DEC_KEEP : CC_INC_KEEP, over & 3, r, 0, 0, f);
}
