/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test operands for the x87: edges, random numbers, random control words. Not expectations.
 * Invariant: the sequence depends on oracle_seed only.
 */
#ifndef QEMU_TEST_FUZZ_SOFTFP_OPERANDS_H
#define QEMU_TEST_FUZZ_SOFTFP_OPERANDS_H

#include "dbt/fp/softfp.h"
#include "kernel/lib/bits.h"
#include "qemu-test/fuzz/softfp_oracle.h"

/* Operands: all classes, and the neighbourhoods of every boundary that a conversion has. */
static const struct f80 sf_edges[] = {
	{ 0, 0 }, { 0, 0x8000 }, { 1, 0 }, { 3, 0x8000 }, { 1ull << 62, 0 },
	{ ~0ull >> 1, 0 }, { 1ull << 63, 0 }, { ~0ull, 0x8000 }, { 1ull << 63 | 1, 0 },
	{ 1ull << 63, 1 }, { ~0ull, 1 }, { 1ull << 63 | 1, 0x8001 }, { 1ull << 63, 0x40 },
	{ 0xc000000000000000, 0x3ffd }, { 1ull << 63, 0x3ffe }, { ~0ull, 0x3ffe },
	{ 1ull << 63, 0xbffe }, { 1ull << 63 | 1, 0x3ffe },
	{ 1ull << 63, 0x3fff }, { 1ull << 63, 0xbfff }, { 1ull << 63 | 1, 0x3fff },
	{ ~0ull, 0x3fff }, { 0xc000000000000000, 0x3fff }, { 0xa000000000000000, 0x4000 },
	{ 0x8000008000000000, 0x3fff }, { 0x8000018000000000, 0xbfff },
	{ 0x8000000000000400, 0x3fff }, { 0x8000000000000c00, 0xbfff },
	{ 0xffffff8000000000, 0x3fff }, { 0xfffffffffffffc00, 0x3fff },
	{ 0xc90fdaa22168c235, 0x4000 }, { 0xfffe000000000000, 0x400d },
	{ 0xffff000000000000, 0x400d }, { 1ull << 63, 0xc00e }, { 0x8001000000000000, 0xc00e },
	{ 0xfffffffe00000000, 0x401d }, { 0xffffffff00000000, 0x401d },
	{ 1ull << 63, 0xc01e }, { 0x8000000080000000, 0xc01e },
	{ 0xde0b6b3a763ffff0, 0x403a }, { 0xde0b6b3a763ffff8, 0x403a },
	{ 0xde0b6b3a76400000, 0xc03a }, { ~0ull, 0x403d }, { ~0ull - 1, 0x403d },
	{ 1ull << 63, 0x403e }, { 1ull << 63, 0xc03e }, { ~0ull, 0xc03e }, { 1ull << 63, 0x4040 },
	{ 1ull << 63, 0x3f6a }, { 1ull << 63, 0x3f69 }, { 0xc000000000000000, 0x3f69 },
	{ 1ull << 63, 0x3f81 }, { ~0ull, 0xbf80 }, { 0xffffff0000000000, 0x3f80 },
	{ 0xffffff8000000000, 0x3f80 }, { 0xfffffe0000000000, 0x407e },
	{ 0xffffff0000000000, 0x407e }, { 0xffffff7fffffffff, 0x407e },
	{ 0xffffff8000000000, 0xc07e }, { 1ull << 63, 0x407f },
	{ 1ull << 63, 0x3bcd }, { 1ull << 63, 0x3bcc }, { 0x8000000000000001, 0x3bcc },
	{ 1ull << 63, 0x3c01 }, { ~0ull, 0xbc00 }, { 0xfffffffffffff800, 0x3c00 },
	{ 0xfffffffffffff000, 0x3c00 }, { 0xfffffffffffff800, 0x43fe },
	{ 0xfffffffffffffbff, 0x43fe }, { 0xfffffffffffffc00, 0xc3fe }, { 1ull << 63, 0x43ff },
	{ 1ull << 63, 0x400b }, { 0xc000000000000000, 0xc00c }, { 0xc000000000000000, 0x400d },
	{ 0xfffe000000000000, 0x400e }, { 1ull << 63, 0xc00f },
	{ 1ull << 63, 0x7ffe }, { ~0ull, 0x7ffe }, { ~0ull, 0xfffe }, { 1ull << 63 | 1, 0x7ffd },
	{ 1ull << 63, 0x7fff }, { 1ull << 63, 0xffff },
	{ 0xc000000000000000, 0x7fff }, { 0xc000000000000000, 0xffff },
	{ 0xc000000000000001, 0x7fff }, { ~0ull, 0xffff }, { 0xdeadbeefcafebabe, 0x7fff },
	{ 0x8000000000000001, 0x7fff }, { 0xa000000000000000, 0xffff },
	{ ~0ull >> 2 | 1ull << 63, 0x7fff },
	{ 0x8000000000000001, 0xffff }, { 0x800000ffffffffff, 0x7fff },
	{ 0, 0x7fff }, { 1, 0xffff }, { 1ull << 62, 0x7fff }, { 1ull << 62, 0x3fff },
	{ 0, 0x3fff }, { ~0ull >> 1, 0xc001 }, { 0, 1 }, { 1, 0x7ffe },
};

/* A random operand: an edge, a plain number, or a nasty pattern. */
static struct f80 sf_operand(void)
{
	u64 r = oracle_rand(), m = oracle_rand();
	unsigned sign = (unsigned)(r >> 20 & 0x8000);
	switch (r & 15) {
	case 0: case 1:
		return sf_edges[(r >> 8) % ARRAY_LEN(sf_edges)];
	case 2:
		return (struct f80){ m, (u16)(r >> 8) };
	case 3:		/* denormal */
		return (struct f80){ m >> (r >> 8 & 63), (u16)sign };
	case 4:		/* few bits */
		m = 1ull << (m & 63) | 1ull << (m >> 8 & 63);
		break;
	case 5:		/* runs of ones */
		m = ~0ull << (m & 63) ^ ~0ull >> (m >> 8 & 63);
		break;
	case 6:
		m &= ~0ull << 40;
		break;
	case 7:
		m &= ~0ull << 11;
		break;
	case 8:		/* anywhere in the range of exponents */
		return (struct f80){ m | 1ull << 63, (u16)(r >> 8) };
	}
	return (struct f80){ m | 1ull << 63, (u16)(sign | (0x3fff - 70 + (r >> 40) % 140)) };
}

static u16 sf_control_word(void)
{
	static const u8 masks[] = { 0x3f, 0x3f, 0x3f, 0x3f, 0x3e, 0x3d, 0x3b, 0x37, 0x2f, 0x1f, 0 };
	u64 r = oracle_rand();
	unsigned m = (unsigned)(r >> 8) % (ARRAY_LEN(masks) + 1);
	unsigned mask = m < ARRAY_LEN(masks) ? masks[m] : (unsigned)(r >> 40) & 0x3f;
	return (u16)(0x40 | mask | (r & 0xf00) | ((r >> 32 & 3) ? 0x300 : 0));
}

static inline bool sf_same(struct f80 a, struct f80 b) { return a.mant == b.mant && a.se == b.se; }

/* Equal, or neighbours. */
static inline bool sf_close(struct f80 a, struct f80 b)
{
	if (sf_same(a, b))
		return true;
	u64 d = a.mant > b.mant ? a.mant - b.mant : b.mant - a.mant;
	if (a.se + !(a.se & 0x7fff) == b.se + !(b.se & 0x7fff))
		return d == 1;
	bool top = a.mant == 1ull << 63 || b.mant == 1ull << 63;
	return top && d == ~0ull >> 1 && (a.se - b.se == 1 || b.se - a.se == 1);
}

#endif
