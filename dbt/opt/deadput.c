/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PUTREGs that nobody sees: the register is put again before anything could look at it. Who looks:
 * GETREG, whatever may fault or leave, helpers, vector operations that may trap. Law: state at
 * each fault and exit is the same with the pass and without.
 */
#include "dbt/opt/opt.h"

/* These see no general register. */
#define NOBODY (ir_ops_pure | IR_SET(NOP) | IR_SET(SETF) | IR_SET(PUTXMM) | IR_SET(GETXMM) |	\
		IR_SET(LDSTATE) | IR_SET(ENTRYCF))

void opt_deadput(struct opt *o)
{
	const struct ir_insn *const v = o->ir->v;
	u32 again = 0;			/* bit n: register n is put before anybody looks */
	u32 later = 0;			/* the same, but for faults and side exits (lateput.c) */

	o->maybe_late = false;
	for (unsigned i = o->ir->n; i-- > 1;) {
		const struct ir_insn *in = &v[i];

		if (ir_in(NOBODY, in))
			continue;
		switch (in->op) {
		case IR_PUTREG:
			if (again >> in->k & 1) {
				opt_remove(o, i);
				break;
			}
			o->maybe_late |= later >> in->k & 1 && v[in->a].op == IR_ADD;
			again |= 1u << in->k;
			later |= 1u << in->k;
			break;
		case IR_GETREG:
			again &= ~(1u << in->k);
			later &= ~(1u << in->k);
			break;
		case IR_LD: case IR_ST: case IR_RAISE_IF: case IR_EXIT_IF: case IR_FORM:
		case IR_ALONE:
			again = 0;
			break;
		default:
			if (!ir_pure(in))
				again = later = 0;
		}
	}
}
