/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads of general registers become the value known to be there. Law: only
 * PUTREG writes a general register inside a block (helpers that write them end
 * it), and a GETREG without a PUTREG since gives the same value as the one before.
 */
#include "dbt/opt/opt.h"

#define GPRS 16

void opt_getput(struct opt *o)
{
	val known[GPRS] = { 0 };

	for (unsigned i = 0; i < o->ir->n; i++) {
		const struct ir_insn *in = opt_operands(o, i);

		if (in->op == IR_PUTREG) {
			known[in->k] = in->a;
		} else if (in->op == IR_GETREG) {
			val v = known[in->k];

			if (v && o->ir->v[v].type == in->type)
				opt_replace(o, i, v);
			else
				known[in->k] = (val)i;
		}
	}
}
