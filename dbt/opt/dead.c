/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dead code. Law: an operation whose only effect is its result, or a read of
 * guest state, may go if nobody uses the result. A load may fault: it stays.
 */
#include "dbt/opt/opt.h"

void opt_dead(struct opt *o)
{
	const struct ir_insn *const v = o->ir->v;

	opt_clear(o);
	for (unsigned i = o->ir->n; i-- > 1;) {
		const struct ir_insn *in = &v[i];

		if (!o->of[i].used && ir_removable(in))
			opt_remove(o, i);
		else if (!ir_in(ir_ops_without_operands, in))
			o->of[in->a].used = o->of[in->b].used = o->of[in->c].used = 1;
	}
}
