/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a value is extended: by zeros from so many bits on, by its sign from so many bits on. Found
 * when somebody asks, from the operations that made it, some steps back.
 * Law: a bound may be too wide, never too narrow.
 */
#include "dbt/opt/bits.h"

#include "kernel/lib/bits.h"

#define STEPS 4

static struct opt_bounds look(const struct ir *ir, val v, unsigned steps);

static unsigned most(unsigned a, unsigned b) { return a > b ? a : b; }
static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

static struct opt_bounds of_const(const struct ir_insn *in, unsigned width)
{
	return (struct opt_bounds){ in->k < 0 ? width : opt_length((u64)in->k),
				    1 + opt_length((u64)(in->k < 0 ? ~in->k : in->k)) };
}

static struct opt_bounds of_load(const struct ir_insn *in, unsigned width)
{
	switch (in->x) {
	case M_U8: return (struct opt_bounds){ 8, 9 };
	case M_U16: return (struct opt_bounds){ 16, 17 };
	case M_S8: return (struct opt_bounds){ width, 8 };
	case M_S16: return (struct opt_bounds){ width, 16 };
	case M_U32: return (struct opt_bounds){ 32, 33 };
	case M_32: return (struct opt_bounds){ width, 32 };
	}
	return (struct opt_bounds){ width, width };
}

/* By a constant. */
static struct opt_bounds of_shift(const struct ir *ir, const struct ir_insn *in, unsigned width,
				  struct opt_bounds a)
{
	struct opt_bounds r = { width, width };
	unsigned n;

	if (!ir_is_const(ir, in->b))
		return r;
	n = ir->v[in->b].k & (width - 1);
	switch (in->op) {
	case IR_SHL: return (struct opt_bounds){ a.u + n, a.s + n };
	case IR_SHR: r.u = a.u > n ? a.u - n : 0; return r;
	default: return (struct opt_bounds){ a.u, a.s > n ? a.s - n : 1 };
	}
}

static struct opt_bounds of_binary(const struct ir_insn *in, unsigned width, struct opt_bounds a,
				   struct opt_bounds b)
{
	switch (in->op) {
	case IR_AND: return (struct opt_bounds){ least(a.u, b.u), most(a.s, b.s) };
	case IR_OR: case IR_XOR: case IR_SELECT:
		return (struct opt_bounds){ most(a.u, b.u), most(a.s, b.s) };
	case IR_ADD: return (struct opt_bounds){ most(a.u, b.u) + 1, most(a.s, b.s) + 1 };
	default: return (struct opt_bounds){ width, most(a.s, b.s) + 1 };	/* SUB */
	}
}

static struct opt_bounds of_value(const struct ir *ir, val v, unsigned width, unsigned steps)
{
	const struct ir_insn *in = &ir->v[v];
	struct opt_bounds a;

	switch (in->op) {
	case IR_CONST: return of_const(in, width);
	case IR_LD: case IR_LDSTATE: return of_load(in, width);
	case IR_EXTRACT: return (struct opt_bounds){ in->y, width };
	case IR_SETCOND: case IR_ENTRYCF: return (struct opt_bounds){ 1, 2 };
	case IR_CLZ: case IR_CTZ: return (struct opt_bounds){ 7, 8 };
	case IR_ZEXT:
		a = look(ir, in->a, steps);
		return (struct opt_bounds){ least(a.u, (unsigned)in->k), width };
	case IR_SEXT:
		a = look(ir, in->a, steps);
		return (struct opt_bounds){ a.u < in->k ? a.u : width,
					    least(a.s, (unsigned)in->k) };
	case IR_DEPOSIT:
		a = look(ir, in->a, steps);
		return (struct opt_bounds){ most(a.u, in->x + in->y), width };
	case IR_SHL: case IR_SHR: case IR_SAR:
		return of_shift(ir, in, width, look(ir, in->a, steps));
	case IR_SELECT:
		return of_binary(in, width, look(ir, in->b, steps), look(ir, in->c, steps));
	case IR_AND: case IR_OR: case IR_XOR: case IR_ADD: case IR_SUB:
		return of_binary(in, width, look(ir, in->a, steps), look(ir, in->b, steps));
	}
	return (struct opt_bounds){ width, width };
}

static struct opt_bounds look(const struct ir *ir, val v, unsigned steps)
{
	unsigned width = opt_width(&ir->v[v]);
	struct opt_bounds r = { width, width };

	if (steps)
		r = of_value(ir, v, width, steps - 1);
	r.u = least(r.u, width);
	r.s = least(least(r.s, r.u + 1), width);
	return r;
}

struct opt_bounds opt_known(const struct opt *o, val v) { return look(o->ir, v, STEPS); }
