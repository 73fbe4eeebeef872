/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many low bits of each value anybody looks at, found backward: o->wanted, 0 = nobody; and
 * whether more than one does: o->used, up to 2. Not
 * here: what follows from it (narrow.c).
 * Law: what flag recipes may ask for counts, of a SETF whose flags a fault or an exit may see.
 */
#include "dbt/opt/bits.h"

#include "dbt/x86/cc.h"

#define ALL 128

static void want(struct opt *o, val v, unsigned n)
{
	if (o->of[v].wanted < n)
		o->of[v].wanted = (u8)n;
	if (n && o->of[v].used < 2)
		o->of[v].used++;
}

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Shifts: bits that come from above, or go there. */
static void want_shift(struct opt *o, const struct ir_insn *in, unsigned w)
{
	unsigned width = opt_width(in), n;

	want(o, in->b, width == 64 ? 6 : 5);
	if (!ir_is_const(o->ir, in->b)) {
		want(o, in->a, in->op == IR_SHL ? w : width);
		return;
	}
	n = o->ir->v[in->b].k & (width - 1);
	switch (in->op) {
	case IR_SHL: want(o, in->a, w > n ? w - n : 1); break;
	case IR_SHR: want(o, in->a, least(width, w + n)); break;
	case IR_SAR: want(o, in->a, least(width, w + n)); break;
	default: want(o, in->a, width);
	}
}

static void want_deposit(struct opt *o, const struct ir_insn *in, unsigned w)
{
	want(o, in->a, w > in->x + in->y ? w : least(w, in->x));
	if (w > in->x)
		want(o, in->b, least(in->y, w - in->x));
}

static void want_and(struct opt *o, const struct ir_insn *in, unsigned w)
{
	if (ir_is_const(o->ir, in->b) && o->ir->v[in->b].k > 0)
		want(o, in->a, least(w, opt_length((u64)o->ir->v[in->b].k)));
	else
		want(o, in->a, w);
	want(o, in->b, w);
}

/* Kinds that look at the low bits of their operands only (cc.h). */
static void want_flags(struct opt *o, const struct ir_insn *in)
{
	unsigned width = 8u << in->y;
	bool plain = in->x != CC_EFLAGS && in->x != CC_MASKED && in->x != CC_FCOM;
	bool sum = in->x == CC_ADD || in->x == CC_SUB || in->x == CC_CMP || in->x == CC_ADC ||
		   in->x == CC_SBB;

	want(o, in->a, plain ? width : ALL);
	want(o, in->b, sum ? width : ALL);
	want(o, in->c, ALL);
}

static void want_memory(struct opt *o, const struct ir_insn *in)
{
	val stored = in->op == IR_ST ? in->b : in->a;

	if (in->op == IR_ST)
		want(o, in->a, ALL);
	want(o, stored, o->ir->v[stored].type == T_V128 ? ALL : 8 * ir_mem_size(in->x));
}

/* The operands of instruction i, of whose result w bits are wanted. */
static void want_operands(struct opt *o, const struct ir_insn *in, unsigned w)
{
	switch (in->op) {
	case IR_ZEXT: case IR_SEXT: want(o, in->a, least(w, in->k)); return;
	case IR_TRUNC: want(o, in->a, least(w, 32)); return;
	case IR_EXTRACT: want(o, in->a, in->x + least(w, in->y)); return;
	case IR_DEPOSIT: want_deposit(o, in, w); return;
	case IR_AND: want_and(o, in, w); return;
	case IR_ADD: case IR_SUB: case IR_MUL: case IR_OR: case IR_XOR:
		want(o, in->a, w);
		want(o, in->b, w);
		return;
	case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROTR: want_shift(o, in, w); return;
	case IR_SELECT:
		want(o, in->a, ALL);
		want(o, in->b, w);
		want(o, in->c, w);
		return;
	case IR_ST: case IR_STSTATE: want_memory(o, in); return;
	case IR_SETF: want_flags(o, in); return;
	}
	want(o, in->a, ALL);
	if (in->b)
		want(o, in->b, ALL);
	if (in->c)
		want(o, in->c, ALL);	/* of an exit: its SETF */
}

void opt_wanted(struct opt *o)
{
	const struct ir_insn *const v = o->ir->v;
	bool fault = false;		/* may one see the flags in force at i? */

	opt_clear(o);
	for (unsigned i = o->ir->n; i-- > 1;) {
		const struct ir_insn *in = &v[i];

		if (ir_in(ir_ops_without_operands, in))
			continue;
		if (in->op == IR_SETF) {
			if (fault)
				o->of[i].wanted = ALL;
			fault = false;
			if (!o->of[i].wanted)
				continue;
			if (in->x > CC_LAST_FULL)
				o->of[in->k].wanted = ALL;
		} else if (!o->of[i].wanted && ir_removable(in)) {
			continue;
		}
		fault |= ir_may_fault(in);
		want_operands(o, in, o->of[i].wanted);
	}
}
