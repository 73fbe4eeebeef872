/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brings what an Intel CPU made of a case to what a CPU without the differences of
 * qemu-test/vendor.h makes of it, so that one file of results serves every comparison. Knows
 * nothing of Loam. Invariant: an outcome is changed only if it is, byte for byte, what the rule
 * says of that case; any other stays, and then disagrees with Loam.
 */
#ifndef INSN_VENDOR_H
#define INSN_VENDOR_H

#include "qemu-test/insn/case.h"

/* A case, its start and its outcome. */
struct vendor_case {
	const struct insn_case *c;
	u32 n;
	const u8 *before;		/* data pages: DATA_RW bytes */
	const u8 *fx_before;		/* FX_SIZE bytes, or NULL if the case has no image */
	u8 *data, *fx;			/* afterwards; fx as results have it: no pointers */
	struct insn_result *o;
};

/* Applies the rules (bits of enum vendor_rule) to *v; returns the bits of those that were used. */
unsigned vendor_bring(unsigned rules, struct vendor_case *v);

/* -- vendor_scan.c: instructions of a case ------------------------------------- */

/* One instruction, as far as the rules need it. */
struct vendor_insn {
	u8 at, len;			/* place in the case's code */
	bool osize32, mem, f2, f3, p66;
	u8 map;				/* 0, or 0x0f */
	u8 op, modrm;
	u8 seg;				/* of the memory operand: ES CS SS DS FS GS */
	u32 ea;				/* its offset in the segment, by the case's registers */
};

/* The instruction at code + at. False at the end of the code, or if no rule knows its kind. */
bool vendor_scan(const struct vendor_case *v, unsigned at, struct vendor_insn *i);

/* Selector of segment s in the case, and its base. */
u16 vendor_selector(const struct insn_case *c, unsigned s);
u32 vendor_base(const struct vendor_case *v, unsigned s);

/*
 * May user code access the bytes? If not: vector, error code and CR2 of the fault go to *f,
 * for the first byte that it may not.
 */
bool vendor_reach(const struct vendor_case *v, unsigned seg, u32 ea, unsigned size, bool write,
		  struct insn_result *f);

/* -- vendor_x87.c: pointers, stores, MMX ----------------------------------------- */

unsigned vendor_pointers(unsigned rules, struct vendor_case *v);
bool vendor_store_error(struct vendor_case *v);
bool vendor_store_split(struct vendor_case *v);
bool vendor_mmx_top(struct vendor_case *v);

/* The case as it began, but for *f's exception at instruction i. */
void vendor_restart(struct vendor_case *v, const struct vendor_insn *i,
		    const struct insn_result *f);

#endif
