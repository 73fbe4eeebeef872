/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dead code. Law: an operation whose only effect is its result, or a read of
 * guest state, may go if nobody uses the result. A load may fault: it stays.
 */
#include "dbt/opt/opt.h"

#include <string.h>

void opt_dead(struct opt *o)
{
	struct ir *ir = o->ir;

	memset(o->used, 0, ir->n);
	for (unsigned i = ir->n; i-- > 1;) {
		const struct ir_insn *in = &ir->v[i];

		if (!o->used[i] && ir_removable(in))
			opt_remove(o, i);
		else
			o->used[in->a] = o->used[in->b] = o->used[in->c] = 1;
	}
}
