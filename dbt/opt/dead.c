/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dead code. Law: an operation whose only effect is its result, or a read of
 * guest state, may go if nobody uses the result. A load may fault: it stays.
 */
#include "dbt/opt/opt.h"

void opt_dead(struct opt *o)
{
	struct ir *ir = o->ir;

	opt_clear(o);
	for (unsigned i = ir->n; i-- > 1;) {
		const struct ir_insn *in = &ir->v[i];

		if (!o->of[i].used && ir_removable(in))
			opt_remove(o, i);
		else
			o->of[in->a].used = o->of[in->b].used = o->of[in->c].used = 1;
	}
}
