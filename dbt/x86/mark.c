/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks in 16 bits, as digits of mixed radix: an immediate of that size is one instruction on any
 * host. P places: 9, or 17 in 64-bit code; S sizes: 3, or 4 there.
 *	plain	0, then 1 + ((b * P + a) * 4 + kind) * S + log2size
 *	over	1, then (((b * P + a) * 4 + kind) * 8 + over_reg) * 2 + dec; not in 64-bit code
 * a, b: the registers, then what is pinned, from P on constants, the first of them `min`.
 */
#include "dbt/x86/mark.h"

#include "dbt/x86/cc.h"

enum { OVER = 0x8000, KINDS = 4, REGS = 8 };
_Static_assert(CC_LOGIC == CC_ADD + KINDS - 1, "kinds");

struct radix {
	unsigned places, sizes, b;	/* b: how many digits it has */
	int min;
};

static struct radix radix_of(bool over, bool wide)
{
	struct radix r = { .places = wide ? 17 : 9, .sizes = wide ? 4 : 3 };

	r.min = over ? -8 : wide ? -20 : -40;
	r.b = over ? OVER / (r.places * KINDS * REGS * 2) :
		     (OVER - 1) / (r.places * KINDS * r.sizes);
	return r;
}

/* A place as a digit, or -1. */
static int digit(struct mark_place p, const struct radix *r)
{
	s64 d = p.where == MARK_CONST ? (s64)p.k - r->min + r->places :
		p.where == MARK_PINNED ? r->places - 1 : p.where;

	if (p.where == MARK_CONST ? d < r->places : p.where < MARK_PINNED && d >= r->places - 1)
		return -1;
	return d < r->b ? (int)d : -1;
}

static struct mark_place place(unsigned digit, const struct radix *r)
{
	if (digit >= r->places)
		return (struct mark_place){ MARK_CONST, (s32)(digit - r->places) + r->min };
	return (struct mark_place){ digit == r->places - 1 ? MARK_PINNED : (u8)digit, 0 };
}

u16 mark_pack(const struct mark *m, bool wide)
{
	struct radix r = radix_of(m->over, wide);
	int a = digit(m->a, &r), b = digit(m->b, &r);
	unsigned word;

	if (a < 0 || b < 0 || m->kind < CC_ADD || m->kind > CC_LOGIC || m->log2size >= r.sizes ||
	    m->a.where == MARK_CONST)
		return 0;
	word = ((unsigned)b * r.places + (unsigned)a) * KINDS + (m->kind - CC_ADD);
	if (!m->over)
		return (u16)(1 + word * r.sizes + m->log2size);
	if (m->log2size != 2 || wide)
		return 0;
	return (u16)(OVER | ((word * REGS + m->over_reg) * 2 + (m->over == CC_DEC_KEEP)));
}

static struct mark unpack(u16 word, bool wide)
{
	struct radix r = radix_of(word & OVER, wide);
	struct mark m = { .log2size = 2 };
	unsigned v = word & ~OVER;

	if (word & OVER) {
		m.over = v % 2 ? CC_DEC_KEEP : CC_INC_KEEP;
		m.over_reg = v / 2 % REGS;
		v /= 2 * REGS;
	} else {
		m.log2size = (v - 1) % r.sizes;
		v = (v - 1) / r.sizes;
	}
	m.kind = CC_ADD + v % KINDS;
	m.a = place(v / KINDS % r.places, &r);
	m.b = place(v / (KINDS * r.places), &r);
	return m;
}

static u32 bit(u8 where) { return where < MARK_PINNED ? 1u << where : 0; }

u32 mark_registers(u16 word, bool wide)
{
	struct mark m = unpack(word, wide);

	return bit(m.a.where) | bit(m.b.where) | (m.over ? bit(m.over_reg) : 0);
}

static u64 value(struct mark_place p, const u64 gpr[16], u64 pinned)
{
	if (p.where == MARK_CONST)
		return (u64)(s64)p.k;
	return p.where == MARK_PINNED ? pinned : gpr[p.where];
}

u32 mark_flags(u16 word, bool wide, const u64 gpr[16], u64 a, u64 b)
{
	struct mark m = unpack(word, wide);
	u32 f = cc_compute(m.kind, m.log2size, value(m.a, gpr, a), value(m.b, gpr, b), 0, 0);

	return m.over ? cc_compute(m.over, 2, gpr[m.over_reg], 0, 0, f) : f;
}
