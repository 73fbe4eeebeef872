/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a value is extended: by zeros from so many bits on, by its sign from so many bits on. One
 * step forward for each instruction. Law: a bound may be too wide, never too narrow.
 */
#include "dbt/opt/bits.h"

#include "kernel/lib/bits.h"

struct bounds { unsigned u, s; };

static unsigned most(unsigned a, unsigned b) { return a > b ? a : b; }
static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

static struct bounds of(const struct opt *o, val v)
{
	return (struct bounds){ o->unsigned_bits[v], o->signed_bits[v] };
}

static struct bounds of_const(const struct ir_insn *in, unsigned width)
{
	return (struct bounds){ in->k < 0 ? width : opt_length((u64)in->k),
				1 + opt_length((u64)(in->k < 0 ? ~in->k : in->k)) };
}

static struct bounds of_load(const struct ir_insn *in, unsigned width)
{
	switch (in->x) {
	case M_U8: return (struct bounds){ 8, 9 };
	case M_U16: return (struct bounds){ 16, 17 };
	case M_S8: return (struct bounds){ width, 8 };
	case M_S16: return (struct bounds){ width, 16 };
	case M_U32: return (struct bounds){ 32, 33 };
	case M_32: return (struct bounds){ width, 32 };
	}
	return (struct bounds){ width, width };
}

/* By a constant. */
static struct bounds of_shift(const struct opt *o, const struct ir_insn *in, unsigned width)
{
	struct bounds a = of(o, in->a), r = { width, width };
	unsigned n;

	if (!ir_is_const(o->ir, in->b))
		return r;
	n = o->ir->v[in->b].k & (width - 1);
	switch (in->op) {
	case IR_SHL: return (struct bounds){ a.u + n, a.s + n };
	case IR_SHR: r.u = a.u > n ? a.u - n : 0; return r;
	case IR_SAR: r.s = a.s > n ? a.s - n : 1; r.u = a.u < width ? a.u : width; return r;
	}
	return r;
}

static struct bounds of_binary(const struct opt *o, const struct ir_insn *in, unsigned width)
{
	struct bounds a = of(o, in->a), b = of(o, in->b), r;

	switch (in->op) {
	case IR_AND:
		r.s = most(a.s, b.s);
		r.u = least(a.u, b.u);
		return r;
	case IR_OR: case IR_XOR:
		return (struct bounds){ most(a.u, b.u), most(a.s, b.s) };
	case IR_ADD:
		return (struct bounds){ most(a.u, b.u) + 1, most(a.s, b.s) + 1 };
	case IR_SUB:
		return (struct bounds){ width, most(a.s, b.s) + 1 };
	case IR_DEPOSIT:
		return (struct bounds){ most(a.u, in->x + in->y), width };
	}
	return (struct bounds){ width, width };
}

static struct bounds find(const struct opt *o, const struct ir_insn *in, unsigned width)
{
	struct bounds a = of(o, in->a), b = of(o, in->b), c;

	switch (in->op) {
	case IR_CONST: return of_const(in, width);
	case IR_LD: case IR_LDSTATE: return of_load(in, width);
	case IR_ZEXT: return (struct bounds){ least(a.u, (unsigned)in->k), width };
	case IR_SEXT:
		return (struct bounds){ a.u < in->k ? a.u : width, least(a.s, (unsigned)in->k) };
	case IR_EXTRACT: return (struct bounds){ in->y, width };
	case IR_TRUNC: return (struct bounds){ least(a.u, 32), least(a.s, 32) };
	case IR_SETCOND: case IR_ENTRYCF: return (struct bounds){ 1, 2 };
	case IR_CLZ: case IR_CTZ: return (struct bounds){ 7, 8 };
	case IR_SELECT:
		c = of(o, in->c);
		return (struct bounds){ most(b.u, c.u), most(b.s, c.s) };
	case IR_SHL: case IR_SHR: case IR_SAR: return of_shift(o, in, width);
	}
	return of_binary(o, in, width);
}

void opt_known(struct opt *o, unsigned i)
{
	const struct ir_insn *in = &o->ir->v[i];
	unsigned width = opt_width(in);
	struct bounds r = { width, width };

	if (in->type == T_I32 || in->type == T_I64)
		r = find(o, in, width);
	if (r.u > width)
		r.u = width;
	if (r.s > r.u + 1)
		r.s = r.u + 1;
	o->unsigned_bits[i] = (u8)r.u;
	o->signed_bits[i] = (u8)least(r.s, width);
}
