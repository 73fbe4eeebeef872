/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lazy arithmetic flags: a kind, a size and two or three operands from which
 * CF PF AF ZF SF OF can be computed when somebody asks. This file says what
 * each kind means; it is the only definition, shared by translated code's
 * slow path, the evaluator, fault recipes and the tests. Not here: how the
 * flags are computed in IR (dbt/lift/flags.c), which must agree.
 *
 * Operands are host words whose low 8 << size bits count; the rest is ignored.
 */
#ifndef DBT_X86_CC_H
#define DBT_X86_CC_H

#include "kernel/lib/types.h"

/*
 * `r` is the instruction's result. Columns: name, operands that the pinned registers
 * hold (R_CCA, R_CCB; c: in the word itself). Kinds up to CC_LAST_FULL define all six flags
 * and may cross block boundaries; the others live only inside a block, but for CC_OVER and
 * CC_CARRIED.
 */
enum cc_kind {
	CC_EFLAGS,		/* a = the six flags at their EFLAGS positions */
	CC_ADD,			/* a = r, b = addend:      first operand = r - b */
	CC_SUB,			/* a = r, b = subtrahend:  first operand = r + b (SUB, NEG) */
	CC_CMP,			/* a, b = operands:        r = a - b (CMP, SCAS, CMPS) */
	CC_LOGIC,		/* a = r:                  CF = OF = AF = 0 */
	CC_ADC,			/* a = r, b = addend, c = carry in (0 or 1) */
	CC_SBB,			/* a = r, b = subtrahend, c = borrow in (0 or 1) */
	CC_MUL,			/* a = low half of r, b != 0: CF = OF = 1; AF = 0 */
	CC_SHL,			/* a = operand, b = count 1 … 31 */
	CC_SHR,
	CC_SAR,
	/* a bit 0 = CF, b bit 0 = ZF; PF = both (COMISS …); OF = SF = AF = 0 */
	CC_FCOM,
	CC_LAST_FULL = CC_FCOM,

	CC_INC_KEEP,		/* a = r; CF from the state before */
	CC_DEC_KEEP,
	CC_SHLV,		/* as CC_SHL, but with count 0 nothing changes */
	CC_SHRV,
	CC_SARV,
	CC_ROL,			/* a = r; all but CF and OF from the state before */
	CC_ROR,
	CC_MASKED,		/* a = flag bits, b = mask of those that change */
	CC_CARRY,		/* a bit 0 = CF; the others from the state before */
	CC_KIND_COUNT,
};

/*
 * The word in R_CCOP and vcpu.cc_op. The state may have an INC or DEC over it, whose result is in
 * vcpu.cc_r: what came before keeps its operands, as CF is its; and it may have another CF over it.
 *	12  11           8  7           6    3 2        1  0
 *	CF  CC_OVER or 0    CC_CARRIED  kind   log2(size)  c
 */
#define CC_OP(kind, log2size) ((kind) << 3 | (log2size) << 1)
#define CC_OP_KIND(op) ((unsigned)(op) >> 3 & 15)
#define CC_OP_SIZE(op) ((unsigned)(op) >> 1 & 3)
#define CC_OP_C(op) ((unsigned)(op) & 1)
#define CC_OP_BELOW 0xff	/* what CF is made of, but for bit CC_CARRIED_CF */
#define CC_CARRIED 0x80u
#define CC_CARRIED_CF 12
/* kind: CC_INC_KEEP or CC_DEC_KEEP */
#define CC_OVER(kind, log2size) (0x800u | ((kind) == CC_DEC_KEEP) << 10 | (log2size) << 8)
_Static_assert(CC_LAST_FULL < 16, "CC_OP");

/* The six flags at their EFLAGS positions; `before` = those of the state before (partial kinds). */
u32 cc_compute(unsigned kind, unsigned log2size, u64 a, u64 b, u64 c, u32 before);
/* The same of what the pinned registers hold; r: vcpu.cc_r. */
u32 cc_pinned(u64 op, u64 a, u64 b, u64 r);

#endif
