/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x87 control, and the state images of x87, MMX and SSE (SDM vol. 1, 5.2.6, 5.3).
 * Law: an instruction whose mnemonic begins with FN does not look at pending
 * exceptions, nor do FXSAVE and FXRSTOR; none of them is noted as the last
 * instruction (8.1.8).
 */
#include "dbt/lift/lift.h"

#define X87(field) offsetof(struct vcpu, x87.field)

static void call(struct lift *t, unsigned helper, val a)
{
	lift_helper(t, helper, T_NONE, a, 0, 0);
}

void lift_wait(struct lift *t, const struct ir1 *i)
{
	(void)i;
	if ((t->key & (KEY_MP | KEY_TS)) == (KEY_MP | KEY_TS))
		lift_raise(t, EXC_NM);
	else
		lift_x87_wait(t);
}

void lift_fnop_8087(struct lift *t, const struct ir1 *i) { (void)t; (void)i; }

void lift_fninit(struct lift *t, const struct ir1 *i)
{
	(void)i;
	call(t, HELPER_x87_finit, 0);
	t->x87_noted = 0;	/* it forgets CS */
}

void lift_fnclex(struct lift *t, const struct ir1 *i) { (void)i; call(t, HELPER_x87_fclex, 0); }

void lift_fldcw(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_x87_wait(t);
	call(t, HELPER_x87_fldcw, lift_ld_op(t, 0));
}

void lift_fnstcw(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_op(t, 0, lift_ldstate(t, X87(cw), M_U16, T_I32));
}

void lift_fnstsw(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_op(t, 0, lift_ldstate(t, X87(sw), M_U16, T_I32));
}

/* -- Images -- */

static val address(struct lift *t, unsigned size, bool write)
{
	s32 disp;
	val a = lift_mem_addr(t, &t->i->ops[0], size, write, &disp);

	return disp ? lift_op2k(t, IR_ADD, a, disp) : a;
}

static unsigned by_ss(const struct lift *t)
{
	return t->i->ops[0].seg == SS ? X87_IMAGE_BY_SS : 0;
}

/* The environment's format is that of the mode and the operand size. */
static void image(struct lift *t, unsigned helper, bool with_registers, bool write)
{
	bool wide = t->i->opsize != 2;
	enum x87_format f = lift_protected(t) ? wide ? X87_PROT32 : X87_PROT16
					      : wide ? X87_REAL32 : X87_REAL16;
	unsigned size = x87_env_size(f) + (with_registers ? 80 : 0);
	val at = address(t, size, write);

	lift_check_aligned(t, at, 0, wide ? 4 : 2);
	lift_sys(t, helper, at, lift_const(t, f | by_ss(t)));
}

void lift_fnstenv(struct lift *t, const struct ir1 *i)
{
	(void)i;
	image(t, HELPER_fnstenv, false, true);
}

void lift_fldenv(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_x87_wait(t);
	image(t, HELPER_fldenv, false, false);
}

void lift_fnsave(struct lift *t, const struct ir1 *i)
{
	(void)i;
	image(t, HELPER_fnsave, true, true);
}

void lift_frstor(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_x87_wait(t);
	image(t, HELPER_frstor, true, false);
}

/* Neither is an x87 instruction to lift.c, but they need the unit as those do. */
static void fxstate(struct lift *t, unsigned helper, bool write)
{
	val a, odd;

	if (t->key & (KEY_EM | KEY_TS)) {
		lift_raise(t, EXC_NM);
		return;
	}
	a = address(t, 512, write);
	lift_check_aligned(t, a, 0, 4);
	odd = lift_op2k(t, IR_AND, a, 15);
	lift_raise_if(t, IC_NE, odd, lift_like(t, odd, 0), EXC_GP, 0);
	lift_sys(t, helper, a, lift_const(t, by_ss(t) | (t->i->opsize == 8 ? X87_IMAGE_WIDE : 0)));
}

void lift_fxsave(struct lift *t, const struct ir1 *i) { (void)i; fxstate(t, HELPER_fxsave, true); }

void lift_fxrstor(struct lift *t, const struct ir1 *i)
{
	(void)i;
	fxstate(t, HELPER_fxrstor, false);
}

void lift_emms(struct lift *t, const struct ir1 *i)
{
	val sw;

	(void)i;
	lift_x87_wait(t);
	sw = lift_ldstate(t, X87(sw), M_U16, T_I32);
	lift_ststate(t, X87(sw), M_U16, lift_op2k(t, IR_AND, sw, ~(s64)X87_SW_TOP));
	lift_ststate(t, X87(valid), M_U16, lift_const(t, 0));
}
