/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Near transfers, loops, software interrupts (SDM vol. 2: JMP Jcc JCXZ LOOPcc CALL RET INT BOUND
 * UD).
 */
#include "dbt/lift/lift.h"

void lift_jmp(struct lift *t, const struct ir1 *i)
{
	if (i->ops[0].kind == IR1_REL)
		lift_exit(t, i->ops[0].imm);
	else
		lift_exit_ind(t, lift_zx(t, lift_ld_op(t, 0), i->opsize), JUMP_PLAIN);
}

void lift_jcc(struct lift *t, const struct ir1 *i)
{
	lift_exit_if(t, IC_NE, lift_cc(t, i->cond), lift_const(t, 0), i->ops[0].imm);
	lift_exit(t, t->next);
}

void lift_jcxz(struct lift *t, const struct ir1 *i)
{
	val count = lift_zx(t, lift_get(t, ECX), i->addrsize);

	lift_exit_if(t, IC_EQ, count, lift_const(t, 0), i->ops[0].imm);
	lift_exit(t, t->next);
}

/* cond: 0 or 1 to go on looping, 0 = LOOP without a condition. */
static void loop(struct lift *t, const struct ir1 *i, val go)
{
	val count = lift_op2k(t, IR_ADD, lift_get(t, ECX), -1);
	val more = lift_zx(t, count, i->addrsize);

	lift_put_sized(t, ECX, count, i->addrsize);
	if (go)
		more = lift_select(t, go, more, lift_const(t, 0));
	lift_exit_if(t, IC_NE, more, lift_const(t, 0), i->ops[0].imm);
	lift_exit(t, t->next);
}

void lift_loop(struct lift *t, const struct ir1 *i) { loop(t, i, 0); }
void lift_loope(struct lift *t, const struct ir1 *i) { loop(t, i, lift_cc(t, COND_E)); }
void lift_loopne(struct lift *t, const struct ir1 *i) { loop(t, i, lift_cc(t, COND_NE)); }

/* The target is read before the push: CALL [ESP] uses the old ESP. */
void lift_call(struct lift *t, const struct ir1 *i)
{
	val target = 0;

	if (i->ops[0].kind != IR1_REL)
		target = lift_zx(t, lift_ld_op(t, 0), i->opsize);
	lift_push_value(t, lift_const(t, t->next), i->opsize);
	if (target)
		lift_exit_ind(t, target, JUMP_CALL);
	else
		lift_exit(t, i->ops[0].imm);
}

void lift_ret(struct lift *t, const struct ir1 *i)
{
	val target = lift_zx(t, lift_pop_value(t, i->opsize), i->opsize);
	unsigned drop = i->nops ? i->ops[0].imm & 0xffff : 0;

	lift_put_sp(t, lift_stack(t, i->opsize + drop));
	lift_exit_ind(t, target, JUMP_RET);
}

/* INT n, with the kind of event in the second argument (dbt/rt/sysglue.c). */
void lift_int(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_int, lift_const(t, i->ops[0].imm & 0xff), 0);
}

void lift_int3(struct lift *t, const struct ir1 *i) { (void)i; lift_sys(t, HELPER_int3, 0, 0); }
void lift_int1(struct lift *t, const struct ir1 *i) { (void)i; lift_sys(t, HELPER_int1, 0, 0); }

void lift_into(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_exit_if(t, IC_EQ, lift_cc(t, COND_O), lift_const(t, 0), t->next);
	lift_sys(t, HELPER_into, 0, 0);
}

/* Both bounds are read; signed comparison at the operand size. */
void lift_bound(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->opsize;
	enum ir_mem mem = size == 2 ? M_S16 : M_32;
	s32 disp;
	val a = lift_mem_addr(t, &i->ops[1], size * 2, false, &disp);
	val low = lift_ld(t, a, disp, mem, T_I32, INTENT_READ), high, v;

	high = lift_ld(t, lift_op2k(t, IR_ADD, a, disp + (s32)size), 0, mem, T_I32, INTENT_READ);
	v = lift_sx(t, lift_ld_op(t, 0), size);
	lift_raise_if(t, IC_LT, v, low, EXC_BR, -1);
	lift_raise_if(t, IC_LT, high, v, EXC_BR, -1);
}

void lift_ud2(struct lift *t, const struct ir1 *i) { (void)i; lift_raise(t, EXC_UD); }
