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

static unsigned bucket(const val *number, const struct ir_insn *in)
{
	u64 h = in->op + in->type * 7u + number[in->a] * 31u + number[in->b] * 331u +
		(u64)number_of(in) * 2654435761u;

	return (unsigned)(h >> 3 ^ h >> 17 ^ h) % BUCKETS;
}

static bool equal(const val *number, const struct ir_insn *x, const struct ir_insn *y)
{
	return x->op == y->op && x->type == y->type && x->x == y->x && x->y == y->y &&
	       number[x->a] == number[y->a] && number[x->b] == number[y->b] &&
	       number_of(x) == number_of(y);
}

static val find(struct opt *o, unsigned i, val *head)
{
	const struct ir_insn *in = o->ir->v;

	for (val v = *head; v; v = o->next[v])
		if (equal(o->number, &in[v], &in[i]))
			return v;
	o->next[i] = *head;
	*head = (val)i;
	return (val)i;
}

static void share(struct opt *o, unsigned i, buckets head)
{
	const struct ir_insn *in = &o->ir->v[i];

	o->number[i] = find(o, i, &head[bucket(o->number, in)]);
	if (o->number[i] != i && in->op != IR_SHL)
		opt_replace(o, i, o->alias[o->number[i]]);
}

void opt_same(struct opt *o)
{
	buckets head = { 0 };

	for (unsigned i = 0; i < o->ir->n; i++) {
		o->number[i] = (val)i;
		if (wanted(opt_operands(o, i)))
			share(o, i, head);
	}
}
