/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segment registers and descriptor tables (SDM vol. 2; vol. 3, 3.4, 5). Loads go through system
 * helpers.
 */
#include "dbt/lift/lift.h"

/* Which segment register a MOV, POP or LxS loads. */
static unsigned far_sreg(const struct ir1 *i)
{
	switch (i->op) {
	case X86_LES: return ES;
	case X86_LDS: return DS;
	case X86_LSS: return SS;
	case X86_LFS: return FS;
	default: return GS;
	}
}

/* May the helper be asked that knows segments which were loaded before? */
static bool often_seen(const struct lift *t, unsigned sreg)
{
	return (t->key & (KEY_PE | KEY_VM | KEY_SINGLE | KEY_LONG)) == KEY_PE &&
	       (t->key & KEY_CPL) != 3 && sreg < SREG_COUNT && sreg != CS && sreg != SS;
}

void lift_mov_to_sreg(struct lift *t, const struct ir1 *i)
{
	val v = lift_trunc(t, lift_zx(t, lift_ld_op(t, 1), 2));
	unsigned sreg = i->ops[0].reg;

	if (often_seen(t, sreg))
		lift_exit_if(t, IC_NE, lift_helper(t, HELPER_sreg_seen, T_I32, v,
						   lift_const(t, sreg), 0),
			     lift_const(t, 0), t->next);
	lift_sys(t, HELPER_mov_to_sreg, v, lift_const(t, i->ops[0].reg));
}

void lift_pop_sreg(struct lift *t, const struct ir1 *i)
{
	val v = lift_trunc(t, lift_zx(t, lift_pop_value(t, i->opsize), 2)), seen, sp;
	unsigned sreg = i->ops[0].reg;

	if (often_seen(t, sreg)) {
		sp = lift_get(t, ESP);
		seen = lift_helper(t, HELPER_sreg_seen, T_I32, v, lift_const(t, sreg), 0);
		lift_put_sp(t, lift_stack(t, i->opsize));
		lift_exit_if(t, IC_NE, seen, lift_const(t, 0), t->next);
		lift_put(t, ESP, sp);
	}
	lift_sys(t, HELPER_pop_sreg, v, lift_const(t, i->ops[0].reg | (u32)i->opsize << 8));
}

static val selector(struct lift *t, unsigned sreg)
{
	return lift_ldstate(t, offsetof(struct vcpu, seg[sreg].sel), M_U16, T_I32);
}

void lift_mov_from_sreg(struct lift *t, const struct ir1 *i)
{
	lift_st_op(t, 0, selector(t, i->ops[1].reg));
}

void lift_push_sreg(struct lift *t, const struct ir1 *i)
{
	val v = selector(t, i->ops[0].reg);

	lift_push_value(t, i->opsize == 8 ? lift_zx64(t, v) : v, i->opsize);
}

static val far_offset(struct lift *t, val a, s32 disp, unsigned size)
{
	return lift_ld(t, a, disp, lift_mem_of(size), size == 8 ? T_I64 : T_I32, INTENT_READ);
}

/* LDS and its kin: a far pointer from memory. The helper writes the register last. */
void lift_load_far(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->opsize;
	s32 disp;
	val a = lift_mem_addr(t, &i->ops[1], size + 2, false, &disp), off, sel;

	off = far_offset(t, a, disp, size);
	sel = lift_ld(t, lift_op2k(t, IR_ADD, a, disp + (s32)size), 0, M_U16, T_I32, INTENT_READ);
	lift_sys(t, HELPER_load_far, off,
		 lift_op2k(t, IR_OR, lift_op2k(t, IR_SHL, sel, 16),
			   far_sreg(i) | (u32)i->ops[0].reg << 4 | size << 8));
}

/* Destination register and operand size for the helpers that write one and ZF. */
static val reg_and_size(struct lift *t, const struct ir1 *i)
{
	return lift_const(t, i->ops[0].reg | (u32)i->opsize << 8);
}

void lift_lar(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_lar, lift_zx(t, lift_ld_op(t, 1), 2), reg_and_size(t, i));
}

void lift_lsl(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_lsl, lift_zx(t, lift_ld_op(t, 1), 2), reg_and_size(t, i));
}

void lift_verr(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_sys(t, HELPER_verr, lift_zx(t, lift_ld_op(t, 0), 2), 0);
}

void lift_verw(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_sys(t, HELPER_verw, lift_zx(t, lift_ld_op(t, 0), 2), 0);
}

/*
 * In memory it only reads, unless the RPL changes: the helper decides, and asks then for what a
 * store needs.
 */
static void arpl_memory(struct lift *t, const struct ir1 *i)
{
	s32 disp;
	val a = lift_mem_addr(t, &i->ops[0], 2, false, &disp);
	val dst = lift_zx(t, lift_ld_op(t, 0), 2), src = lift_zx(t, lift_ld_op(t, 1), 2);

	if (disp)
		a = lift_op2k(t, IR_ADD, a, disp);
	lift_sys(t, HELPER_arpl, lift_deposit(t, lift_zx64(t, a), lift_zx64(t, dst), 32, 16),
		 lift_op2k(t, IR_OR, src, (s64)i->ops[0].seg << 16));
}

void lift_arpl(struct lift *t, const struct ir1 *i)
{
	val dst, src, drpl, srpl, less;

	if (i->ops[0].kind == IR1_MEM) {
		arpl_memory(t, i);
		return;
	}
	dst = lift_ld_op(t, 0);
	src = lift_zx(t, lift_ld_op(t, 1), 2);
	drpl = lift_extract(t, dst, 0, 2);
	srpl = lift_extract(t, src, 0, 2);
	less = lift_setcond(t, IC_LT, drpl, srpl);
	lift_st_op(t, 0, lift_select(t, less, lift_deposit(t, dst, srpl, 0, 2), dst));
	lift_flags_mask(t, lift_op2k(t, IR_SHL, less, 6), FL_ZF);
}

void lift_sldt(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_op(t, 0, lift_ldstate(t, offsetof(struct vcpu, ldtr.sel), M_U16, T_I32));
}

void lift_str(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_op(t, 0, lift_ldstate(t, offsetof(struct vcpu, tr.sel), M_U16, T_I32));
}

void lift_lldt(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_sys(t, HELPER_lldt, lift_zx(t, lift_ld_op(t, 0), 2), 0);
}

void lift_ltr(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_sys(t, HELPER_ltr, lift_zx(t, lift_ld_op(t, 0), 2), 0);
}

/* Linear address of a pseudo-descriptor, limit checked. */
static val table_address(struct lift *t, const struct ir1 *i, bool write)
{
	s32 disp;
	unsigned size = t->key & KEY_LONG ? 10 : 6;
	val a = lift_mem_addr(t, &i->ops[0], size, write, &disp);

	return disp ? lift_op2k(t, IR_ADD, a, disp) : a;
}

/* The operand size; bit 8: what is wrong with the address is #SS. */
static val table_how(struct lift *t, const struct ir1 *i)
{
	return lift_const(t, i->opsize | (i->ops[0].seg == SS ? 0x100 : 0));
}

void lift_sgdt(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_sgdt, table_address(t, i, true), table_how(t, i));
}

void lift_sidt(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_sidt, table_address(t, i, true), table_how(t, i));
}

void lift_lgdt(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_lgdt, table_address(t, i, false), table_how(t, i));
}

void lift_lidt(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_lidt, table_address(t, i, false), table_how(t, i));
}

/* Far pointer operand: the offset; *sel: selector, operand size << 16. */
static val far_pointer(struct lift *t, const struct ir1 *i, val *sel)
{
	const struct ir1_op *o = &i->ops[0];
	s32 disp, size = (s32)i->opsize << 16;
	val off, a;

	if (o->kind == IR1_FAR) {
		*sel = lift_const(t, (u16)o->disp | size);
		return lift_const(t, (s32)o->imm);
	}
	a = lift_mem_addr(t, o, i->opsize + 2, false, &disp);
	off = far_offset(t, a, disp, i->opsize);
	*sel = lift_ld(t, lift_op2k(t, IR_ADD, a, disp + i->opsize), 0, M_U16, T_I32, INTENT_READ);
	*sel = lift_op2k(t, IR_OR, *sel, size);
	return off;
}

void lift_jmpf(struct lift *t, const struct ir1 *i)
{
	val sel, off = far_pointer(t, i, &sel);

	lift_sys(t, HELPER_jmpf, off, sel);
}

/* The helpers' stack accesses, `delta` from SP on, are the user's: alignment counts. */
static void check_stack_aligned(struct lift *t, s32 delta, unsigned size)
{
	val base;

	if (!(t->key & KEY_AC))
		return;
	if (t->key & KEY_LONG) {
		lift_check_aligned(t, lift_stack(t, delta), 0, size);
		return;
	}
	base = lift_ldstate(t, offsetof(struct vcpu, seg[SS].base), M_32, T_I32);
	lift_check_aligned(t, lift_op2(t, IR_ADD, lift_stack(t, delta), base), 0, size);
}

void lift_callf(struct lift *t, const struct ir1 *i)
{
	val sel, off = far_pointer(t, i, &sel);

	check_stack_aligned(t, -(s32)i->opsize, i->opsize);
	lift_sys(t, HELPER_callf, off, sel);
}

void lift_retf(struct lift *t, const struct ir1 *i)
{
	check_stack_aligned(t, 0, i->opsize);
	lift_sys(t, HELPER_retf, lift_const(t, i->opsize),
		 lift_const(t, i->nops ? i->ops[0].imm & 0xffff : 0));
}

void lift_iret(struct lift *t, const struct ir1 *i)
{
	check_stack_aligned(t, 0, i->opsize);
	lift_sys(t, HELPER_iret, lift_const(t, i->opsize), 0);
}
