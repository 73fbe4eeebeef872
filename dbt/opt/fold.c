/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Folding, in place: operations on constants become constants; a branch on a
 * comparison's result becomes the branch on the comparison; an extension of
 * what is already extended goes. Law: SSA; only pure operations are touched.
 */
#include "dbt/opt/opt.h"

#include "dbt/ir/helpers.h"
#include "kernel/lib/bits.h"

static bool constant(const struct ir *ir, val v, s64 *k)
{
	*k = ir->v[v].k;
	return ir->v[v].op == IR_CONST;
}

static void make_const(struct ir_insn *in, s64 k)
{
	*in = (struct ir_insn){ .op = IR_CONST, .type = in->type, .guest = in->guest,
				.k = in->type == T_I32 ? (s32)k : k };
}

/* Is v known to be below 2^width? */
static bool fits_unsigned(const struct ir *ir, val v, unsigned width)
{
	const struct ir_insn *in = &ir->v[v];

	switch (in->op) {
	case IR_CONST: return in->k >= 0 && in->k < 1ll << width;
	case IR_LD: case IR_LDSTATE:
		return (in->x == M_U8 && width >= 8) || (in->x == M_U16 && width >= 16);
	case IR_ZEXT: return in->k <= width;
	case IR_EXTRACT: return in->y <= width;
	case IR_SETCOND: return true;
	case IR_AND:
		return (ir->v[in->b].op == IR_CONST && fits_unsigned(ir, in->b, width));
	}
	return false;
}

static void fold_extension(struct opt *o, unsigned i)
{
	struct ir *ir = o->ir;
	struct ir_insn *in = &ir->v[i];
	s64 k;

	if (constant(ir, in->a, &k)) {
		make_const(in, in->op == IR_SEXT ? sign_extend(k, in->k) : (s64)bits(k,
				in->k - 1, 0));
	} else if (ir->v[in->a].type == in->type) {
		unsigned width = in->op == IR_ZEXT ? in->k : in->k - 1;

		if (fits_unsigned(ir, in->a, width))
			opt_replace(o, i, in->a);
	}
}

static bool fold_binary(struct ir_insn *in, s64 a, s64 b)
{
	bool is64 = in->type == T_I64;
	unsigned n = b & (is64 ? 63 : 31);
	u64 ua = is64 ? (u64)a : (u32)a;

	switch (in->op) {
	case IR_ADD: make_const(in, (s64)((u64)a + (u64)b)); return true;
	case IR_SUB: make_const(in, (s64)((u64)a - (u64)b)); return true;
	case IR_AND: make_const(in, a & b); return true;
	case IR_OR: make_const(in, a | b); return true;
	case IR_XOR: make_const(in, a ^ b); return true;
	case IR_SHL: make_const(in, (s64)(ua << n)); return true;
	case IR_SHR: make_const(in, (s64)(ua >> n)); return true;
	case IR_SAR: make_const(in, a >> n); return true;
	}
	return false;
}

/* x + 0, x | 0, x ^ 0, shifts by 0; chains of constant additions. */
static void fold_identity(struct opt *o, unsigned i, s64 b)
{
	const struct ir_insn *in = &o->ir->v[i];

	switch (in->op) {
	case IR_ADD: case IR_SUB: case IR_OR: case IR_XOR: case IR_SHL: case IR_SHR: case IR_SAR:
	case IR_ROTR:
		if (!b)
			opt_replace(o, i, in->a);
		break;
	case IR_AND:
		if (b == -1)
			opt_replace(o, i, in->a);
		break;
	}
}

/* The comparison behind a value that is 0 or 1, through XOR 1; *not: inverted. */
static const struct ir_insn *comparison(const struct ir *ir, val v, bool *not)
{
	const struct ir_insn *in = &ir->v[v];
	s64 k;

	while (in->op == IR_XOR && constant(ir, in->b, &k) && k == 1) {
		in = &ir->v[in->a];
		*not = !*not;
	}
	return in->op == IR_SETCOND ? in : NULL;
}

static void fold_branch(struct ir *ir, struct ir_insn *in)
{
	const struct ir_insn *cmp;
	bool not = in->x == IC_EQ;
	s64 k;

	if ((in->x != IC_EQ && in->x != IC_NE) || !constant(ir, in->b, &k) || k)
		return;
	cmp = comparison(ir, in->a, &not);
	if (!cmp)
		return;
	in->x = cmp->x ^ not;		/* conditions come in pairs of opposites */
	in->a = cmp->a;
	in->b = cmp->b;
}

/*
 * (x - y) + y, (x + y) - y: first operands of sums whose flags are read. False: it is neither. But
 * a register that goes down and up again, as ESP does, is lateput's.
 */
static bool fold_undone(struct opt *o, unsigned i)
{
	const struct ir_insn *v = o->ir->v, *in = &v[i], *sum = &v[in->a];
	s64 k, c;
	bool undone = (in->op == IR_ADD && sum->op == IR_SUB) ||
		      (in->op == IR_SUB && sum->op == IR_ADD);

	if (undone && sum->b == in->b) {
		opt_replace(o, i, sum->a);
		return true;
	}
	if (sum->op != IR_ADD || in[1].op == IR_PUTREG || !constant(o->ir, in->b, &k) ||
	    !constant(o->ir, sum->b, &c) || (u64)c != (in->op == IR_ADD ? 0 - (u64)k : (u64)k))
		return false;
	opt_replace(o, i, sum->a);
	return true;
}

/* (x + c) & m where m is all low bits and c has none of them: x & m; x may be such a sum, too. */
static void fold_low_bits(struct ir *ir, struct ir_insn *in, s64 m)
{
	s64 c;

	if (in->op != IR_AND || (u64)m & ((u64)m + 1))
		return;
	while (ir->v[in->a].op == IR_ADD && constant(ir, ir->v[in->a].b, &c) && !(c & m))
		in->a = ir->v[in->a].a;
}

#define FORM_REACH (1ll << 40)	/* of all that a block adds up, much less than 2^60 */

/* The base of a segment, which is canonical whoever loads it. */
static bool is_base(const struct ir_insn *in)
{
	return in->op == IR_LDSTATE && (in->k == offsetof(struct vcpu, seg[FS].base) ||
					in->k == offsetof(struct vcpu, seg[GS].base));
}

/* What an address was made from by small numbers is as good to look at; some need no look. */
static void fold_form(struct opt *o, unsigned i)
{
	const struct ir_insn *v = o->ir->v;
	struct ir_insn *in = &o->ir->v[i];
	s64 k;

	for (const struct ir_insn *sum; (sum = &v[in->a])->op == IR_ADD;)
		if ((constant(o->ir, sum->b, &k) && k > -FORM_REACH && k < FORM_REACH) ||
		    ir_bounded(o->ir, sum->b))
			in->a = sum->a;
		else if (ir_bounded(o->ir, sum->a))
			in->a = sum->b;
		else
			break;
	if (v[in->a].op == IR_EIP || ir_bounded(o->ir, in->a) || is_base(&v[in->a]) ||
	    (constant(o->ir, in->a, &k) && k >= -(1ll << 62)))
		opt_remove(o, i);
}

/* Does hi only say the sign of lo? */
static bool is_sign_of(const struct ir *ir, val hi, val lo)
{
	const struct ir_insn *in = &ir->v[hi];
	s64 n;

	return in->op == IR_SAR && in->a == lo && constant(ir, in->b, &n) && n == 63;
}

/* 128 bits by 64 that are 64 by 64. One that does not fit has raised its exception before. */
static void fold_division(struct ir *ir, struct ir_insn *in)
{
	s64 hi;
	bool zero = constant(ir, in->a, &hi) && !hi, sign = is_sign_of(ir, in->a, in->b);
	unsigned op;

	switch (in->k) {
	case HELPER_div_q: op = zero ? IR_DIVU : 0; break;
	case HELPER_div_r: op = zero ? IR_REMU : 0; break;
	case HELPER_idiv_q: op = sign ? IR_DIVS : 0; break;
	case HELPER_idiv_r: op = sign ? IR_REMS : 0; break;
	default: return;
	}
	if (op)
		*in = (struct ir_insn){ .op = (u8)op, .type = T_I64, .guest = in->guest,
					.a = in->b, .b = in->c };
}

static void fold_one(struct opt *o, unsigned i)
{
	struct ir *ir = o->ir;
	struct ir_insn *in = &ir->v[i];
	s64 a, b;

	switch (in->op) {
	case IR_ZEXT: case IR_SEXT: fold_extension(o, i); return;
	case IR_EXIT_IF: fold_branch(ir, in); return;
	case IR_FORM: fold_form(o, i); return;
	case IR_HELPER: fold_division(ir, in); return;
	case IR_TRUNC:
		if (constant(ir, in->a, &a))
			make_const(in, a);
		return;
	case IR_SETCOND:
		if (!constant(ir, in->b, &b))
			return;
		if (constant(ir, in->a, &a))
			make_const(in, ir_cond_holds(in->x, a, b));
		else if (!b && (in->x == IC_LTU || in->x == IC_GEU))	/* nothing is below 0 */
			make_const(in, in->x == IC_GEU);
		return;
	case IR_SELECT:
		if (constant(ir, in->a, &a))
			opt_replace(o, i, a ? in->b : in->c);
		return;
	}
	if ((in->op == IR_ADD || in->op == IR_SUB) && fold_undone(o, i))
		return;
	if (in->op == IR_DEPOSIT || !constant(ir, in->b, &b))
		return;
	if (constant(ir, in->a, &a) && fold_binary(in, a, b))
		return;
	fold_low_bits(ir, in, b);
	fold_identity(o, i, b);
}

/* Nothing can be made of the others, which are most. */
#define HAS_FOLDS (ir_ops_binary | IR_SET(ZEXT) | IR_SET(SEXT) | IR_SET(TRUNC) | IR_SET(EXIT_IF) | \
		   IR_SET(FORM) | IR_SET(HELPER) | IR_SET(SETCOND) | IR_SET(SELECT))

void opt_fold(struct opt *o)
{
	struct ir_insn *const v = o->ir->v;
	const unsigned n = o->ir->n;

	o->of[0].alias = 0;
	for (unsigned i = 1; i < n; i++) {
		opt_operands(o, &v[i], i);
		if (ir_in(HAS_FOLDS, &v[i]))
			fold_one(o, i);
	}
}
