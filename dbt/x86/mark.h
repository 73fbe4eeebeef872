/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One word for flags that no one has put into their pinned registers: a *mark*, which names the
 * general registers that their operands are still in. Not the state between two blocks (cc.h): a
 * mark is in force from an exit that was chained so to the instruction of the next block that sets
 * all flags, and only a fault between can see it. Invariant: there none of its registers changes.
 */
#ifndef DBT_X86_MARK_H
#define DBT_X86_MARK_H

#include "kernel/lib/types.h"

/* Where an operand is: general register 0 … 15, its pinned register, or a constant. */
enum { MARK_PINNED = 16, MARK_CONST = 17 };
struct mark_place { u8 where; s32 k; };

/* Kind (CC_ADD … CC_LOGIC), size and operands; `over`: an INC or DEC, of 32 bits, over them. */
struct mark {
	u8 kind, log2size;
	struct mark_place a, b;	/* a is no constant */
	u8 over;		/* CC_INC_KEEP, CC_DEC_KEEP or 0 */
	u8 over_reg;		/* general register with its result */
};

/* Into a word of 16 bits that is not 0; 0 if it has no room for this. wide: of 64-bit code. */
u16 mark_pack(const struct mark *m, bool wide);
/* The general registers that it names, a bit for each. */
u32 mark_registers(u16 word, bool wide);
/* The six flags at their EFLAGS positions; a, b: what the pinned registers hold. */
u32 mark_flags(u16 word, bool wide, const u64 gpr[16], u64 a, u64 b);

/* The word R_CCOP (cc.h) with a mark, which nothing else looks like. */
#define MARK_OP(word) ((s64)(s32)((u32)(word) << 16))
#define MARK_OF(op) ((u16)((u32)(op) >> 16))

#endif
