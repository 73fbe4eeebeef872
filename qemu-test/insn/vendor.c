/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of qemu-test/vendor.h for whole cases: PUSH and POP of segment registers, BOUND; those
 * of the x87 are in vendor_x87.c. See vendor.h.
 */
#include "qemu-test/insn/vendor.h"

#include "qemu-test/vendor.h"

#include <string.h>

enum { EFL_AC = 0x40000, ESP = 4, SEG_SS = 2 };

/* Where EIP stands behind the INT3 that ends the code. */
static u32 end_of(const struct vendor_case *v)
{
	return insn_slot(v->n) + v->c->start + v->c->len + 1 - insn_cs_base(v->n, v->c->segs);
}

void vendor_restart(struct vendor_case *v, const struct vendor_insn *i,
		    const struct insn_result *f)
{
	struct insn_result *o = v->o;

	memcpy(v->data, v->before, DATA_RW);
	if (v->fx_before)
		memcpy(v->fx, v->fx_before, FX_SIZE);
	for (unsigned k = 0; k < 8; k++)
		o->gpr[k] = v->c->ignore_gpr >> k & 1 ? 0 : v->c->gpr[k];
	o->eflags = v->c->eflags & INSN_EFLAGS;
	o->eip = insn_slot(v->n) + v->c->start + i->at - insn_cs_base(v->n, v->c->segs);
	o->vector = f->vector;
	o->error = f->error;
	o->cr2 = f->cr2;
}

/* Are all registers but one as before, and so the flags? */
static bool same_registers(const struct vendor_case *v, unsigned but)
{
	for (unsigned k = 0; k < 8; k++)
		if (k != but && !(v->c->ignore_gpr >> k & 1) && v->o->gpr[k] != v->c->gpr[k])
			return false;
	return v->o->eflags == (v->c->eflags & INSN_EFLAGS);
}

/* -- PUSH, POP of segment registers ---------------------------------------------- */

/* The segment register that the instruction pushes (or pops), or -1. */
static int sreg_of(const struct vendor_insn *i, bool *pop)
{
	*pop = i->op & 1;
	if (i->map == 0x0f)
		return (i->op & 0xf6) == 0xa0 ? 4 + (i->op >> 3 & 1) : -1;
	return i->op < 0x20 && (i->op & 6) == 6 ? i->op >> 3 : -1;
}

static bool misaligned(const struct vendor_case *v, u32 linear)
{
	return (v->c->eflags & EFL_AC) && (linear & 3) == 2;
}

/* POP raised no #AC, and found a selector that it could not load. */
static bool pop_sreg(struct vendor_case *v, const struct vendor_insn *i, u32 linear)
{
	static const struct insn_result ac = { .vector = 17 };
	u32 off = linear - DATA_BASE;
	u16 sel;

	if (!misaligned(v, linear) || off > DATA_RW - 4 || v->o->vector != 13)
		return false;
	memcpy(&sel, v->before + off, 2);
	if (v->o->error != (sel & 0xfffcu) || !same_registers(v, 8) ||
	    memcmp(v->data, v->before, DATA_RW))
		return false;
	vendor_restart(v, i, &ac);
	return true;
}

/* PUSH wrote the selector, and the two bytes above it are as they were: make them zero. */
static bool push_sreg(struct vendor_case *v, const struct vendor_insn *i, unsigned s, u32 esp,
		      u32 linear)
{
	static const struct insn_result ac = { .vector = 17 };
	u32 off = linear - DATA_BASE;
	u16 sel = vendor_selector(v->c, s);

	if (off > DATA_RW - 4 || v->o->vector != 3 || v->o->eip != end_of(v) ||
	    v->o->gpr[ESP] != esp || !same_registers(v, ESP) || memcmp(v->data + off, &sel, 2) ||
	    memcmp(v->data, v->before, off) ||
	    memcmp(v->data + off + 2, v->before + off + 2, DATA_RW - off - 2))
		return false;
	if (misaligned(v, linear))
		vendor_restart(v, i, &ac);
	else
		memset(v->data + off + 2, 0, 2);
	return true;
}

static bool sreg_16bit(struct vendor_case *v)
{
	struct vendor_insn i;
	bool pop, stack32 = v->c->segs == SEGS_FLAT || v->c->segs == SEGS_BASED ||
			    v->c->segs == SEGS_CODE16_FLAT;
	u32 mask = stack32 ? 0xffffffff : 0xffff, esp = v->c->gpr[ESP], sp;
	int s;

	if (!vendor_scan(v, 0, &i) || i.len != v->c->len || !i.osize32)
		return false;
	s = sreg_of(&i, &pop);
	if (s < 0)
		return false;
	sp = (pop ? esp : esp - 4) & mask;
	if (pop)
		return pop_sreg(v, &i, vendor_base(v, SEG_SS) + sp);
	return push_sreg(v, &i, (unsigned)s, (esp & ~mask) | sp, vendor_base(v, SEG_SS) + sp);
}

/* -- BOUND ------------------------------------------------------------------------ */

/* #BR by the lower bound, where the upper cannot be read. */
static bool bound_lower(struct vendor_case *v)
{
	unsigned size;
	struct insn_result f;
	struct vendor_insn i;
	s32 index, lower = 0;

	if (v->o->vector != 5 || !vendor_scan(v, 0, &i) || i.map || i.op != 0x62 || !i.mem)
		return false;
	size = i.osize32 ? 4 : 2;
	if (!vendor_reach(v, i.seg, i.ea, size, false, &f) ||
	    vendor_reach(v, i.seg, i.ea + size, size, false, &f))
		return false;
	index = (s32)v->c->gpr[i.modrm >> 3 & 7];
	for (unsigned k = 0; k < size; k++) {
		u32 off = vendor_base(v, i.seg) + i.ea + k - DATA_BASE;
		u8 byte = off < DATA_RW ? v->before[off] : insn_pattern(off);

		lower |= (s32)((u32)byte << (8 * k));
	}
	if (size == 2) {
		index = (s16)index;
		lower = (s16)lower;
	}
	if (index >= lower || !same_registers(v, 8))
		return false;
	vendor_restart(v, &i, &f);
	return true;
}

/* -- All of them ------------------------------------------------------------------ */

unsigned vendor_bring(unsigned rules, struct vendor_case *v)
{
	static const struct {
		enum vendor_rule rule;
		bool (*bring)(struct vendor_case *v);
	} whole[] = {
		{ VENDOR_SREG_16BIT, sreg_16bit },
		{ VENDOR_BOUND_LOWER_FIRST, bound_lower },
		{ VENDOR_STORE_ERROR_FIRST, vendor_store_error },
		{ VENDOR_STORE_80_SPLIT, vendor_store_split },
		{ VENDOR_MMX_FAULT_TOP, vendor_mmx_top },
	};

	for (unsigned k = 0; k < sizeof whole / sizeof whole[0]; k++)
		if ((rules & whole[k].rule) && whole[k].bring(v))
			return whole[k].rule;
	return v->fx_before ? vendor_pointers(rules, v) : 0;
}
