/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Displacements: what accesses add by themselves. A sum with a constant that only accesses are at
 * goes into them where they take it all, and is otherwise made with a constant that the host adds
 * in one word, if that leaves them displacements that they take. Not here: small sums (regalloc.c)
 * and sums of two registers (host_find_folds).
 * Law: the address is the same modulo 2^32 (in 64-bit code: the same), and what a register is given
 * stays below 2^33 there.
 */
#include "dbt/backend/lower.h"

#include "dbt/backend/host.h"

#define SMALL 2048		/* a sum with less is no instruction by itself */

static bool vector(const struct emit *e, const struct ir_insn *in)
{
	return in->type == T_V128 || (in->op == IR_ST && e->ir->v[in->b].type == T_V128);
}

void disp_note(struct emit *e, unsigned i)
{
	const struct ir_insn *in = &e->ir->v[i];
	s64 k = e->ir->v[in->b].k;

	if (in->type == (e->wide ? T_I64 : T_I32) && ir_is_const(e->ir, in->b) &&
	    !ir_is_const(e->ir, in->a) &&
	    (k >= SMALL || k < -SMALL) && e->address_sums < ADDRESS_SUMS_MAX)
		e->address_sum[e->address_sums++] = (val)i;
}

/* The guest register that has v, or -1. */
static int register_of(const struct emit *e, val v)
{
	const struct ir_insn *in = &e->ir->v[v];

	if (in->op == IR_GETREG)
		return (int)in->k;
	return e->of[v].put_at ? (int)e->ir->v[e->of[v].put_at].k : -1;
}

/* Is it not put again between the two? Else v would have to move. */
static bool stays(const struct emit *e, val v, unsigned from, unsigned to)
{
	int g = register_of(e, v);

	for (unsigned j = from; j < to && g >= 0; j++)
		if (e->ir->v[j].op == IR_PUTREG && e->ir->v[j].k == g)
			return false;
	return true;
}

/* The next access at sum i from j on; 0: there is none. */
static unsigned next_access(const struct emit *e, unsigned i, unsigned j)
{
	for (; j <= e->of[i].last_use; j++) {
		const struct ir_insn *in = &e->ir->v[j];

		if ((in->op == IR_LD || in->op == IR_ST) && in->a == i)
			return j;
	}
	return 0;
}

static s64 displacement(const struct emit *e, const struct ir_insn *sum, const struct ir_insn *in)
{
	s64 k = e->ir->v[sum->b].k + in->k;

	return e->wide ? k : (s32)k;
}

static bool split(const struct emit *e, const struct ir_insn *sum, unsigned j, s64 less, s64 *high)
{
	const struct ir_insn *in = &e->ir->v[j];

	return host_disp_split(in->x, vector(e, in), displacement(e, sum, in) - less, high);
}

/* Access j takes all of it. */
static void go_into(struct emit *e, unsigned j)
{
	struct ir_insn *in = &e->ir->v[j], *sum = &e->ir->v[in->a];

	e->of[in->a].uses--;
	in->k = displacement(e, sum, in);
	in->a = sum->a;
	e->of[in->a].uses++;
	if (e->of[in->a].last_use < j)
		e->of[in->a].last_use = (u16)j;
}

/* One constant for all accesses at sum i, if they take what it leaves. */
static void round_sum(struct emit *e, unsigned i, s64 high)
{
	struct ir_insn *sum = &e->ir->v[i];
	s64 other;

	for (unsigned j = i; (j = next_access(e, i, j + 1));)
		if (!split(e, sum, j, high, &other) || other)
			return;
	for (unsigned j = i; (j = next_access(e, i, j + 1));)
		e->ir->v[j].k = displacement(e, sum, &e->ir->v[j]) - high;
	e->of[sum->b].uses--;
	*sum = (struct ir_insn){ .op = IR_ADD, .type = sum->type, .x = ADD_HIGH,
				 .guest = sum->guest, .a = sum->a, .k = high };
}

/* One instruction with a constant in a register (host_find_folds), which may be there already. */
static bool scaled(const struct emit *e, const struct ir_insn *sum)
{
	return e->ir->v[sum->a].op == IR_SHL && e->of[sum->a].uses == 1;
}

static void sum_into_accesses(struct emit *e, unsigned i)
{
	struct ir_insn *sum = &e->ir->v[i];
	s64 high;

	for (unsigned j = i; (j = next_access(e, i, j + 1));) {
		if (!split(e, sum, j, 0, &high))
			return;
		if (high) {
			if (!scaled(e, sum))
				round_sum(e, i, high);
			return;
		}
		if (stays(e, sum->a, i, j))
			go_into(e, j);
	}
}

void disp_find(struct emit *e)
{
	for (unsigned n = 0; n < e->address_sums; n++)
		sum_into_accesses(e, e->address_sum[n]);
}
