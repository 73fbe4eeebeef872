/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instruction into IR: what its row demands of mode, privilege and CPU
 * model, then its semantics. The semantics are in the family files.
 */
#include "dbt/lift/lift.h"


static const lift_func lift_table[X86_OP_COUNT] = {
#define INS(name, fn, flags, feature) [X86_##name] = lift_##fn,
#include "dbt/x86/insns.def"
#undef INS
};

static void lift_todo(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_unimplemented, lift_const(t, i->op), 0);
}

#define MISSING(fn) void lift_##fn(struct lift *t, const struct ir1 *i) { lift_todo(t, i); }
#include "dbt/lift/todo.def"
#undef MISSING


static bool uses_xmm_registers(const struct ir1 *i)
{
	for (unsigned n = 0; n < i->nops; n++)
		if (i->ops[n].kind == IR1_XMM)
			return true;
	return x86_rows[i->op].flags & ROW_SSE;
}

/* What CR0 and CR4 say of FPU and vector instructions (SDM vol. 3, 2.5, 13.1). -1: go on. */
static int fpu_exception(u32 key, const struct ir1 *i)
{
	unsigned flags = x86_rows[i->op].flags;

	if (flags & ROW_X87)
		return key & (KEY_EM | KEY_TS) ? EXC_NM : -1;
	if (!(flags & (ROW_MMX | ROW_SSE)))
		return -1;
	if (key & KEY_EM)
		return EXC_UD;
	if (uses_xmm_registers(i) && !(key & KEY_OSFXSR))
		return EXC_UD;
	return key & KEY_TS ? EXC_NM : -1;
}

/* Exception that the row demands before any semantics, or -1. */
static int row_exception(const struct lift *t, const struct ir1 *i)
{
	const struct x86_row *row = &x86_rows[i->op];

	if (i->op == X86_INVALID || !(t->features >> ir1_feature(i) & 1))
		return EXC_UD;
	if (lift_long(t) && (i->op == X86_LAHF || i->op == X86_SAHF) &&
	    !(t->features >> FEAT_LAHF64 & 1))
		return EXC_UD;
	if ((row->flags & ROW_PROT) && !lift_protected(t))
		return EXC_UD;
	if ((row->flags & ROW_CPL0) && (t->key & KEY_CPL))
		return EXC_GP;
	return fpu_exception(t->key, i);
}

/* Decode has seen to it that LOCK is with instructions that change memory only. */
static bool is_atomic(const struct ir1 *i)
{
	return (i->prefix & PFX_LOCK) ||
	       (i->op == X86_XCHG && (i->ops[0].kind == IR1_MEM || i->ops[1].kind == IR1_MEM));
}

static void begin(struct lift *t, const struct ir1 *i)
{
	struct ir *ir = t->ir;

	ir->guest[ir->guests++] = (struct ir_guest){ .eip = i->eip, .len = i->len };
	t->i = i;
	if ((x86_rows[i->op].flags & ROW_X87) || i->op == X86_FXRSTOR || i->op == X86_EMMS)
		t->mmx = 0;
	t->next = lift_long(t) ? i->eip + i->len : (u32)(i->eip + i->len);
	t->has_addr = false;
	t->atomic = ir->ordered && is_atomic(i);
	t->via_ss = t->slot = t->addr_slot = false;
	t->ended = false;
}

void lift_insn_raise(struct lift *t, const struct ir1 *i, u8 vector)
{
	begin(t, i);
	if (vector == EXC_GP)
		lift_raise_code(t, EXC_GP, 0);
	else
		lift_raise(t, vector);
}

void lift_refuse(struct lift *t, const struct ir1 *i)
{
	begin(t, i);
	lift_todo(t, i);
}

/* Bytes that are another instruction on a model without the feature (SDM vol. 2, LZCNT). */
static bool is_older(const struct lift *t, const struct ir1 *i)
{
	return i->op == X86_LZCNT && !(t->features >> FEAT_LZCNT & 1);
}

void lift_insn(struct lift *t, const struct ir1 *i)
{
	struct ir1 older;
	int vector;

	if (is_older(t, i)) {
		older = *i;
		older.op = X86_BSR;
		i = &older;
	}
	vector = row_exception(t, i);
	if (vector >= 0) {
		lift_insn_raise(t, i, vector);
		return;
	}
	begin(t, i);
	if (!t->atomic || !lift_lock(t, i))
		lift_table[i->op](t, i);
	t->rep = ir1_repeats(i);
	if (!t->ended && (t->key & KEY_SINGLE))
		lift_exit(t, t->next);
}

bool lift_begins_block(const struct ir1 *i)
{
	return i->op == X86_ENTER && (i->ops[1].imm & 31) > 2;
}

void lift_finish(struct lift *t, u64 eip)
{
	if (!t->ended)
		lift_exit(t, eip);
}
