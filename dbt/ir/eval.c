/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The evaluator. One function for each group of operations; the laws are those
 * of ops.def, written as plainly as C allows. No host trick, no shared code
 * with the back end.
 */
#include "dbt/ir/eval.h"

#include "dbt/ir/eval_ops.h"
#include "dbt/ir/vec.h"
#include "dbt/ir/helpers.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/mode.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"

#include <string.h>

struct eval {
	struct vcpu *c;
	const struct ir *ir;
	const struct eval_mem *mem;
	union xmm *v;		/* IR_MAX; integer values: q[0], I32 sign-extended */
	u32 flags;		/* current arithmetic flags */
	u32 entry_flags;
	bool done;
};

_Static_assert(sizeof(union xmm) == IR_VALUE_SIZE, "struct ir's values");

static u64 word(const struct eval *e, val v) { return e->v[v].q[0]; }

static void set(struct eval *e, unsigned i, u64 x)
{
	e->v[i].q[0] = e->ir->v[i].type == T_I32 ? (u64)(s32)x : x;
}

/* Is it 64-bit code? */
static bool wide(const struct eval *e) { return e->ir->key_flags & KEY_LONG; }

static void leave(struct eval *e, u64 eip)
{
	e->c->eip = wide(e) ? eip : (u32)eip;
	e->done = true;
}

static void raise(struct eval *e, const struct ir_insn *in, struct fault f)
{
	e->c->fault = f;
	leave(e, e->ir->guest[in->guest].eip);
}

static u64 changed(unsigned kind, u64 old, u64 b)
{
	switch (kind) {
	case AMO_SWAP: return b;
	case AMO_ADD: return old + b;
	case AMO_AND: return old & b;
	case AMO_OR: return old | b;
	case AMO_XOR: return old ^ b;
	}
	panic("eval: atomic operation %u", kind);
}

static void extend_loaded(struct eval *e, unsigned i)
{
	const struct ir_insn *in = &e->ir->v[i];

	if (in->type != T_V128)		/* zeros above, as memory() and state() began */
		set(e, i, eval_loaded(in->x, word(e, i)));
}

/* The second half of AMO and CAS i, which have loaded. Nobody comes between: here is one CPU. */
static struct fault change(struct eval *e, unsigned i, u64 addr, unsigned size)
{
	const struct ir_insn *in = &e->ir->v[i];
	u64 old = word(e, i), new = word(e, in->b);

	extend_loaded(e, i);
	if (in->op == IR_AMO)
		new = changed(in->y >> IR_AMO_SHIFT, old, new);
	else if (word(e, i) != word(e, in->c))
		new = old;
	return e->mem->st(e->c, addr, size, &new);
}

static void memory(struct eval *e, unsigned i)
{
	const struct ir_insn *in = &e->ir->v[i];
	u64 sum = (in->a ? word(e, in->a) : 0) + (u64)in->k, addr = wide(e) ? sum : (u32)sum;
	unsigned size = ir_mem_size(in->x);
	struct fault f;

	if (!canonical(addr) || !canonical(addr + size - 1)) {
		raise(e, in, fault_code(in->y & INTENT_STACK ? EXC_SS : EXC_GP, 0));
		return;
	}
	if (in->op != IR_ST) {
		e->v[i] = (union xmm){ .q = { 0, 0 } };
		f = e->mem->ld(e->c, addr, size, in->y, &e->v[i]);
	} else {
		f = e->mem->st(e->c, addr, size, &e->v[in->b]);
	}
	if (!f.raised && in->op != IR_ST && in->op != IR_LD)
		f = change(e, i, addr, size);
	if (f.raised && f.vector == EXC_GP && (in->y & INTENT_STACK))
		f.vector = EXC_SS;
	if (f.raised)
		raise(e, in, f);
	else if (in->op != IR_ST)
		extend_loaded(e, i);
}

static void state(struct eval *e, unsigned i)
{
	const struct ir_insn *in = &e->ir->v[i];
	char *field = (char *)e->c + in->k;

	switch (in->op) {
	case IR_GETREG: set(e, i, e->c->gpr[in->k]); break;
	case IR_PUTREG: memcpy(&e->c->gpr[in->k], &e->v[in->a], wide(e) ? 8 : 4); break;
	case IR_GETXMM: e->v[i] = e->c->xmm[in->k]; break;
	case IR_PUTXMM: e->c->xmm[in->k] = e->v[in->a]; break;
	case IR_STSTATE: memcpy(field, &e->v[in->a], ir_mem_size(in->x)); break;
	case IR_LDSTATE:
		e->v[i] = (union xmm){ .q = { 0, 0 } };
		memcpy(&e->v[i], field, ir_mem_size(in->x));
		extend_loaded(e, i);
		break;
	}
}

static void flags(struct eval *e, unsigned i)
{
	const struct ir_insn *in = &e->ir->v[i];

	switch (in->op) {
	case IR_SETF:
		e->flags = cc_compute(in->x, in->y, word(e, in->a), word(e, in->b),
				      word(e, in->c), e->flags);
		break;
	case IR_ENTRYF: set(e, i, e->entry_flags); break;
	case IR_ENTRYCF: set(e, i, e->entry_flags & FL_CF); break;
	}
}

static struct fault fault_of(const struct ir_insn *in)
{
	u8 vector = in->k & 0xff;

	return in->k & 0x100 ? fault_code(vector, (u32)((u64)in->k >> 32)) : fault_plain(vector);
}

static void write_back_flags(struct eval *e)
{
	e->c->cc_op = CC_OP(CC_EFLAGS, 2);
	e->c->cc_a = e->flags;
	e->c->cc_b = 0;
}

/* An argument that is not given is whatever the host register holds: no helper may look at it. */
static u64 argument(const struct eval *e, val v) { return v ? word(e, v) : 0xbadbadbadbadbad5; }

static void helper(struct eval *e, unsigned i)
{
	const struct ir_insn *in = &e->ir->v[i];
	u64 r = helper_fn[in->k](e->c, argument(e, in->a), argument(e, in->b), argument(e, in->c));

	if (in->x == 2 && r)
		raise(e, in, e->c->fault);
	else if (in->type)
		set(e, i, r);
}

static void system_op(struct eval *e, const struct ir_insn *in)
{
	const struct ir_guest *g = &e->ir->guest[in->guest];

	write_back_flags(e);
	e->c->eip = g->eip;
	e->c->next_eip = g->eip + g->len;
	helper_fn[in->k](e->c, argument(e, in->a), argument(e, in->b), 0);
	e->flags = cc_pinned(e->c->cc_op, e->c->cc_a, e->c->cc_b, e->c->cc_r);
	e->done = true;
}

/* To `eip`; the instruction has added `moved` to RSP. */
static void leave_branch(struct eval *e, const struct ir_insn *in, u64 eip, s64 moved)
{
	if (!wide(e) || canonical(eip)) {
		leave(e, eip);
		return;
	}
	e->c->gpr[ESP] -= (u64)moved;
	raise(e, in, fault_code(EXC_GP, 0));
}

static void leave_direct(struct eval *e, const struct ir_insn *in)
{
	if (in->y == WAY_ON)
		leave(e, (u64)in->k);
	else
		leave_branch(e, in, (u64)in->k, in->y == WAY_CALL ? -8 : 0);
}

static void control(struct eval *e, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_RAISE_IF:
		if (!ir_cond_holds(in->x, (s64)word(e, in->a), (s64)word(e, in->b)))
			break;
		/* fall through */
	case IR_RAISE: raise(e, in, fault_of(in)); break;
	case IR_FORM:
		if ((s64)word(e, in->a) < -(1ll << 62))
			raise(e, in, fault_of(in));
		break;
	case IR_EXIT_IF:
	case IR_LEAVE_IF:
		if (!ir_cond_holds(in->x, (s64)word(e, in->a), (s64)word(e, in->b)))
			break;
		/* fall through */
	case IR_EXIT: leave_direct(e, in); break;
	case IR_EXIT_IND: leave_branch(e, in, word(e, in->a), in->k); break;
	case IR_SYS: system_op(e, in); break;
	}
}

static void vector_op(struct eval *e, unsigned i)
{
	const struct ir_insn *in = &e->ir->v[i];
	struct fault f = vec_eval(e->c, in->k, in->y, &e->v[i], &e->v[in->a], &e->v[in->b],
				  &e->v[in->c]);

	if (f.raised)
		raise(e, in, f);
	else if (in->type != T_V128)
		set(e, i, word(e, i));
}

static void step(struct eval *e, unsigned i)
{
	const struct ir_insn *in = &e->ir->v[i];

	switch (in->op) {
	case IR_NOP: break;
	case IR_CONST: case IR_EIP: set(e, i, (u64)in->k); break;
	case IR_SETCOND:
		set(e, i, ir_cond_holds(in->x, (s64)word(e, in->a), (s64)word(e, in->b)));
		break;
	case IR_SELECT: e->v[i] = word(e, in->a) ? e->v[in->b] : e->v[in->c]; break;
	case IR_LD: case IR_ST: case IR_AMO: case IR_CAS: memory(e, i); break;
	case IR_ALONE: case IR_FENCE: break;
	case IR_GETREG: case IR_PUTREG: case IR_GETXMM: case IR_PUTXMM: case IR_LDSTATE:
	case IR_STSTATE: state(e, i); break;
	case IR_SETF: case IR_ENTRYF: case IR_ENTRYCF: flags(e, i); break;
	case IR_HELPER: helper(e, i); break;
	case IR_VEC: vector_op(e, i); break;
	case IR_RAISE: case IR_RAISE_IF: case IR_FORM: case IR_EXIT_IF: case IR_LEAVE_IF:
	case IR_EXIT: case IR_EXIT_IND: case IR_SYS: control(e, in); break;
	case IR_TICKS: set(e, i, helper_ticks(e->c, 0, 0, 0)); break;
	default:
		if (ir_info[in->op].shape == SH_BIN)
			set(e, i, eval_binary(in, word(e, in->a), word(e, in->b)));
		else
			set(e, i, eval_unary(in, word(e, in->a), e->ir->v[in->a].type));
	}
}

void eval_run(struct vcpu *c, const struct ir *ir, const struct eval_mem *mem)
{
	struct eval e = { .c = c, .ir = ir, .mem = mem, .v = ir->values };

	c->page = wide(&e) ? vcpu_page_of64(ir->guest[0].eip) : vcpu_page_of(ir->guest[0].eip);
	e.v[0] = (union xmm){ .q = { 0, 0 } };
	e.flags = cc_pinned(c->cc_op, c->cc_a, c->cc_b, c->cc_r);
	e.entry_flags = e.flags;
	c->fault.raised = false;
	for (unsigned i = 1; i < ir->n && !e.done; i++)
		step(&e, i);
	must(e.done);
	write_back_flags(&e);
}
