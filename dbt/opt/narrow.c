/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parts of registers, masks and extensions, by which bits of a value are looked at and how it is
 * known to be extended: what only moves bits that nobody looks at goes, a mask of low bits is an
 * extension, a field out of a shifted value an extract, a deposit into zeros an extension.
 * Law: a value may change in bits that nobody wants (wanted.c), in no others; only pure operations
 * are touched, and operands of those that have effects.
 */
#include "dbt/opt/bits.h"

#include "dbt/x86/cc.h"

static bool constant(const struct opt *o, val v, s64 *k)
{
	*k = o->ir->v[v].k;
	return ir_is_const(o->ir, v);
}

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Are the low n bits of k all ones? */
static bool ones(s64 k, unsigned n) { return opt_length(~(u64)k & (~0ull >> (64 - n))) == 0; }

/*
 * The low n bits of v, n > 0, with one operation less, or v. An operation that others want too is
 * done anyway, and what is under it may be in a register no longer; but what was deposited is worth
 * it to whoever would extract it.
 */
static val low_step(const struct opt *o, val v, unsigned n, bool extracts)
{
	const struct ir_insn *in = &o->ir->v[v];
	bool alone = o->of[v].used < 2;
	s64 k;

	switch (in->op) {
	case IR_ZEXT: case IR_SEXT:
		return alone && in->k >= n && o->ir->v[in->a].type == in->type ? in->a : v;
	case IR_AND:
		return alone && constant(o, in->b, &k) && ones(k, n) ? in->a : v;
	case IR_OR: case IR_XOR: case IR_ADD:
		return alone && constant(o, in->b, &k) && ones(~k, n) ? in->a : v;
	case IR_DEPOSIT:
		if (in->x == 0 && in->y >= n && (alone || extracts))
			return in->b;
		return alone && in->x >= n ? in->a : v;
	}
	return v;
}

#define STEPS 4		/* so many at most: each value that is looked at has been through this */

static val low_of(const struct opt *o, val v, unsigned n, bool extracts)
{
	if (!n || n >= opt_width(&o->ir->v[v]))
		return v;
	for (unsigned k = 0; k < STEPS; k++)
		v = low_step(o, v, n, extracts);
	return v;
}

static val low(const struct opt *o, val v, unsigned n) { return low_of(o, v, n, false); }

/* -- Operations become others -- */

static void become_zext(struct ir_insn *in, val a, unsigned k)
{
	*in = (struct ir_insn){ .op = IR_ZEXT, .type = in->type, .guest = in->guest, .a = a,
				.k = k };
}

static void become_extract(struct ir_insn *in, val a, unsigned x, unsigned y)
{
	*in = (struct ir_insn){ .op = IR_EXTRACT, .type = in->type, .guest = in->guest, .a = a,
				.x = (u8)x, .y = (u8)y };
}

/* The low n bits of a shift right by a constant: a field of what is shifted. */
static bool field(struct opt *o, struct ir_insn *in, unsigned n)
{
	const struct ir_insn *shift = &o->ir->v[in->a];
	s64 c;

	if ((shift->op != IR_SHR && shift->op != IR_SAR) || shift->type != in->type ||
	    !constant(o, shift->b, &c) || c < 0 || (u64)c + n > opt_width(in))
		return false;
	become_extract(in, shift->a, (unsigned)c, n);
	return true;
}

static void zero_extend(struct opt *o, unsigned i, unsigned w)
{
	struct ir_insn *in = &o->ir->v[i];
	unsigned k = (unsigned)in->k;

	in->a = low_of(o, in->a, least(k, w), true);
	if (o->ir->v[in->a].type != in->type)
		return;
	if (w <= k || opt_known(o, in->a).u <= k)
		opt_replace(o, i, in->a);
	else
		field(o, in, k);
}

static void sign_extend_op(struct opt *o, unsigned i, unsigned w)
{
	struct ir_insn *in = &o->ir->v[i];
	unsigned k = (unsigned)in->k;

	in->a = low_of(o, in->a, least(k, w), true);
	if (o->ir->v[in->a].type == in->type && (w <= k || opt_known(o, in->a).s <= k))
		opt_replace(o, i, in->a);
}

static void mask(struct opt *o, unsigned i, unsigned w)
{
	struct ir_insn *in = &o->ir->v[i];
	s64 m;

	in->a = low(o, in->a, w);
	in->b = low(o, in->b, w);
	if (!constant(o, in->b, &m))
		return;
	if (w < opt_width(in))
		m &= (s64)(~0ull >> (64 - w));
	if (w <= opt_width(in) && ones(m, w)) {
		opt_replace(o, i, in->a);
	} else if (m > 0 && m <= 0xffffffff && !(m & (m + 1))) {
		become_zext(in, in->a, opt_length((u64)m));
		zero_extend(o, i, w);
	}
}

/* Is instruction i, which is being looked at, all that uses v and is to stay? */
static bool only_user(const struct opt *o, val v, unsigned i)
{
	for (unsigned j = v + 1u; j < o->ir->n; j++) {
		const struct ir_insn *in = &o->ir->v[j];
		bool goes = !o->of[j].wanted && (in->op == IR_SETF || ir_removable(in));

		if (j != i && !goes && (o->of[in->a].alias == v || o->of[in->b].alias == v ||
			       o->of[in->c].alias == v))
			return false;
	}
	return true;
}

/* The field of `in`, a deposit, as it is before. */
static bool same_field(const struct opt *o, val v, const struct ir_insn *in)
{
	const struct ir_insn *f = &o->ir->v[v];

	return v == in->a || (f->op == IR_EXTRACT && f->a == in->a && f->x == in->x &&
			      f->y == in->y) ||
	       (!in->x && f->op == IR_ZEXT && f->a == in->a && f->k == in->y);
}

/* AND, OR, XOR of a field with a constant: of the whole, with a constant that keeps the rest. */
static bool logic_in_place(struct opt *o, unsigned i)
{
	struct ir_insn *in = &o->ir->v[i];
	const struct ir_insn *op = &o->ir->v[in->b];
	u64 ones = ~0ull >> (64 - in->y);
	val c = op->b;
	s64 k;

	if ((op->op != IR_AND && op->op != IR_OR && op->op != IR_XOR) || in->type != T_I32 ||
	    !constant(o, c, &k) || !same_field(o, op->a, in) || (in->x && op->a == in->a) ||
	    o->of[in->b].used > 1 || !only_user(o, in->b, i) || !only_user(o, c, in->b))
		return false;
	k = (s64)(((u64)k & ones) << in->x);
	if (op->op == IR_AND)
		k |= (s64)~(ones << in->x);
	o->ir->v[c].k = (s32)k;
	*in = (struct ir_insn){ .op = op->op, .type = in->type, .guest = in->guest, .a = in->a,
				.b = c };
	return true;
}

static void deposit(struct opt *o, unsigned i, unsigned w)
{
	struct ir_insn *in = &o->ir->v[i];
	const struct ir_insn *under = &o->ir->v[in->a];

	if (w <= in->x) {
		opt_replace(o, i, in->a);
		return;
	}
	if (under->op == IR_DEPOSIT && o->of[in->a].used < 2 && under->x >= in->x &&
	    under->x + under->y <= in->x + in->y)
		in->a = under->a;
	in->b = low(o, in->b, in->y);
	if (w > in->x + in->y && logic_in_place(o, i))
		return;
	if (in->x)
		return;
	if (w <= in->y) {
		opt_replace(o, i, in->b);
	} else if (opt_known(o, in->a).u <= in->y) {
		become_zext(in, in->b, in->y);
		zero_extend(o, i, w);
	}
}

/* What a field is out of, when that was put together. */
static void extract_of_deposit(const struct opt *o, struct ir_insn *in)
{
	const struct ir_insn *d = &o->ir->v[in->a];

	if (d->op != IR_DEPOSIT)
		return;
	if (in->x >= d->x && in->x + in->y <= d->x + d->y) {
		in->x -= d->x;
		in->a = d->b;
	} else if (o->of[in->a].used < 2 && (in->x >= d->x + d->y || in->x + in->y <= d->x)) {
		in->a = d->a;
	}
}

static void extract(struct opt *o, unsigned i, unsigned w)
{
	struct ir_insn *in = &o->ir->v[i];
	const struct ir_insn *shift;
	s64 c;

	extract_of_deposit(o, in);
	in->a = low(o, in->a, in->x + in->y);
	shift = &o->ir->v[in->a];
	if ((shift->op == IR_SHR || shift->op == IR_SAR) && constant(o, shift->b, &c) && c >= 0 &&
	    (u64)c + in->x + in->y <= opt_width(in)) {
		in->x += (u8)c;
		in->a = shift->a;
	}
	if (!in->x && in->y <= 32) {
		become_zext(in, in->a, in->y);
		zero_extend(o, i, w);
	}
}

/* x << n >> n; a part of what is extended by zeros. */
static void shift_right(struct opt *o, unsigned i, unsigned w)
{
	struct ir_insn *in = &o->ir->v[i];
	const struct ir_insn *left = &o->ir->v[in->a];
	s64 n, c;

	if (in->op == IR_SHR && left->op == IR_ZEXT && constant(o, in->b, &n) && n > 0 &&
	    n < left->k && o->ir->v[left->a].type == in->type) {
		become_extract(in, left->a, (unsigned)n, (unsigned)(left->k - n));
		return;
	}
	if (!constant(o, in->b, &n) || left->op != IR_SHL || !constant(o, left->b, &c) || n != c ||
	    n <= 0 || n >= opt_width(in))
		return;
	n = opt_width(in) - n;
	if (in->op == IR_SHR && n <= 32) {
		become_zext(in, left->a, (unsigned)n);
		zero_extend(o, i, w);
	} else if (in->op == IR_SAR && (n == 8 || n == 16)) {
		become_zext(in, left->a, (unsigned)n);
		in->op = IR_SEXT;
		sign_extend_op(o, i, w);
	}
}

static void shift_left(struct opt *o, struct ir_insn *in, unsigned w)
{
	s64 n;

	if (constant(o, in->b, &n) && n > 0 && n < w)
		in->a = low(o, in->a, w - (unsigned)n);
}

static void truncate(struct opt *o, unsigned i, unsigned w)
{
	struct ir_insn *in = &o->ir->v[i];
	const struct ir_insn *wide;

	in->a = low(o, in->a, least(w, 32));
	wide = &o->ir->v[in->a];
	if ((wide->op == IR_ZEXT || wide->op == IR_SEXT) && wide->k == 32 &&
	    o->ir->v[wide->a].type == T_I32)
		opt_replace(o, i, wide->a);
}

/* -- What has effects -- */

/* Flags that no fault, exit or later setter asks for go. */
static void flags(struct opt *o, unsigned i)
{
	struct ir_insn *in = &o->ir->v[i];
	unsigned width = 8u << in->y;

	if (!o->of[i].wanted) {
		opt_remove(o, i);
		return;
	}
	switch (in->x) {
	case CC_ADD: case CC_SUB: case CC_CMP: case CC_ADC: case CC_SBB:
		in->b = low(o, in->b, width);
		/* fall through */
	case CC_LOGIC: case CC_INC_KEEP: case CC_DEC_KEEP: case CC_ROL: case CC_ROR:
		in->a = low(o, in->a, width);
	}
}

static void store(struct opt *o, struct ir_insn *in)
{
	val *stored = in->op == IR_ST ? &in->b : &in->a;

	if (o->ir->v[*stored].type == T_I32)
		*stored = low(o, *stored, 8 * ir_mem_size(in->x));
}

static void narrow_one(struct opt *o, unsigned i)
{
	struct ir_insn *in = &o->ir->v[i];
	unsigned w = least(o->of[i].wanted, opt_width(in));

	switch (in->op) {
	case IR_SETF: flags(o, i); return;
	case IR_ST: case IR_STSTATE: store(o, in); return;
	}
	if (!w)
		return;
	switch (in->op) {
	case IR_ZEXT: zero_extend(o, i, w); return;
	case IR_SEXT: sign_extend_op(o, i, w); return;
	case IR_TRUNC: truncate(o, i, w); return;
	case IR_AND: mask(o, i, w); return;
	case IR_DEPOSIT: deposit(o, i, w); return;
	case IR_EXTRACT: extract(o, i, w); return;
	case IR_SHL: shift_left(o, in, w); return;
	case IR_SHR: case IR_SAR: shift_right(o, i, w); return;
	case IR_ADD: case IR_SUB: case IR_MUL: case IR_OR: case IR_XOR:
		in->a = low(o, in->a, w);
		in->b = low(o, in->b, w);
	}
}

/* What narrow_one does something with. */
#define NARROWS (IR_SET(SETF) | IR_SET(ST) | IR_SET(STSTATE) | IR_SET(ZEXT) | IR_SET(SEXT) |	\
		 IR_SET(TRUNC) | IR_SET(AND) | IR_SET(DEPOSIT) | IR_SET(EXTRACT) | IR_SET(SHL) | \
		 IR_SET(SHR) | IR_SET(SAR) | IR_SET(ADD) | IR_SET(SUB) | IR_SET(MUL) |		\
		 IR_SET(OR) | IR_SET(XOR))

void opt_narrow(struct opt *o)
{
	struct ir_insn *const v = o->ir->v;
	const unsigned n = o->ir->n;

	opt_wanted(o);
	for (unsigned i = 1; i < n; i++) {
		struct ir_insn *in = &v[i];

		if (!o->of[i].wanted && ir_removable(in)) {
			opt_remove(o, i);
			continue;
		}
		opt_operands(o, in, i);
		if (ir_in(NARROWS, in))
			narrow_one(o, i);
	}
}
