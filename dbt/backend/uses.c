/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a block's values is wanted, found backward before anything is emitted. Law: what flag
 * recipes may still ask for counts as a use. Not here: registers.
 */
#include "dbt/backend/uses.h"

#include "dbt/backend/lower.h"
#include "dbt/x86/cc.h"

#include <string.h>

#define NEAR 48			/* a PUTREG further away is not looked for */

static void note_use(struct emit *e, val v, unsigned at)
{
	if (!v)
		return;
	e->uses[v]++;
	if (e->last_use[v] < at)
		e->last_use[v] = at;
}

/* Until where each SETF's operands may be asked for: faults and exits while it is in force. */
static void find_needs(struct emit *e)
{
	bool partial = false;
	val setf = 0;

	for (unsigned i = 1; i < e->ir->n; i++) {
		const struct ir_insn *in = &e->ir->v[i];

		if (in->op == IR_NOP)
			continue;
		if (in->op == IR_SETF) {
			setf = i;
			partial |= in->x > CC_LAST_FULL;
			continue;
		}
		if (ir_may_fault(in))
			e->need[setf] = i;
		if (ir_leaves(in) && e->need[in->c] < i)
			e->need[in->c] = i;
	}
	for (unsigned i = e->ir->n; partial && i-- > 1;) {
		const struct ir_insn *in = &e->ir->v[i];

		if (in->op == IR_SETF && in->x > CC_LAST_FULL && e->need[in->k] < e->need[i])
			e->need[in->k] = e->need[i];
	}
	e->need[0] = 0;
}

/* Operands of a SETF. */
static void note_flags(struct emit *e, val v, unsigned at)
{
	note_use(e, v, at);
	e->flag_uses[v]++;
}

/*
 * A deposit wants what it changes in its own register, and a deposit that only goes on into a sum
 * or the like wants to be where that goes; in 64-bit code so does what is extended, if nobody wants
 * it later.
 */
static void hint(struct emit *e, const struct ir_insn *in, unsigned put)
{
	if (in->op == IR_ZEXT && e->wide && !e->put_at[in->a] && e->uses[in->a] == 1)
		e->put_at[in->a] = put;
	if (in->op == IR_DEPOSIT && !e->put_at[in->a])
		e->put_at[in->a] = put;
	if (e->ir->v[in->a].op == IR_DEPOSIT && !e->put_at[in->a])
		e->put_at[in->a] = put;
	else if (e->ir->v[in->b].op == IR_DEPOSIT && !e->put_at[in->b])
		e->put_at[in->b] = put;
}

static void find_uses(struct emit *e)
{
	u32 again = 0;		/* XMM registers that are put before the block can be left */

	for (unsigned i = e->ir->n; i-- > 1;) {
		const struct ir_insn *in = &e->ir->v[i];

		if (in->op == IR_NOP || (!e->uses[i] && ir_removable(in)) ||
		    (in->op == IR_PUTREG && in->x))
			continue;
		if (in->op == IR_SETF) {
			if (!e->need[i])
				continue;
			note_flags(e, in->a, e->need[i]);
			note_flags(e, in->b, e->need[i]);
			note_flags(e, in->c, e->need[i]);
			continue;
		}
		note_use(e, in->a, i);
		note_use(e, in->b, i);
		if (in->op == IR_LD || in->op == IR_ST)
			e->accesses[in->a]++;
		else if (in->op == IR_ADD && e->uses[i] == e->accesses[i])
			disp_note(e, i);
		if (!ir_leaves(in))
			note_use(e, in->c, i);
		if (ir_leaves(in))
			again = 0;
		if (in->op == IR_PUTXMM) {
			e->ir->v[i].y = again >> in->k & 1;
			again |= 1u << in->k;
		}
		if (in->op == IR_PUTREG || in->op == IR_PUTXMM)
			e->put_at[in->a] = i;
		else if (e->put_at[i] && (e->wide || in->type == T_I32))
			hint(e, in, e->put_at[i]);
	}
}

/*
 * What flags at an exit are made of had better be where they are pinned. Operands of partial kinds
 * are put elsewhere, or under a branch; LEAVE_IF puts flags while the block goes on.
 */
static void find_pins(struct emit *e)
{
	bool none = false;

	for (unsigned i = 1; i < e->ir->n; i++) {
		const struct ir_insn *in = &e->ir->v[i];
		val s = in->c;

		if (in->op == IR_SETF && in->x > CC_LAST_FULL) {
			e->pin[in->a] |= PIN_NEVER;
			e->pin[in->b] |= PIN_NEVER;
		}
		if (in->op == IR_EXIT_IND || in->op == IR_SYS) {	/* read behind the flags */
			e->pin[in->a] |= PIN_NEVER;
			e->pin[in->b] |= PIN_NEVER;
		}
		none |= in->op == IR_LEAVE_IF;
		if (in->op != IR_EXIT && in->op != IR_EXIT_IF && in->op != IR_EXIT_IND)
			continue;
		while (s && e->ir->v[s].x > CC_LAST_FULL)
			s = (val)e->ir->v[s].k;
		e->pin[e->ir->v[s].a] |= PIN_A;
		e->pin[e->ir->v[s].b] |= PIN_B;
	}
	if (none)
		memset(e->pin, 0, e->ir->n);
}

void uses_find(struct emit *e)
{
	unsigned n = e->ir->n;

	memset(e->last_use, 0, n * sizeof(e->last_use[0]));
	memset(e->uses, 0, n * sizeof(e->uses[0]));
	memset(e->flag_uses, 0, n * sizeof(e->flag_uses[0]));
	memset(e->accesses, 0, n * sizeof(e->accesses[0]));
	memset(e->put_at, 0, n * sizeof(e->put_at[0]));
	memset(e->need, 0, n * sizeof(e->need[0]));
	memset(e->pin, 0, n);
	memset(e->folded, 0, n);
	e->address_sums = 0;
	find_needs(e);
	find_uses(e);
	find_pins(e);
}

void uses_fold_upper(struct emit *e, unsigned i)
{
	val s = e->ir->v[i].a;
	const struct ir_insn *shift = &e->ir->v[s];

	if ((shift->op != IR_SHR && shift->op != IR_SAR) || shift->type != T_I64 ||
	    !e->uses[i] || e->uses[s] != 1 || !ir_is_const(e->ir, shift->b) ||
	    e->ir->v[shift->b].k != 32)
		return;
	e->folded[s] = true;
	if (e->last_use[shift->a] < i)
		e->last_use[shift->a] = (u16)i;
}

bool uses_early_put_is_safe(const struct emit *e, unsigned p)
{
	unsigned put = e->ir->v[p].op, get = put == IR_PUTXMM ? IR_GETXMM : IR_GETREG;
	s64 g = e->ir->v[p].k;

	if (p - e->i > NEAR)
		return false;
	for (unsigned j = e->i + 1; j < p; j++) {
		const struct ir_insn *in = &e->ir->v[j];

		if (ir_may_fault(in) || ir_leaves(in))
			return false;
		if ((in->op == get || in->op == put) && in->k == g)
			return false;
	}
	return true;
}
