/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instruction cases and their outcomes, as files hold them: written by gen.py
 * and by oracle.c (on the real CPU), read by oracle.c, eval.c and the guest
 * image. Not the cases themselves. Invariant: everything is little-endian and
 * lies at the same linear address in all three executors, so that outcomes
 * can be compared bit for bit.
 *
 * Linear memory of a case (CPL 3, paging on):
 *
 *	CODE_BASE + slot * n	slot of case n; all bytes that are not a case's code are
 *				INT3, which is how a case ends
 *	DATA_BASE		2 pages, read and write
 *	  + 2 pages		1 page, read only
 *	  + 3 pages, - 1 page	not present
 *
 * Before each case the data pages hold insn_pattern() and then the case's bytes.
 */
#ifndef INSN_CASE_H
#define INSN_CASE_H

#include "kernel/lib/types.h"

#define CASES_MAGIC 0x43736e49u		/* "InsC" */
#define RESULTS_MAGIC 0x52736e49u	/* "InsR" */

#define CODE_BASE 0x10000000u
#define CODE_SLOT 64u			/* but for sequences (qemu-test/insn64/seq.py) */
#define CODE_MARGIN 0x10000u		/* INT3 before the first and after the last slot */
#define DATA_BASE 0x20000000u
#define DATA_RW 0x2000u			/* bytes that can be written */
#define DATA_ALL 0x3000u
#define INSN_PAGE 0x1000u

#define FX_SIZE 288u			/* FXSAVE image up to XMM7 */
#define FX_UNITS (FX_SIZE / 16)

enum insn_segs {			/* values of a case's `segs`: rows of insn_segs */
	SEGS_FLAT,			/* FS: DATA16, GS: the limited segment */
	SEGS_CODE16,			/* 16-bit code, stack and data */
	/* 32-bit code and data with bases; FS read only, GS expand-down */
	SEGS_BASED,
	SEGS_STACK16,			/* flat but SS, which is 16-bit */
	SEGS_CODE16_FLAT,		/* 16-bit code, flat data and stack */
	/* code with a limit of 0x15f, flat data and stack */
	SEGS_TIGHT16,
	SEGS_TIGHT32,
	SEGS_COUNT,
};

enum {					/* selectors; the first two as Linux has them */
	SEL_CS32 = 0x23, SEL_FLAT = 0x2b,
	SEL_CODE16 = 0x0f, SEL_DATA16 = 0x17, SEL_DATA32 = 0x1f, SEL_LIMITED = 0x27,
	SEL_DOWN = 0x2f, SEL_RO = 0x37, SEL_CODE32 = 0x3f, SEL_TIGHT16 = 0x57, SEL_TIGHT32 = 0x5f,
};

/* Of the LDT's entries. Base of the code segments (type 10): insn_cs_base(). */
struct insn_seg {
	u16 sel;
	u32 base, limit;		/* limit in bytes, below 1 MiB */
	u8 type;			/* 2 data, 0 data read only, 6 expand-down, 10 code */
	bool big;
};

#define INSN_LDT { \
	{ SEL_CODE16, 0, 0xffff, 10, false }, \
	{ SEL_DATA16, DATA_BASE, 0xffff, 2, false }, \
	{ SEL_DATA32, DATA_BASE, 0x2fff, 2, true }, \
	{ SEL_LIMITED, DATA_BASE + 0x800, 0x7f, 2, true }, \
	{ SEL_DOWN, DATA_BASE, 0x7ff, 6, false }, \
	{ SEL_RO, DATA_BASE, 0xffff, 0, false }, \
	{ SEL_CODE32, 0, 0xfffff, 10, true }, \
	{ SEL_TIGHT16, 0, 0x15f, 10, false }, \
	{ SEL_TIGHT32, 0, 0x15f, 10, true }, \
}

/* Indexed by enum insn_segs; in the order of x86's segment numbers: ES CS SS DS FS GS. */
#define INSN_SEGS { \
	{ SEL_FLAT, SEL_CS32, SEL_FLAT, SEL_FLAT, SEL_DATA16, SEL_LIMITED }, \
	{ SEL_DATA16, SEL_CODE16, SEL_DATA16, SEL_DATA16, SEL_FLAT, SEL_LIMITED }, \
	{ SEL_DATA32, SEL_CODE32, SEL_DATA32, SEL_DATA32, SEL_RO, SEL_DOWN }, \
	{ SEL_FLAT, SEL_CS32, SEL_DATA16, SEL_FLAT, SEL_RO, SEL_DOWN }, \
	{ SEL_FLAT, SEL_CODE16, SEL_FLAT, SEL_FLAT, SEL_DATA16, 0 }, \
	{ SEL_FLAT, SEL_TIGHT16, SEL_FLAT, SEL_FLAT, SEL_RO, 0 }, \
	{ SEL_FLAT, SEL_TIGHT32, SEL_FLAT, SEL_FLAT, SEL_RO, 0 }, \
}

#define FX_NONE 0xffffu

struct insn_case {
	u32 gpr[8];
	u32 eflags;
	u32 ignore;			/* EFLAGS bits that the SDM leaves undefined */
	u16 group;			/* index of its name */
	u16 fx;				/* index of its FXSAVE image, or FX_NONE */
	u16 poke;			/* `bytes` go to DATA_BASE + poke */
	u8 poke_len;
	u8 segs;			/* enum insn_segs */
	u8 len;				/* of code */
	u8 start;			/* code's place in the slot */
	u8 ignore_gpr;			/* bit n: register n is not compared */
	u8 known;			/* enum insn_known: 0, or why Loam may differ */
	u8 need;			/* CPU feature: 0 none, 1 + bit of CPUID.1:EDX, 33 + bit of
				   ECX, 65 + bit of CPUID.80000001:ECX, 97 + bit of its
				   EDX, 255 a row that Loam does not lift yet */
	u8 spare[3];
	u8 code[24];			/* or its place in the file's code, if there is any */
	u8 bytes[24];
};

/* Differences that the manuals allow; each is counted where it is met. */
enum insn_known {
	KNOWN_NONE,
	KNOWN_REP_FLAGS,		/* flags after a fault within REP CMPS, SCAS */
	KNOWN_AT_FAULT,			/* `ignore` holds at a fault too: flags from before it */
};

#define GROUP_NAME 40u

struct cases_head {
	u32 magic;
	/* counts; the tables follow in this order, 4-byte aligned */
	u32 cases, groups, fx;
	u32 code;			/* bytes of the code, which comes last */
	u32 slot;			/* bytes of a slot */
};

/* Outcome: the state at the first exception; the end of the code raises #BP as well. */
struct insn_result {
	u32 gpr[8];
	u32 eflags;
	u32 eip, cr2, error;		/* as the exception reports them; cr2 for #PF only */
	u32 blob;			/* where its bytes begin: memory, then FX units */
	u16 mem, mem_len;		/* span of the data pages that changed */
	u32 fx_mask;			/* bit n: 16-byte unit n of the FXSAVE image changed */
	u8 vector;
	u8 spare;
	u16 rules;			/* vendor_bring(): what was not left as the CPU had it */
};

struct results_head {
	u32 magic;
	u32 cases, blob_size;
	char cpu[52];			/* which CPU this was */
};					/* then the results, then the blob */

/* Its cpu, where no CPU could be asked (stand_in.c). */
#define STAND_IN "the evaluator"

static inline u32 insn_slot(u32 n) { return CODE_BASE + n * CODE_SLOT; }

/* Base of case n's code segment; its code is at 0x100 + start in it. */
static inline u32 insn_cs_base(u32 n, unsigned segs)
{
	bool based = segs != SEGS_FLAT && segs != SEGS_STACK16;

	return based ? insn_slot(n) - 0x100 : 0;
}

/* What the data pages hold; it repeats after 256 bytes. */
static inline u8 insn_pattern(u32 off) { return (u8)((off & 0xff) * 167 + 13); }

/* EFLAGS bits that are not compared where the case ended with `vector`. */
static inline u32 insn_ignored(const struct insn_case *c, unsigned vector)
{
	if (vector == 3 || c->known == KNOWN_AT_FAULT)
		return c->ignore;
	return c->known == KNOWN_REP_FLAGS ? 0x8d5 : 0;
}

/* Bits of EFLAGS that cases compare, and that they may set. */
#define INSN_EFLAGS 0x244cd5u		/* ID AC NT OF DF SF ZF AF PF CF */

#endif
