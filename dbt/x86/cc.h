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
 * hold (R_CCA, R_CCB). Kinds up to CC_LAST_FULL define all six flags from two
 * operands and may cross block boundaries; the others live only inside a block.
 */
enum cc_kind {
	CC_EFLAGS,		/* a = the six flags at their EFLAGS positions */
	CC_ADD,			/* a = r, b = addend:      first operand = r - b */
	CC_SUB,			/* a = r, b = subtrahend:  first operand = r + b (SUB, NEG) */
	CC_CMP,			/* a, b = operands:        r = a - b (CMP, SCAS, CMPS) */
	CC_LOGIC,		/* a = r:                  CF = OF = AF = 0 */
	CC_INC,			/* a = r, b bit 0 = CF as it was */
	CC_DEC,			/* a = r, b bit 0 = CF as it was */
	CC_MUL,			/* a = low half of r, b != 0: CF = OF = 1; AF = 0 */
	CC_SHL,			/* a = operand, b = count 1 … 31 */
	CC_SHR,
	CC_SAR,
	/* a bit 0 = CF, b bit 0 = ZF; PF = both (COMISS …); OF = SF = AF = 0 */
	CC_FCOM,
	CC_LAST_FULL = CC_FCOM,

	CC_ADC,			/* a = r, b = addend, c bit 0 = carry in */
	CC_SBB,			/* a = r, b = subtrahend, c bit 0 = borrow in */
	CC_INC_KEEP,		/* a = r; CF from the state before */
	CC_DEC_KEEP,
	CC_SHLV,		/* as CC_SHL, but with count 0 nothing changes */
	CC_SHRV,
	CC_SARV,
	CC_MASKED,		/* a = flag bits, b = mask of those that change */
	CC_KIND_COUNT,
};

/* The word in R_CCOP and vcpu.cc_op: kind * 4 + log2(size in bytes). */
#define CC_OP(kind, log2size) ((kind) * 4u + (log2size))
#define CC_OP_KIND(op) ((unsigned)(op) >> 2)
#define CC_OP_SIZE(op) ((unsigned)(op) & 3)

/* The six flags at their EFLAGS positions; `before` = those of the state before (partial kinds). */
u32 cc_compute(unsigned kind, unsigned log2size, u64 a, u64 b, u64 c, u32 before);

#endif
