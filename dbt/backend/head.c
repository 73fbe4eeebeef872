/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A block's head: what it does until it has set all flags. Whoever goes there by a chained exit
 * need not say what they were, if nobody can see them before. Not what the exit leaves out
 * (chain.c). Law: what reads them, leaves the block or calls C sees them.
 */
#include "dbt/backend/block.h"

#include "dbt/backend/lower.h"
#include "dbt/x86/cc.h"

/* May the head go on behind it? */
static bool harmless(const struct ir_insn *in)
{
	switch (in->op) {
	case IR_RAISE_IF: return true;		/* a fault, no exit */
	case IR_HELPER: case IR_ENTRYF: case IR_ENTRYCF: return false;
	default: return !ir_leaves(in);
	}
}

struct block_head head_find(const struct ir *ir)
{
	struct block_head h = { 0 };
	u32 put = 0;

	for (unsigned i = 1; i < ir->n; i++) {
		const struct ir_insn *in = &ir->v[i];

		if (in->op == IR_SETF && in->x <= CC_LAST_FULL) {
			h.sets_flags = true;
			return h;
		}
		if (!harmless(in))
			break;
		if (in->op == IR_PUTREG && !in->x)
			put |= 1u << in->k;
		if (ir_may_fault(in)) {
			h.may_fault = true;
			h.changes = (u16)put;
		}
	}
	return (struct block_head){ 0 };
}
