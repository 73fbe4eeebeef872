/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stack instructions (SDM vol. 2: PUSH POP PUSHA POPA PUSHF POPF ENTER LEAVE). SP is written last.
 */
#include "dbt/lift/lift.h"


/* PUSH of a register, memory or immediate, at the operand size. */
void lift_push(struct lift *t, const struct ir1 *i)
{
	lift_push_value(t, lift_ld_op(t, 0), i->opsize);
}

/*
 * POP to memory computes its address with SP already incremented (SDM vol. 2, POP). SP itself
 * is written after the store, so the increment is put in the displacement.
 */
static void pop_memory(struct lift *t, const struct ir1 *i, val v)
{
	struct ir1_op o = i->ops[0];
	s32 disp;
	val a;

	if (o.base == ESP)
		o.disp += i->opsize;
	a = lift_mem_addr(t, &o, i->opsize, true, &disp);
	lift_st(t, a, disp, lift_mem_of(i->opsize), v);
}

void lift_pop(struct lift *t, const struct ir1 *i)
{
	val v = lift_pop_value(t, i->opsize), sp;

	if (i->ops[0].kind == IR1_MEM)
		pop_memory(t, i, v);
	sp = lift_stack(t, i->opsize);
	lift_put_sp(t, sp);
	if (i->ops[0].kind != IR1_MEM)
		lift_put_sized(t, i->ops[0].reg, v, i->opsize);
}

/* All stores before SP: a fault in the middle leaves SP, and the stores are repeated. */
void lift_pusha(struct lift *t, const struct ir1 *i)
{
	val sp = 0;

	for (unsigned r = 0; r < 8; r++) {
		sp = lift_stack(t, -(s32)(i->opsize * (r + 1)));
		lift_st(t, lift_stack_linear(t, sp, i->opsize, true), 0, lift_mem_of(i->opsize),
			lift_get(t, r));
	}
	lift_put_sp(t, sp);
}

void lift_popa(struct lift *t, const struct ir1 *i)
{
	val v[8], sp;

	for (unsigned r = 0; r < 8; r++) {
		if (r == 7 - ESP)
			continue;
		sp = lift_stack(t, i->opsize * r);
		v[r] = lift_ld(t, lift_stack_linear(t, sp, i->opsize, false), 0,
			       lift_mem_of(i->opsize), T_I32, INTENT_READ);
	}
	sp = lift_stack(t, i->opsize * 8);
	for (unsigned r = 0; r < 8; r++)
		if (r != 7 - ESP)
			lift_put_sized(t, 7 - r, v[r], i->opsize);
	lift_put_sp(t, sp);
}

/* VM and RF read as 0; in V86 mode with IOPL < 3 it is #GP (SDM vol. 2, PUSHF). */
void lift_pushf(struct lift *t, const struct ir1 *i)
{
	val f;

	if ((t->key & KEY_VM) && !(t->key & KEY_IO_OK)) {
		lift_raise_code(t, EXC_GP, 0);
		return;
	}
	f = lift_op2(t, IR_OR, lift_getf(t), LDSTATE32(t, eflags));
	f = lift_op2k(t, IR_AND, f, ~(s64)(FL_VM | FL_RF));
	f = lift_op2k(t, IR_OR, f, FL_FIXED | (t->key & KEY_DF ? FL_DF : 0));
	lift_push_value(t, i->opsize == 8 ? lift_zx64(t, f) : f, i->opsize);
}

/* Bits that POPF takes from its image here (SDM vol. 2); IF and IOPL as the privilege allows. */
static u32 popf_mask(const struct lift *t, unsigned size)
{
	u32 mask = FL_ARITH | FL_TF | FL_DF | FL_NT | (size >= 4 ? FL_AC | FL_ID : 0);

	return mask | (t->key & KEY_IO_OK ? FL_IF : 0) | (t->key & KEY_CPL ? 0 : FL_IOPL);
}

/*
 * Of what is not arithmetic flags, only IF is changed here, and it is not set while anything is
 * pending. The helper does all else again, from the old ESP and EFLAGS: POPF replaces the
 * arithmetic flags whatever they were.
 */
void lift_popf(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->opsize;
	u32 mask = popf_mask(t, size);
	val v = lift_trunc(t, lift_pop_value(t, size)), old, changed, busy;

	if ((t->key & KEY_SINGLE) || ((t->key & KEY_VM) && !(t->key & KEY_IO_OK))) {
		lift_sys(t, HELPER_popf, v, lift_const(t, size));
		return;
	}
	old = LDSTATE32(t, eflags);
	changed = lift_op2(t, IR_XOR, v, lift_op2k(t, IR_OR, old, t->key & KEY_DF ? FL_DF : 0));
	busy = lift_op2k(t, IR_AND, changed, mask & ~(FL_ARITH | FL_IF));
	if (mask & FL_IF) {
		val set = lift_op2k(t, IR_AND, v, FL_IF);

		busy = lift_op2(t, IR_OR, busy,
				lift_select(t, set, LDSTATE32(t, pending), lift_const(t, 0)));
		STSTATE32(t, eflags,
			  lift_op2(t, IR_OR, lift_op2k(t, IR_AND, old, ~(s64)FL_IF), set));
	}
	lift_put_sp(t, lift_stack(t, size));
	lift_setf(t, CC_EFLAGS, 4, lift_op2k(t, IR_AND, v, FL_ARITH), 0, 0);
	lift_exit_if(t, IC_EQ, busy, lift_const(t, 0), t->next);
	lift_sys(t, HELPER_popf_again, v,
		 lift_deposit(t, lift_const64(t, size), lift_zx64(t, old), 32, 32));
}

void lift_leave(struct lift *t, const struct ir1 *i)
{
	unsigned stack = lift_stack_size(t);
	val bp = lift_zx(t, lift_get_sized(t, EBP, stack), stack);
	val v = lift_ld(t, lift_stack_linear(t, bp, i->opsize, false), 0, lift_mem_of(i->opsize),
			i->opsize == 8 ? T_I64 : T_I32, INTENT_READ);

	lift_put_sp(t, lift_zx(t, lift_op2k(t, IR_ADD, bp, i->opsize), stack));
	lift_put_sized(t, EBP, v, i->opsize);
}

/* One word of ENTER's frame at SP + delta. */
static void enter_store(struct lift *t, s32 delta, unsigned size, val v)
{
	val sp = lift_stack(t, delta);

	lift_st(t, lift_stack_linear(t, sp, size, true), 0, lift_mem_of(size), v);
}

/* Level 0 pushes eBP; others copy level - 1 frame pointers and push the new one. */
void lift_enter(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->opsize, level = i->ops[1].imm & 31, stack = lift_stack_size(t);
	s32 delta = -(s32)size;
	enum ir_type type = size == 8 ? T_I64 : T_I32;
	val frame = lift_stack(t, delta), sp;

	if (stack == 2)		/* all of ESP, with SP counted down */
		frame = lift_deposit(t, lift_get(t, ESP), frame, 0, 16);
	enter_store(t, delta, size, lift_get_sized(t, EBP, size));
	for (unsigned k = 1; k < level; k++) {
		val bp = lift_get_sized(t, EBP, stack);
		val from = lift_zx(t, lift_op2k(t, IR_ADD, bp, -(s32)(size * k)), stack);

		delta -= size;
		enter_store(t, delta, size,
			    lift_ld(t, lift_stack_linear(t, from, size, false), 0,
				    lift_mem_of(size), type, INTENT_READ));
	}
	if (level) {
		delta -= size;
		enter_store(t, delta, size, frame);
	}
	sp = lift_stack(t, delta - (s32)(i->ops[0].imm & 0xffff));
	/* #SS and #PF also if a write at the final SP would get them (SDM vol. 2, ENTER). */
	lift_ld(t, lift_stack_linear(t, sp, size, true), 0, lift_mem_of(size), type, INTENT_RMW);
	lift_put_sized(t, EBP, frame, size);
	lift_put_sp(t, sp);
}
