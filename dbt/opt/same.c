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

#define SHARED (IR_SET(CONST) | IR_SET(EIP) | IR_SET(ADD) | IR_SET(SUB) | IR_SET(SHL) |	\
		IR_SET(AND) | IR_SET(ZEXT) | IR_SET(EXTRACT) | IR_SET(RAISE_IF) | IR_SET(FORM))

/* Its k; but which exception a FORM would raise does not matter. */
static s64 number_of(const struct ir_insn *in) { return in->op == IR_FORM ? 0 : in->k; }

static unsigned bucket(const struct opt *o, const struct ir_insn *in)
{
	unsigned a = o->of[in->a].number, b = o->of[in->b].number;
	u64 k = (u64)number_of(in);

	return (unsigned)(a * 5 + b * 9 + in->op + (k ^ k >> 6)) % BUCKETS;
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
	struct ir_insn *const v = o->ir->v;
	const unsigned n = o->ir->n;
	buckets head = { 0 };

	o->of[0].alias = o->of[0].number = 0;
	for (unsigned i = 1; i < n; i++) {
		o->of[i].number = (val)i;
		opt_operands(o, &v[i], i);
		if (ir_in(SHARED, &v[i]))
			share(o, i, head);
	}
}
