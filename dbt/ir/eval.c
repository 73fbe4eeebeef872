/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The evaluator. One function for each group of operations; the laws are those
 * of ops.def, written as plainly as C allows. No host trick, no shared code
 * with the back end.
 */
#include "dbt/ir/eval.h"

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

static u64 clz(u64 a, bool is64) { return is64 ? (a ? __builtin_clzll(a) : 64)
					       : ((u32)a ? __builtin_clz((u32)a) : 32); }
static u64 ctz(u64 a, bool is64) { return is64 ? (a ? __builtin_ctzll(a) : 64)
					       : ((u32)a ? __builtin_ctz((u32)a) : 32); }

static u64 divide(unsigned op, u64 a, u64 b, bool is64)
{
	s64 sa = is64 ? (s64)a : (s32)a, sb = is64 ? (s64)b : (s32)b;

	if (!b || (sb == -1 && op != IR_DIVU && op != IR_REMU))
		return op == IR_DIVS ? 0 - a : 0;
	if (!is64 && (op == IR_DIVU || op == IR_REMU))
		return op == IR_DIVU ? (u32)a / (u32)b : (u32)a % (u32)b;
	switch (op) {
	case IR_DIVU: return a / b;
	case IR_REMU: return a % b;
	case IR_DIVS: return (u64)(sa / sb);
	default: return (u64)(sa % sb);
	}
}

static u64 mul_high(unsigned op, u64 a, u64 b, bool is64)
{
	if (op == IR_MULHU)
		return is64 ? (u64)((unsigned __int128)a * b >> 64)
			    : ((u64)(u32)a * (u32)b) >> 32;
	return is64 ? (u64)((__int128)(s64)a * (s64)b >> 64) : (u64)((s64)(s32)a * (s32)b) >> 32;
}

static u64 shift(unsigned op, u64 a, u64 b, bool is64)
{
	unsigned width = is64 ? 64 : 32, n = b & (width - 1);

	if (!is64 && op != IR_SAR)
		a = (u32)a;
	switch (op) {
	case IR_SHL: return a << n;
	case IR_SHR: return a >> n;
	case IR_SAR: return (u64)((is64 ? (s64)a : (s32)a) >> n);
	default: return n ? a >> n | a << (width - n) : a;
	}
}

/* Bit by bit, the lowest first; the polynomial reversed (SDM vol. 2, CRC32). */
static u64 crc(u32 sum, u64 b, unsigned bytes)
{
	for (unsigned i = 0; i < 8 * bytes; i++)
		sum = sum >> 1 ^ ((sum ^ (u32)(b >> i)) & 1 ? 0x82f63b78 : 0);
	return sum;
}

static u64 binary(const struct ir_insn *in, u64 a, u64 b)
{
	bool is64 = in->type == T_I64;
	u64 m;

	switch (in->op) {
	case IR_ADD: return a + b;
	case IR_SUB: return a - b;
	case IR_MUL: return a * b;
	case IR_MULHU: case IR_MULHS: return mul_high(in->op, a, b, is64);
	case IR_DIVU: case IR_DIVS: case IR_REMU: case IR_REMS: return divide(in->op, a, b, is64);
	case IR_AND: return a & b;
	case IR_OR: return a | b;
	case IR_XOR: return a ^ b;
	case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROTR: return shift(in->op, a, b, is64);
	case IR_CRC: return crc((u32)a, b, in->y);
	case IR_DEPOSIT:
		m = (in->y == 64 ? ~0ull : (1ull << in->y) - 1) << in->x;
		return (a & ~m) | (b << in->x & m);
	}
	panic("eval: op %u", in->op);
}

static u64 unary(const struct ir_insn *in, u64 a, unsigned from)
{
	bool is64 = in->type == T_I64;

	switch (in->op) {
	case IR_CLZ: return clz(a, is64);
	case IR_CTZ: return ctz(a, is64);
	case IR_BSWAP: return is64 ? __builtin_bswap64(a) : __builtin_bswap32((u32)a);
	case IR_SEXT: return (u64)sign_extend(a, in->k);
	case IR_ZEXT: return in->k == 64 ? a : a & ((1ull << in->k) - 1);
	case IR_TRUNC: return (u64)(s32)a;
	case IR_EXTRACT:
		a = from == T_I32 ? (u32)a : a;
		return bits(a, in->x + in->y - 1, in->x);
	}
	panic("eval: op %u", in->op);
}

static void extend_loaded(struct eval *e, unsigned i)
{
	const struct ir_insn *in = &e->ir->v[i];
	u64 v = word(e, i);

	if (in->type == T_V128)		/* zeros above, as memory() and state() began */
		return;
	switch (in->x) {
	case M_U8: v = (u8)v; break;
	case M_S8: v = (u64)(s8)v; break;
	case M_U16: v = (u16)v; break;
	case M_S16: v = (u64)(s16)v; break;
	case M_32: v = (u64)(s32)v; break;
	case M_U32: v = (u32)v; break;
	default: return;
	}
	set(e, i, v);
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
	if (in->op == IR_LD) {
		e->v[i] = (union xmm){ .q = { 0, 0 } };
		f = e->mem->ld(e->c, addr, size, in->y, &e->v[i]);
	} else {
		f = e->mem->st(e->c, addr, size, &e->v[in->b]);
	}
	if (f.raised && f.vector == EXC_GP && (in->y & INTENT_STACK))
		f.vector = EXC_SS;
	if (f.raised)
		raise(e, in, f);
	else if (in->op == IR_LD)
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
	case IR_LD: case IR_ST: memory(e, i); break;
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
			set(e, i, binary(in, word(e, in->a), word(e, in->b)));
		else
			set(e, i, unary(in, word(e, in->a), e->ir->v[in->a].type));
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
