/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dead code. Law: an operation whose only effect is its result, or a read of
 * guest state, may go if nobody uses the result. A load may fault: it stays.
 */
#include "dbt/opt/opt.h"

#include <string.h>

static bool removable(const struct ir_insn *in)
{
	return ir_pure(in) || in->op == IR_GETREG || in->op == IR_GETXMM ||
	       in->op == IR_LDSTATE || in->op == IR_ENTRYF || in->op == IR_ENTRYCF;
}

void opt_dead(struct ir *ir)
{
	static u8 used[IR_MAX];

	memset(used, 0, ir->n);
	for (unsigned i = ir->n; i-- > 1;) {
		struct ir_insn *in = &ir->v[i];

		if (!used[i] && removable(in)) {
			*in = (struct ir_insn){ .op = IR_NOP, .guest = in->guest };
			continue;
		}
		used[in->a] = used[in->b] = used[in->c] = 1;
	}
}
