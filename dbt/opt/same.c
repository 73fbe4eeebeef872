/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same sum twice is one: constants, additions and masks, which is what addresses are made
 * of; and a check that has been passed is not made again. Law: SSA; only pure integer
 * operations are shared, and a RAISE_IF goes only if an equal one comes before it in
 * the block (it would have left).
 *
 * Shifts by a constant are told to be equal but stay apart: the back end takes each into the
 * addition that uses it.
 */
#include "dbt/opt/opt.h"

#define BUCKETS 64

static val number[IR_MAX];		/* the first equal operation */
static val alias[IR_MAX];
static val head[BUCKETS], next[IR_MAX];

static bool wanted(const struct ir_insn *in)
{
	switch (in->op) {
	case IR_CONST: case IR_ADD: case IR_SUB: case IR_SHL: case IR_AND: case IR_RAISE_IF:
		return true;
	}
	return false;
}

static unsigned bucket(const struct ir_insn *in)
{
	u64 h = in->op + in->type * 7u + number[in->a] * 31u + number[in->b] * 331u +
		(u64)in->k * 2654435761u;

	return (unsigned)(h >> 3 ^ h >> 17 ^ h) % BUCKETS;
}

static bool equal(const struct ir_insn *x, const struct ir_insn *y)
{
	return x->op == y->op && x->type == y->type && x->x == y->x && x->y == y->y &&
	       number[x->a] == number[y->a] && number[x->b] == number[y->b] && x->k == y->k;
}

static val find(const struct ir *ir, unsigned i, unsigned b)
{
	for (val v = head[b]; v; v = next[v])
		if (equal(&ir->v[v], &ir->v[i]))
			return v;
	next[i] = head[b];
	head[b] = (val)i;
	return (val)i;
}

static void share(struct ir *ir, unsigned i)
{
	struct ir_insn *in = &ir->v[i];

	number[i] = find(ir, i, bucket(in));
	if (number[i] == i || in->op == IR_SHL)
		return;
	alias[i] = alias[number[i]];
	*in = (struct ir_insn){ .op = IR_NOP, .guest = in->guest };
}

void opt_same(struct ir *ir)
{
	for (unsigned b = 0; b < BUCKETS; b++)
		head[b] = 0;
	for (unsigned i = 0; i < ir->n; i++) {
		struct ir_insn *in = &ir->v[i];

		alias[i] = number[i] = (val)i;
		in->a = alias[in->a];
		in->b = alias[in->b];
		in->c = alias[in->c];
		if (wanted(in))
			share(ir, i);
	}
}
