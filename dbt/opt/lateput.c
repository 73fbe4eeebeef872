/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One sum for several pushes and pops: a PUTREG of a register plus a constant that is put again
 * before anything but a fault or a side exit could look at it is marked late (ops.def), and whoever
 * uses such a sum uses the register and a larger constant instead. So the register is written
 * once; fault sites and side exits know what it lacks. A sum that is computed in any case (a loop's
 * counter that is compared) is put at once: that costs nothing, and a side exit would add again.
 * Law: only one register is late at a time; nothing but PUTREG changes it meanwhile; constants are
 * changed in place only if nobody else uses them.
 */
#include "dbt/opt/opt.h"

#include "dbt/x86/mode.h"

#define DISP_MAX 2047		/* what every host's accesses take, and a fault site */
#define REGS 16

/* -- Backward: what is put again; who uses a value once -- */

/* May it see a register otherwise than by a fault or a side exit? */
static bool observes(const struct ir_insn *in)
{
	switch (in->op) {
	case IR_NOP: case IR_SETF: case IR_PUTREG: case IR_PUTXMM: case IR_GETXMM:
	case IR_LDSTATE: case IR_ENTRYCF: case IR_LD: case IR_ST: case IR_RAISE_IF:
	case IR_EXIT_IF: case IR_FORM: case IR_ALONE:
		return false;
	}
	return !ir_pure(in);
}

/* What wanted says here: whether the value is computed in any case; or late. */
enum { COMPUTED = 1, LATE };

static void count(struct opt *o, val v)
{
	if (o->of[v].used < 2)
		o->of[v].used++;
}

static void compute(struct opt *o, val v)
{
	count(o, v);
	o->of[v].wanted = COMPUTED;
}

/* Who uses a value; a sum in an address, a sum or a SETF need not be computed. */
static void note_operands(struct opt *o, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_PUTREG: case IR_LD:
		count(o, in->a);
		return;
	case IR_SETF:
		count(o, in->a);
		count(o, in->b);
		count(o, in->c);
		return;
	case IR_ST:
		count(o, in->a);
		compute(o, in->b);
		return;
	case IR_ADD:
		count(o, in->a);
		if (!ir_is_const(o->ir, in->b))
			o->of[in->a].wanted = COMPUTED;
		break;
	default:
		compute(o, in->a);
	}
	compute(o, in->b);
	count(o, in->c);
}

/* PUTREGs that are put again get x = 1 for now. Is there any? */
static bool find_candidates(struct opt *o)
{
	struct ir_insn *const v = o->ir->v;
	u32 again = 0;
	bool any = false;

	opt_clear(o);
	for (unsigned i = o->ir->n; i-- > 1;) {
		struct ir_insn *in = &v[i];

		if (!ir_in(ir_ops_without_operands, in))
			note_operands(o, in);
		if (in->op == IR_PUTREG) {
			in->x = again >> in->k & 1 && !o->of[in->a].wanted;
			any |= in->x;
			again |= 1u << in->k;
		} else if (in->op == IR_GETREG) {
			again &= ~(1u << in->k);
		} else if (again && observes(in)) {
			again = 0;
		}
	}
	return any;
}

/* -- Forward -- */

struct late {
	val holds[REGS];	/* by the last PUTREG that was not late; 0: unknown */
	bool open;		/* register reg is late */
	unsigned reg;
};

/* Is v the late register plus a constant that it was to hold? */
static bool is_late(const struct opt *o, const struct late *l, val v)
{
	return l->open && o->of[v].wanted == LATE && o->ir->v[v].a == l->holds[l->reg];
}

static s64 addend(const struct ir *ir, val v) { return ir->v[ir->v[v].b].k; }

/* A sum with a constant that has no other user. */
static bool used_here(const struct opt *o, val v)
{
	const struct ir_insn *in = &o->ir->v[v];

	return in->op == IR_ADD && ir_is_const(o->ir, in->b) && o->of[v].used == 1;
}

static void sum(struct opt *o, const struct late *l, struct ir_insn *in)
{
	struct ir *ir = o->ir;
	s64 k;

	if (!ir_is_const(ir, in->b) || o->of[in->b].used != 1 ||
	    (!is_late(o, l, in->a) && !used_here(o, in->a)))
		return;
	k = (s64)((u64)addend(ir, in->a) + (u64)ir->v[in->b].k);
	ir->v[in->b].k = in->type == T_I32 ? (s32)k : k;
	in->a = ir->v[in->a].a;
}

static void access(struct opt *o, const struct late *l, struct ir_insn *in)
{
	s64 k;

	if (!is_late(o, l, in->a))
		return;
	k = in->k + addend(o->ir, in->a);
	if (k < -DISP_MAX || k > DISP_MAX)
		return;
	in->k = k;
	in->a = o->ir->v[in->a].a;
}

/* What general registers are. */
static unsigned reg_type(const struct opt *o)
{
	return o->ir->key_flags & KEY_LONG ? T_I64 : T_I32;
}

/* The value is what the register holds, plus a constant that fits. */
static bool near(const struct opt *o, const struct late *l, const struct ir_insn *put)
{
	const struct ir_insn *v = &o->ir->v[put->a];

	return v->op == IR_ADD && v->type == reg_type(o) && v->a == l->holds[put->k] &&
	       ir_is_const(o->ir, v->b) && addend(o->ir, put->a) >= -DISP_MAX &&
	       addend(o->ir, put->a) <= DISP_MAX;
}

static void put(struct opt *o, struct late *l, struct ir_insn *in)
{
	if (in->x && (!l->open || l->reg == in->k) && near(o, l, in)) {
		l->open = true;
		l->reg = (unsigned)in->k;
		o->of[in->a].wanted = LATE;
		return;
	}
	in->x = 0;
	if (near(o, l, in) && !addend(o->ir, in->a))	/* a push and its pop */
		in->a = l->holds[in->k];
	l->holds[in->k] = in->a;
	if (l->open && l->reg == in->k)
		l->open = false;
}

void opt_lateput(struct opt *o)
{
	struct ir_insn *const v = o->ir->v;
	const unsigned n = o->ir->n;
	struct late l = { .open = false };

	if (!o->maybe_late || !find_candidates(o))
		return;
	for (unsigned i = 1; i < n; i++) {
		struct ir_insn *in = &v[i];

		switch (in->op) {
		case IR_GETREG: l.holds[in->k] = (val)i; break;
		case IR_ADD: sum(o, &l, in); break;
		case IR_LD: case IR_ST: access(o, &l, in); break;
		case IR_PUTREG: put(o, &l, in); break;
		}
	}
}
