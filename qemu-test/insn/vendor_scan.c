/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions, addresses and access rights of cases, for the rules of vendor.c. Not a decoder:
 * it knows x87, MMX and the few others that the rules are about. See vendor.h.
 */
#include "qemu-test/insn/vendor.h"

#include <string.h>

enum { SEG_CS = 1, SEG_SS = 2, SEG_DS = 3, SEG_FS = 4, SEG_GS = 5, SEG_NONE = 6 };

static const struct insn_seg ldt[] = INSN_LDT;

static const struct insn_seg *ldt_entry(u16 sel)
{
	for (unsigned k = 0; k < sizeof ldt / sizeof ldt[0]; k++)
		if (ldt[k].sel == sel)
			return &ldt[k];
	return NULL;
}

u16 vendor_selector(const struct insn_case *c, unsigned s)
{
	static const u16 segs[SEGS_COUNT][6] = INSN_SEGS;

	return segs[c->segs][s];
}

u32 vendor_base(const struct vendor_case *v, unsigned s)
{
	const struct insn_seg *g = ldt_entry(vendor_selector(v->c, s));

	if (!g)
		return 0;
	return g->type == 10 ? insn_cs_base(v->n, v->c->segs) : g->base;
}

/* SDM vol. 3, 5.3: beyond the limit, or below it in a segment that expands down. */
static bool within_limit(const struct vendor_case *v, unsigned s, u32 ea, unsigned size)
{
	const struct insn_seg *g = ldt_entry(vendor_selector(v->c, s));
	u32 last = ea + size - 1;

	if (!g)
		return true;
	if (g->type == 6)
		return ea > g->limit && last >= ea && (g->big || last <= 0xffff);
	return last >= ea && last <= g->limit;
}

bool vendor_reach(const struct vendor_case *v, unsigned seg, u32 ea, unsigned size, bool write,
		  struct insn_result *f)
{
	u32 linear = vendor_base(v, seg) + ea;

	memset(f, 0, sizeof *f);
	if (!within_limit(v, seg, ea, size)) {
		f->vector = seg == SEG_SS ? 12 : 13;
		return false;
	}
	for (unsigned k = 0; k < size; k++) {
		u32 off = linear + k - DATA_BASE;

		if (off < (write ? DATA_RW : DATA_ALL))
			continue;
		f->vector = 14;
		f->error = 4u | (write ? 2 : 0) | (off < DATA_ALL);
		f->cr2 = linear + k;
		return false;
	}
	return true;
}

/* -- Bytes ---------------------------------------------------------------------- */

struct bytes {
	const struct insn_case *c;
	unsigned at;
	bool over;
};

static u8 next(struct bytes *b)
{
	if (b->at >= b->c->len) {
		b->over = true;
		return 0;
	}
	return b->c->code[b->at++];
}

static u32 signed_number(struct bytes *b, unsigned size)
{
	u32 r = 0;

	for (unsigned k = 0; k < size; k++)
		r |= (u32)next(b) << (8 * k);
	return size == 1 ? (u32)(s32)(s8)r : size == 2 ? (u32)(s32)(s16)r : r;
}

/* SDM vol. 2, table 2-1. */
static u32 address16(struct bytes *b, u8 modrm, u8 *seg)
{
	static const u8 base[8] = { 3, 3, 5, 5, 6, 7, 5, 3 };
	static const u8 index[8] = { 6, 7, 6, 7, 8, 8, 8, 8 };
	unsigned mod = modrm >> 6, rm = modrm & 7;
	u32 ea;

	*seg = SEG_DS;
	if (mod == 0 && rm == 6)
		return signed_number(b, 2) & 0xffff;
	if (base[rm] == 5)
		*seg = SEG_SS;
	ea = b->c->gpr[base[rm]] + (index[rm] < 8 ? b->c->gpr[index[rm]] : 0);
	return (ea + (mod ? signed_number(b, mod) : 0)) & 0xffff;
}

/* Tables 2-2 and 2-3. */
static u32 address32(struct bytes *b, u8 modrm, u8 *seg)
{
	unsigned mod = modrm >> 6, base = modrm & 7, sib = 0x20;
	u32 ea = 0;

	*seg = SEG_DS;
	if (base == 4) {
		sib = next(b);
		base = sib & 7;
	}
	if ((sib >> 3 & 7) != 4)
		ea = b->c->gpr[sib >> 3 & 7] << (sib >> 6);
	if (mod == 0 && base == 5)
		return ea + signed_number(b, 4);
	if (base == 4 || base == 5)
		*seg = SEG_SS;
	ea += b->c->gpr[base];
	return ea + (mod ? signed_number(b, mod == 1 ? 1 : 4) : 0);
}

/* -- Instructions ---------------------------------------------------------------- */

/* 1: a ModR/M byte and nothing behind its operand; -1: nothing at all; -2: not known here. */
static int kind(const struct vendor_insn *i)
{
	if (i->map == 0) {
		if ((i->op & 0xf8) == 0xd8 || i->op == 0x62)
			return 1;
		return i->op == 0x9b || (i->op < 0x20 && (i->op & 7) == 6) ? -1 : -2;
	}
	if (i->op == 0x77 || (i->op & 0xf6) == 0xa0)
		return -1;
	if (i->op == 0x2a || i->op == 0x2c || (i->op >= 0x60 && i->op < 0x70) || i->op == 0x7f ||
	    (i->op >= 0x74 && i->op < 0x77))
		return 1;
	return i->op >= 0xd0 ? 1 : -2;
}

/* Takes the prefixes and the first opcode byte; false if the code ends before that. */
static bool prefixes(struct bytes *b, struct vendor_insn *i, bool *p67)
{
	static const u8 override[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };

	for (; !b->over; ) {
		const u8 *seg;

		i->op = next(b);
		seg = memchr(override, i->op, sizeof override);
		if (seg)
			i->seg = (u8)(seg - override);
		else if (i->op == 0x66)
			i->p66 = true;
		else if (i->op == 0x67)
			*p67 = true;
		else if (i->op == 0xf2)
			i->f2 = true;
		else if (i->op == 0xf3)
			i->f3 = true;
		else if (i->op != 0xf0)
			return true;
	}
	return false;
}

bool vendor_scan(const struct vendor_case *v, unsigned at, struct vendor_insn *i)
{
	bool code32 = v->c->segs != SEGS_CODE16 && v->c->segs != SEGS_CODE16_FLAT, p67 = false;
	struct bytes b = { v->c, at, false };
	u8 seg = SEG_DS;

	*i = (struct vendor_insn){ .at = (u8)at, .seg = SEG_NONE };
	if (!prefixes(&b, i, &p67))
		return false;
	i->osize32 = code32 != i->p66;
	if (i->op == 0x0f) {
		i->map = 0x0f;
		i->op = next(&b);
	}
	if (kind(i) == -2)
		return false;
	if (kind(i) == 1) {
		i->modrm = next(&b);
		i->mem = i->modrm < 0xc0;
	}
	if (i->mem)
		i->ea = (code32 != p67 ? address32 : address16)(&b, i->modrm, &seg);
	if (i->seg == SEG_NONE)
		i->seg = seg;
	i->len = (u8)(b.at - at);
	return !b.over;
}
