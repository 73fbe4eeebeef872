/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same sum twice is one: constants, additions and masks, which is what addresses are made
 * of; and a check that has been passed is not made again. Law: SSA; only pure integer
 * operations are shared, and a RAISE_IF goes only if an equal one comes before it in
 * the block (it would have left), and so does a FORM.
 *
 * Shifts by a constant are told to be equal but stay apart: the back end takes each into the
 * addition that uses it.
 */
#include "dbt/opt/opt.h"

#define BUCKETS 64

typedef val buckets[BUCKETS];		/* the last operation of each chain */

static bool wanted(const struct ir_insn *in)
{
	switch (in->op) {
	case IR_CONST: case IR_EIP: case IR_ADD: case IR_SUB: case IR_SHL: case IR_AND:
	case IR_ZEXT: case IR_EXTRACT: case IR_RAISE_IF: case IR_FORM:
		return true;
	}
	return false;
}

/* Its k; but which exception a FORM would raise does not matter. */
static s64 number_of(const struct ir_insn *in) { return in->op == IR_FORM ? 0 : in->k; }

static unsigned bucket(const struct opt *o, const struct ir_insn *in)
{
	u64 h = in->op + in->type * 7u + o->of[in->a].number * 31u + o->of[in->b].number * 331u +
		(u64)number_of(in) * 2654435761u;

	return (unsigned)(h >> 3 ^ h >> 17 ^ h) % BUCKETS;
}

static bool equal(const struct opt *o, const struct ir_insn *x, const struct ir_insn *y)
{
	return x->op == y->op && x->type == y->type && x->x == y->x && x->y == y->y &&
	       number_of(x) == number_of(y) && o->of[x->a].number == o->of[y->a].number &&
	       o->of[x->b].number == o->of[y->b].number;
}

static val find(struct opt *o, unsigned i, val *head)
{
	const struct ir_insn *in = o->ir->v;

	for (val v = *head; v; v = o->of[v].next)
		if (equal(o, &in[v], &in[i]))
			return v;
	o->of[i].next = *head;
	*head = (val)i;
	return (val)i;
}

static void share(struct opt *o, unsigned i, buckets head)
{
	const struct ir_insn *in = &o->ir->v[i];

	o->of[i].number = find(o, i, &head[bucket(o, in)]);
	if (o->of[i].number != i && in->op != IR_SHL)
		opt_replace(o, i, o->of[o->of[i].number].alias);
}

void opt_same(struct opt *o)
{
	buckets head = { 0 };

	o->of[0].alias = o->of[0].number = 0;
	for (unsigned i = 1; i < o->ir->n; i++) {
		if (o->ir->v[i].op == IR_NOP)
			continue;
		o->of[i].number = (val)i;
		if (wanted(opt_operands(o, i)))
			share(o, i, head);
	}
}
