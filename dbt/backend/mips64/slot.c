/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delay slots (the law is in enc.h): a branch and what stands behind it. Works on words, so that
 * it holds for every row of insns.def. The invariant: with or without the move, the same
 * registers hold the same values at the branch's target and behind the slot.
 */
#include "dbt/backend/mips64/enc.h"

enum { OP_SPECIAL = 0, OP_REGIMM = 1, OP_J = 2, OP_JAL = 3, OP_BEQ = 4, OP_BGTZ = 7,
	OP_ADDIU = 9, OP_LUI = 15, OP_DADDIU = 25, OP_SPECIAL3 = 31 };

static unsigned op_of(u32 w) { return w >> 26; }
static unsigned func_of(u32 w) { return w & 63; }
static unsigned rs_of(u32 w) { return w >> 21 & 31; }
static unsigned rt_of(u32 w) { return w >> 16 & 31; }
static unsigned rd_of(u32 w) { return w >> 11 & 31; }

/* SPECIAL's functions that only compute: shifts, MOVZ, MOVN, LSA, sums, logic, SLT. */
#define COMPUTES ((1ull << 0x00 | 1ull << 0x02 | 1ull << 0x03 | 1ull << 0x04 | 1ull << 0x05 | \
	1ull << 0x06 | 1ull << 0x07 | 1ull << 0x0a | 1ull << 0x0b | 1ull << 0x14 | 1ull << 0x15 | \
	1ull << 0x16 | 1ull << 0x17 | 1ull << 0x21 | 1ull << 0x23 | 1ull << 0x24 | 1ull << 0x25 | \
	1ull << 0x26 | 1ull << 0x27 | 1ull << 0x2a | 1ull << 0x2b | 1ull << 0x2d | 1ull << 0x2f | \
	1ull << 0x38 | 1ull << 0x3a | 1ull << 0x3b | 1ull << 0x3c | 1ull << 0x3e | 1ull << 0x3f))

/* The register that an instruction of general registers alone writes; 0: it is none of those. */
static unsigned written(u32 w)
{
	unsigned op = op_of(w), func = func_of(w);

	if (op == OP_SPECIAL)
		return COMPUTES >> func & 1 ? rd_of(w) : 0;
	if ((op >= OP_ADDIU && op <= OP_LUI) || op == OP_DADDIU)
		return rt_of(w);
	if (op == OP_SPECIAL3 && func < 8)			/* ext, ins and their kin */
		return rt_of(w);
	if (op == OP_SPECIAL3 && (func == 0x20 || func == 0x24))	/* seb, wsbh, dsbh … */
		return rd_of(w);
	return 0;
}

/* Bit n: register n. What it may read: fields that are no registers there do no harm. */
static u32 uses(u32 w) { return 1u << rs_of(w) | 1u << rt_of(w) | 1u << written(w); }

static u32 branch_reads(u32 w)
{
	unsigned op = op_of(w);

	if (op == OP_SPECIAL || op == OP_REGIMM)		/* jr, jalr; bltz … */
		return 1u << rs_of(w);
	return op >= OP_BEQ && op <= OP_BGTZ ? 1u << rs_of(w) | 1u << rt_of(w) : 0;
}

static u32 branch_links(u32 w)
{
	switch (op_of(w)) {
	case OP_SPECIAL: return 1u << rd_of(w);			/* jalr; jr has 0 there */
	case OP_REGIMM: return rt_of(w) & 0x10 ? 1u << 31 : 0;	/* bal */
	case OP_JAL: return 1u << 31;
	}
	return 0;
}

static bool slot_takes(const struct code *c, u32 branch)
{
	u32 w;

	if (!c->fixed || c->p <= c->fixed || c->p >= c->end)
		return false;
	w = c->p[-1];
	return written(w) && !(branch_reads(branch) >> written(w) & 1) &&
	       !(branch_links(branch) & uses(w) & ~1u);
}

u32 *mi_branch(struct code *c, u32 branch, bool pc_relative)
{
	u32 slot = 0, *at = c->p;

	if (slot_takes(c, branch) && !(pc_relative && (branch & 0xffff) == 0x7fff)) {
		slot = c->p[-1];
		at = --c->p;
		if (pc_relative)
			branch = (branch & 0xffff0000) | ((branch + 1) & 0xffff);
	}
	code_put(c, branch);
	code_put(c, slot);
	c->fixed = c->p;
	return at;
}
