/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a block's values is wanted, found backward before anything is emitted. Law: what flag
 * recipes may still ask for counts as a use. Not here: registers.
 */
#include "dbt/backend/uses.h"

#include "dbt/backend/lower.h"
#include "dbt/x86/cc.h"

#define NEAR 48			/* a PUTREG further away is not looked for */

static void note_use(struct emit *e, val v, unsigned at)
{
	struct value *of = &e->of[v];

	if (!v)
		return;
	of->uses++;
	if (of->last_use < at)
		of->last_use = at;
}

/* What flags at an exit are made of had better be where they are pinned. */
static void note_pins(struct emit *e, val s)
{
	while (s && e->ir->v[s].x > CC_LAST_FULL)
		s = (val)e->ir->v[s].k;
	e->of[e->ir->v[s].a].pin |= PIN_A;
	e->of[e->ir->v[s].b].pin |= PIN_B;
}

/* Operands of partial kinds are put elsewhere, or under a branch; others are read behind flags. */
static void note_unpinned(struct emit *e, const struct ir_insn *in)
{
	e->of[in->a].pin |= PIN_NEVER;
	e->of[in->b].pin |= PIN_NEVER;
}

/* What an operation that leaves the block, or may, wants of its flags. True: no pins at all. */
static bool note_exit(struct emit *e, const struct ir_insn *in, unsigned i)
{
	if (e->of[in->c].need < i)
		e->of[in->c].need = i;
	switch (in->op) {
	case IR_SYS: note_unpinned(e, in); return false;
	case IR_EXIT_IND: note_unpinned(e, in); break;
	case IR_EXIT: case IR_EXIT_IF: break;
	case IR_LEAVE_IF: return true;	/* it puts flags while the block goes on */
	default: return false;
	}
	note_pins(e, in->c);
	return false;
}

/*
 * Until where each SETF's operands may be asked for: faults and exits while it is in force; and
 * what exits have of them.
 */
static void find_needs(struct emit *e)
{
	const struct ir_insn *const v = e->ir->v;
	const unsigned n = e->ir->n;
	bool partial = false, none = false;
	val setf = 0;

	for (unsigned i = 1; i < n; i++) {
		const struct ir_insn *in = &v[i];

		if (!ir_in(IR_SET(SETF) | ir_ops_faulting | ir_ops_leaving, in))
			continue;
		if (in->op == IR_SETF) {
			setf = i;
			if (in->x > CC_LAST_FULL) {
				partial = true;
				note_unpinned(e, in);
			}
			continue;
		}
		if (ir_may_fault(in))
			e->of[setf].need = i;
		if (ir_leaves(in))
			none |= note_exit(e, in, i);
	}
	for (unsigned i = e->ir->n; partial && i-- > 1;) {
		const struct ir_insn *in = &e->ir->v[i];

		if (in->op == IR_SETF && in->x > CC_LAST_FULL &&
		    e->of[in->k].need < e->of[i].need)
			e->of[in->k].need = e->of[i].need;
	}
	e->of[0].need = 0;
	for (unsigned i = 1; none && i < e->ir->n; i++)
		e->of[i].pin = 0;
}

/* Operands of a SETF. */
static void note_flags(struct emit *e, val v, unsigned at)
{
	note_use(e, v, at);
	e->of[v].flag_uses++;
}

/*
 * A deposit wants what it changes in its own register, and a deposit that only goes on into a sum
 * or the like wants to be where that goes; in 64-bit code so does what is extended, if nobody wants
 * it later.
 */
static void hint(struct emit *e, const struct ir_insn *in, unsigned put)
{
	if (in->op == IR_ZEXT && e->wide && !e->of[in->a].put_at && e->of[in->a].uses == 1)
		e->of[in->a].put_at = put;
	if (in->op == IR_DEPOSIT && !e->of[in->a].put_at)
		e->of[in->a].put_at = put;
	if (e->ir->v[in->a].op == IR_DEPOSIT && !e->of[in->a].put_at)
		e->of[in->a].put_at = put;
	else if (e->ir->v[in->b].op == IR_DEPOSIT && !e->of[in->b].put_at)
		e->of[in->b].put_at = put;
}

/* An access, or a sum that only accesses are at. */
static void note_address(struct emit *e, const struct ir_insn *in, unsigned i)
{
	if (in->op == IR_LD || in->op == IR_ST)
		e->of[in->a].accesses++;
	else if (in->op == IR_ADD && e->of[i].uses == e->of[i].accesses)
		disp_note(e, i);
}

/* Where values go. */
static void note_put(struct emit *e, const struct ir_insn *in, unsigned i)
{
	if (in->op == IR_PUTREG || in->op == IR_PUTXMM)
		e->of[in->a].put_at = i;
	else if (e->of[i].put_at && (e->wide || in->type == T_I32))
		hint(e, in, e->of[i].put_at);
}

static void note_setf(struct emit *e, const struct ir_insn *in, unsigned need)
{
	if (!need)
		return;
	note_flags(e, in->a, need);
	note_flags(e, in->b, need);
	note_flags(e, in->c, need);
}

static void find_uses(struct emit *e)
{
	struct ir_insn *const v = e->ir->v;
	u32 again = 0;		/* XMM registers that are put before the block can be left */

	for (unsigned i = e->ir->n; i-- > 1;) {
		struct ir_insn *in = &v[i];
		bool leaves = ir_leaves(in);

		if (ir_in(ir_ops_without_operands, in) ||
		    (!e->of[i].uses && ir_removable(in)) || (in->op == IR_PUTREG && in->x))
			continue;
		if (in->op == IR_SETF) {
			note_setf(e, in, e->of[i].need);
			continue;
		}
		note_use(e, in->a, i);
		note_use(e, in->b, i);
		note_address(e, in, i);
		if (!leaves)
			note_use(e, in->c, i);
		else
			again = 0;
		if (in->op == IR_PUTXMM) {
			in->y = again >> in->k & 1;
			again |= 1u << in->k;
		}
		note_put(e, in, i);
	}
}

void uses_find(struct emit *e)
{
	emit_clear(e->of, e->ir->n * sizeof(e->of[0]));
	e->address_sums = 0;
	find_needs(e);
	find_uses(e);
}

void uses_fold_upper(struct emit *e, unsigned i)
{
	val s = e->ir->v[i].a;
	const struct ir_insn *shift = &e->ir->v[s];

	if ((shift->op != IR_SHR && shift->op != IR_SAR) || shift->type != T_I64 ||
	    !e->of[i].uses || e->of[s].uses != 1 || !ir_is_const(e->ir, shift->b) ||
	    e->ir->v[shift->b].k != 32)
		return;
	e->of[s].folded = true;
	if (e->of[shift->a].last_use < i)
		e->of[shift->a].last_use = (u16)i;
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
