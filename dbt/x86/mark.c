/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks in 16 bits, as digits of mixed radix: an immediate of that size is one instruction on any
 * host.
 *	plain	0, then 1 + ((b * 9 + a) * 4 + kind) * 3 + log2size
 *	over	1, then (((b * 9 + a) * 4 + kind) * 8 + over_reg) * 2 + dec
 * b: 0 … 8 as enum, from 9 on constants, the first of them MIN.
 */
#include "dbt/x86/mark.h"

#include "dbt/x86/cc.h"

enum {
	OVER = 0x8000,
	PLACES = MARK_CONST, KINDS = 4, SIZES = 3, REGS = 8,
	MIN_PLAIN = -40, MIN_OVER = -8,
	B_PLAIN = (OVER - 1) / (PLACES * KINDS * SIZES),
	B_OVER = OVER / (PLACES * KINDS * REGS * 2),
};
_Static_assert(CC_LOGIC == CC_ADD + KINDS - 1, "kinds");

/* b as a digit, or -1. */
static int digit(struct mark_place b, int min, int radix)
{
	s64 d = b.where == MARK_CONST ? (s64)b.k - min + MARK_CONST : b.where;

	return d >= (b.where == MARK_CONST ? MARK_CONST : 0) && d < radix ? (int)d : -1;
}

static struct mark_place place(unsigned digit, int min)
{
	struct mark_place p = { (u8)digit, 0 };

	if (digit >= MARK_CONST)
		p = (struct mark_place){ MARK_CONST, (s32)digit - MARK_CONST + min };
	return p;
}

u16 mark_pack(const struct mark *m)
{
	int b = digit(m->b, m->over ? MIN_OVER : MIN_PLAIN, m->over ? B_OVER : B_PLAIN);
	unsigned word;

	if (b < 0 || m->kind < CC_ADD || m->kind > CC_LOGIC || m->log2size >= SIZES ||
	    m->a.where >= PLACES)
		return 0;
	word = ((unsigned)b * PLACES + m->a.where) * KINDS + (m->kind - CC_ADD);
	if (!m->over)
		return (u16)(1 + word * SIZES + m->log2size);
	if (m->log2size != 2)
		return 0;
	return (u16)(OVER | ((word * REGS + m->over_reg) * 2 + (m->over == CC_DEC_KEEP)));
}

static struct mark unpack(u16 word)
{
	struct mark m = { .log2size = 2 };
	unsigned v = word & ~OVER;

	if (word & OVER) {
		m.over = v % 2 ? CC_DEC_KEEP : CC_INC_KEEP;
		m.over_reg = v / 2 % REGS;
		v /= 2 * REGS;
	} else {
		m.log2size = (v - 1) % SIZES;
		v = (v - 1) / SIZES;
	}
	m.kind = CC_ADD + v % KINDS;
	m.a = place(v / KINDS % PLACES, 0);
	m.b = place(v / (KINDS * PLACES), m.over ? MIN_OVER : MIN_PLAIN);
	return m;
}

static u32 bit(u8 where) { return where < MARK_PINNED ? 1u << where : 0; }

u32 mark_registers(u16 word)
{
	struct mark m = unpack(word);

	return bit(m.a.where) | bit(m.b.where) | (m.over ? bit(m.over_reg) : 0);
}

static u64 value(struct mark_place p, const u64 gpr[8], u64 pinned)
{
	if (p.where == MARK_CONST)
		return (u64)(s64)p.k;
	return p.where == MARK_PINNED ? pinned : gpr[p.where];
}

u32 mark_flags(u16 word, const u64 gpr[8], u64 a, u64 b)
{
	struct mark m = unpack(word);
	u32 f = cc_compute(m.kind, m.log2size, value(m.a, gpr, a), value(m.b, gpr, b), 0, 0);

	return m.over ? cc_compute(m.over, 2, gpr[m.over_reg], 0, 0, f) : f;
}
