/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What registers and memory hold: FXSAVE images full of edge values, operands that suit a row; and
 * which flags the SDM (vol. 2, the instruction's page) leaves undefined.
 */
#include "qemu-test/insn64/gen64.h"

#include <string.h>

enum kind { SINGLES, DOUBLES, INTEGERS, ESTIMATES, X87S, KINDS };
#define EACH 60

static u8 images[KINDS * EACH][FX64_SIZE];
static bool filled;

static u32 single(void)
{
	static const u32 edges[] = {
		0, 0x80000000, 0x3f800000, 0xbf800000, 1, 0x80000001, 0x007fffff, 0x00800000,
		0x80800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001,
		0x7f800001, 0xffa00000, 0x3fc00000, 0x3dcccccd, 0x40400000, 0x4f000000, 0xcf000000,
		0x4effffff, 0x5f000000, 0xdf000000, 0x5effffff, 0x3f000000, 0x4b800001, 0x33800000,
	};

	if (chance(55))
		return edges[below(sizeof edges / sizeof edges[0])];
	return (u32)(rnd() & 0x80000000) | (100 + below(56)) << 23 | (u32)(rnd() & 0x7fffff);
}

static u64 dbl(void)
{
	static const u64 edges[] = {
		0, 1ull << 63, 0x3ffull << 52, 0xbffull << 52, 1, 1ull << 63 | 1, 0xfffffffffffff,
		1ull << 52, 0x7fefffffffffffff, 0xffefffffffffffff, 0x7ffull << 52, 0xfffull << 52,
		0x7ff8ull << 48, 0xfff8000000000001, 0x7ff0000000000001, 0xfff4ull << 48,
		0x3ff8ull << 48, 0x3fb999999999999a, 0x41dfffffffc00000, 0x41dfffffffe00000,
		0xc1e0ull << 48, 0x41e0ull << 48, 0x43e0ull << 48, 0xc3e0ull << 48,
		0x43dfffffffffffff, 0x3fe0ull << 48, 0x4330000000000001, 0x36a0ull << 48,
		0x47efffffe0000000, 0x47effffff0000000, 0x3810ull << 48, 0x380fffffffffffff,
	};

	if (chance(55))
		return edges[below(sizeof edges / sizeof edges[0])];
	return (rnd() & 1ull << 63) | (990ull + below(70)) << 52 | (rnd() & 0xfffffffffffff);
}

/* No estimate: zeros, infinities, NaNs. */
static u32 not_estimated(void)
{
	static const u32 v[] = { 0, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001,
				 0x7f800001, 0xffa00000 };

	return v[below(8)];
}

static void put_lanes(enum kind k, u8 *b, unsigned size)
{
	for (unsigned at = 0; at < size; at += 8) {
		u64 v;

		switch (k) {
		case SINGLES: v = single() | (u64)single() << 32; break;
		case DOUBLES: v = dbl(); break;
		case ESTIMATES: v = not_estimated() | (u64)not_estimated() << 32; break;
		default: v = value64(8); break;
		}
		memcpy(b + at, &v, size - at < 8 ? size - at : 8);
	}
}

static void put_extended(u8 *b)
{
	static const u16 exps[] = { 0, 1, 0x3fff, 0x7ffe, 0x7fff, 0x401d, 0x401e, 0x403d, 0x403e,
				    0x3ffe, 0x3fbf, 0x4005 };
	static const u64 sigs[] = { 1ull << 63, 3ull << 62, ~0ull, 0xcccccccccccccccd, 5ull << 61,
				    1ull << 63 | 1 };
	u16 e = chance(40) ? exps[below(12)] : 0x3fff - 70 + below(140);
	u64 m = chance(40) ? sigs[below(6)] : rnd() | 1ull << 63;

	if (e == 0)
		m = chance(50) ? 0 : m >> 1;
	e |= chance(50) ? 0x8000 : 0;
	memcpy(b, &m, 8);
	memcpy(b + 8, &e, 2);
}

static void make_image(u8 *f, enum kind k)
{
	u16 cw = 0x37f, sw = (u16)(rnd() & 0x7f3f & ~0x80);
	u32 mxcsr = 0x1f80 | (chance(50) ? below(4) << 13 : 0) | (chance(20) ? below(64) : 0);

	if (chance(40))
		cw = 0x7f | below(4) << 10 | (chance(50) ? 2 : 3) << 8;
	if (chance(10))
		mxcsr |= chance(50) ? 0x8000 : 0x40;
	if (chance(15))
		mxcsr &= ~(u32)(rnd() & 0x1f80);
	if ((mxcsr & 0x3f) & ~(mxcsr >> 7))
		mxcsr &= ~0x3fu;
	memcpy(f, &cw, 2);
	memcpy(f + 2, &sw, 2);
	f[4] = chance(50) ? 0xff : rnd() >> 40;
	memcpy(f + 24, &mxcsr, 4);
	for (unsigned r = 0; r < 8; r++)
		if (k == X87S || chance(50))
			put_extended(f + 32 + 16 * r);
		else {
			put_lanes(k, f + 32 + 16 * r, 8);
			memset(f + 40 + 16 * r, 0xff, 2);
		}
	put_lanes(k == X87S ? INTEGERS : k, f + 160, 256);
}

static void fill(void)
{
	if (filled)
		return;
	filled = true;
	for (unsigned k = 0; k < KINDS * EACH; k++)
		make_image(images[k], k / EACH);
}

u32 gen_images(void)
{
	fill();
	return KINDS * EACH;
}

const u8 *gen_image(u32 k) { return images[k]; }

static enum kind kind_for(const struct ir1 *i)
{
	const char *name = x86_rows[i->op].name;
	unsigned n = strlen(name);

	if (!strncmp(name, "RCP", 3) || !strncmp(name, "RSQRT", 5))
		return ESTIMATES;
	if (x86_rows[i->op].flags & ROW_X87)
		return X87S;
	if (name[0] == 'P' || name[0] == 'M')
		return INTEGERS;
	if (!strncmp(name, "CVT", 3))
		return strstr(name, "2") && strstr(name, "PD2") ? DOUBLES :
		       strstr(name, "SD2") ? DOUBLES : strstr(name, "S2") ? SINGLES :
		       strstr(name, "PS2") ? SINGLES : INTEGERS;
	if (n > 2 && name[n - 1] == 'S')
		return SINGLES;
	if (n > 2 && (name[n - 1] == 'D' || !strcmp(name, "CMPSD_SSE")))
		return DOUBLES;
	return INTEGERS;
}

u16 gen_image_for(const struct ir1 *i)
{
	fill();
	return (u16)(kind_for(i) * EACH + below(EACH));
}

void gen_operand(const struct ir1 *i, u8 *out, unsigned size)
{
	enum kind k = kind_for(i);

	if (k == X87S && size == 10 && i->op != X86_FBLD) {
		put_extended(out);
		return;
	}
	if (k == X87S && i->op == X86_FBLD) {
		for (unsigned n = 0; n < 10; n++)
			out[n] = below(10) | below(10) << 4;
		out[9] = chance(50) ? 0x80 : 0;
		return;
	}
	if (k == X87S)
		k = size == 4 ? SINGLES : size == 8 ? DOUBLES : INTEGERS;
	put_lanes(k, out, size);
}

/* -- Undefined flags ------------------------------------------------------------------------- */

static u32 undefined_shift(const struct making *m)
{
	const struct ir1 *i = &m->i;
	unsigned size = i->ops[0].size, mask = size == 8 ? 63 : 31;
	const struct ir1_op *count = &i->ops[i->nops - 1];
	unsigned n = (unsigned)(count->kind == IR1_IMM ? (u64)count->imm : m->c->gpr[ECX]) & mask;
	u32 u = n == 1 ? 0 : FL_OF;

	if (!n)
		return 0;
	switch (i->op) {
	case X86_SHL: case X86_SHR:
		return u | FL_AF | (n >= 8 * size ? FL_CF : 0);
	case X86_SAR: return u | FL_AF;
	case X86_SHLD: case X86_SHRD: return u | FL_AF | (n >= 8 * size ? FL_CF : 0);
	default: return u;
	}
}

u32 gen_undefined(const struct making *m)
{
	switch (m->i.op) {
	case X86_AND: case X86_OR: case X86_XOR: case X86_TEST: return FL_AF;
	case X86_MUL: case X86_IMUL: return FL_SF | FL_ZF | FL_AF | FL_PF;
	case X86_DIV: case X86_IDIV: return FL_ARITH;
	case X86_SHL: case X86_SHR: case X86_SAR: case X86_ROL: case X86_ROR: case X86_RCL:
	case X86_RCR: case X86_SHLD: case X86_SHRD:
		return undefined_shift(m);
	case X86_BT: case X86_BTS: case X86_BTR: case X86_BTC:
		return FL_OF | FL_SF | FL_AF | FL_PF;
	case X86_BSF: case X86_BSR: return FL_CF | FL_OF | FL_SF | FL_AF | FL_PF;
	case X86_DAA: case X86_DAS: return FL_OF;
	case X86_AAA: case X86_AAS: return FL_OF | FL_SF | FL_ZF | FL_PF;
	case X86_AAM: case X86_AAD: return FL_OF | FL_AF | FL_CF;
	case X86_LZCNT: return FL_OF | FL_SF | FL_AF | FL_PF;
	}
	return 0;
}
