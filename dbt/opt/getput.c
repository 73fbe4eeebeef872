/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads of general registers become the value known to be there. Law: only
 * PUTREG writes a general register inside a block (helpers that write them end
 * it), and a GETREG without a PUTREG since gives the same value as the one before.
 */
#include "dbt/opt/opt.h"

#define GPRS 16

void opt_getput(struct ir *ir)
{
	val known[GPRS] = { 0 };
	/* per call; cores translate under their own context's turn */
	static val alias[IR_MAX];

	for (unsigned i = 0; i < ir->n; i++) {
		struct ir_insn *in = &ir->v[i];

		alias[i] = i;
		in->a = alias[in->a];
		in->b = alias[in->b];
		in->c = alias[in->c];
		if (in->op == IR_PUTREG) {
			known[in->k] = in->a;
		} else if (in->op == IR_GETREG) {
			val v = known[in->k];

			if (v && ir->v[v].type == in->type) {
				alias[i] = v;
				*in = (struct ir_insn){ .op = IR_NOP, .guest = in->guest };
			} else {
				known[in->k] = i;
			}
		}
	}
}
