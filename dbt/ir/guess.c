/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guesses: the evaluator's answers, for as many of a block's values as one condition stands on.
 * Law: in lifted code a GETREG is of the block's entry (lift_get); nothing else is asked of it.
 */
#include "dbt/ir/guess.h"

#include "dbt/ir/eval_ops.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/mode.h"
#include "kernel/lib/bits.h"

#include <string.h>

/* So many values are looked at for one guess: most stand on five or so. */
#define LOOKS 48

struct guessing {
	const struct guess_from *from;
	const struct ir *ir;
	unsigned left;		/* of LOOKS */
};

static bool value(struct guessing *g, val v, u64 *out);

static u64 entry_flags(const struct vcpu *c)
{
	return cc_pinned(c->cc_op, c->cc_a, c->cc_b, c->cc_r);
}

static bool state(const struct guessing *g, const struct ir_insn *in, u64 *out)
{
	const struct vcpu *c = g->from->c;
	u64 x = 0;

	switch (in->op) {
	case IR_GETREG: *out = c->gpr[in->k]; return true;
	case IR_ENTRYF: *out = entry_flags(c); return true;
	case IR_ENTRYCF: *out = entry_flags(c) & FL_CF; return true;
	case IR_LDSTATE:
		if (in->x == M_128)
			return false;
		memcpy(&x, (const char *)c + in->k, ir_mem_size(in->x));
		*out = eval_loaded(in->x, x);
		return true;
	default: return false;
	}
}

static bool load(struct guessing *g, const struct ir_insn *in, u64 *out)
{
	u64 at = 0;

	if (in->x == M_128 || (in->a && !value(g, in->a, &at)))
		return false;
	at += (u64)in->k;
	if (!(g->ir->key_flags & KEY_LONG))
		at = (u32)at;
	if (!g->from->peek(g->from->c, gva(at), ir_mem_size(in->x), out))
		return false;
	*out = eval_loaded(in->x, *out);
	return true;
}

static bool chosen(struct guessing *g, const struct ir_insn *in, u64 *out)
{
	u64 a;

	return value(g, in->a, &a) && value(g, a ? in->b : in->c, out);
}

/* A pure operation of one or two operands. */
static bool computed(struct guessing *g, const struct ir_insn *in, u64 *out)
{
	unsigned shape = ir_info[in->op].shape;
	u64 a, b = 0;

	if (!ir_in(ir_ops_pure, in) || !value(g, in->a, &a) ||
	    ((shape == SH_BIN || shape == SH_CMP) && !value(g, in->b, &b)))
		return false;
	*out = shape == SH_CMP ? ir_cond_holds(in->x, (s64)a, (s64)b) :
	       shape == SH_BIN ? eval_binary(in, a, b) : eval_unary(in, a, g->ir->v[in->a].type);
	return true;
}

static bool value(struct guessing *g, val v, u64 *out)
{
	const struct ir_insn *in = &g->ir->v[v];
	bool known;

	if (!g->left)
		return false;
	g->left--;
	switch (in->op) {
	case IR_CONST: case IR_EIP:
		*out = (u64)in->k;
		known = true;
		break;
	case IR_LD: known = load(g, in, out); break;
	case IR_SELECT: known = chosen(g, in, out); break;
	default: known = ir_in(ir_ops_reading, in) ? state(g, in, out) : computed(g, in, out);
	}
	if (known && in->type == T_I32)
		*out = (u64)(s32)*out;
	return known;
}

enum guess guess_cond(const struct guess_from *from, const struct ir *ir, unsigned cond, val a,
		      val b)
{
	struct guessing g = { from, ir, LOOKS };
	u64 x = 0, y = 0;

	if (!from->c || !value(&g, a, &x) || !value(&g, b, &y))
		return GUESS_UNKNOWN;
	return ir_cond_holds(cond, (s64)x, (s64)y) ? GUESS_YES : GUESS_NO;
}
