/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector operands and the MMX unit's state for the families mmx.c and sse_*.c; see vec.h. No
 * instruction is lifted here.
 */
#include "dbt/lift/vec.h"

#include "kernel/panic.h"

#define X87(field) offsetof(struct vcpu, x87.field)
#define MM(n) (X87(r) + (n) * sizeof(struct f80))

static const enum ir_type result_type[] = {
	[VSH_UN] = T_V128, [VSH_BIN] = T_V128, [VSH_INS] = T_V128, [VSH_FROMI] = T_V128,
	[VSH_TOI] = T_I32, [VSH_TOI2] = T_I32, [VSH_TER] = T_V128,
	[VSH_TOL] = T_I64, [VSH_FROML] = T_V128, [VSH_INSL] = T_V128,
};

static enum ir_mem all_of(enum ir_type type)
{
	return type == T_V128 ? M_128 : type == T_I64 ? M_64 : M_32;
}

/*
 * The same through C, operands and result in vcpu.help: blocks whose MXCSR is not what the host
 * can do, and rows that no host instruction makes.
 */
static val soft(struct lift *t, enum vec_op row, val a, val b, unsigned y)
{
	enum ir_type type = result_type[vec_info[row].shape];

	lift_ststate(t, offsetof(struct vcpu, help[0]), all_of(t->ir->v[a].type), a);
	if (b)
		lift_ststate(t, offsetof(struct vcpu, help[2]), all_of(t->ir->v[b].type), b);
	lift_helper_fault(t, HELPER_vec, lift_const(t, row), lift_const(t, y), 0);
	return lift_ldstate(t, offsetof(struct vcpu, help[4]), all_of(type), type);
}

val lift_vec(struct lift *t, enum vec_op row, val a, val b, unsigned y)
{
	if (vec_by_helper(row) || (!vec_info[row].pure && (t->key & KEY_SSE_SOFT)))
		return soft(t, row, a, b, y);
	return ir_emit(t->ir, (struct ir_insn){ .op = IR_VEC, .y = y, .a = a, .b = b, .k = row,
						.type = result_type[vec_info[row].shape] });
}

val lift_vec3(struct lift *t, enum vec_op row, val a, val b, val c)
{
	return ir_emit(t->ir, (struct ir_insn){ .op = IR_VEC, .a = a, .b = b, .c = c, .k = row,
						.type = result_type[vec_info[row].shape] });
}

val lift_getxmm(struct lift *t, unsigned reg)
{
	return ir_emit(t->ir, (struct ir_insn){ .op = IR_GETXMM, .type = T_V128, .k = reg });
}

void lift_putxmm(struct lift *t, unsigned reg, val v)
{
	ir_emit(t->ir, (struct ir_insn){ .op = IR_PUTXMM, .a = v, .k = reg });
}

/* -- Memory operands -- */

/* #GP(0), whatever the segment (SDM vol. 1, 10.4.1.2… "aligned" forms). */
static void check_alignment(struct lift *t, val addr, s32 disp)
{
	if (disp & 15)
		addr = lift_op2k(t, IR_ADD, addr, disp);
	addr = lift_op2k(t, IR_AND, addr, 15);
	lift_raise_if(t, IC_NE, addr, lift_like(t, addr, 0), EXC_GP, 0);
}

static val address(struct lift *t, unsigned n, unsigned size, bool write, s32 *disp)
{
	bool known = t->has_addr;
	val a = lift_mem_addr(t, &t->i->ops[n], size, write, disp);

	if (size == 16 && !known && !(x86_rows[t->i->op].flags & ROW_UNALIGNED))
		check_alignment(t, a, *disp);
	return a;
}

static enum ir_mem width(unsigned size)
{
	must(size == 4 || size == 8 || size == 16);
	return size == 4 ? M_32 : size == 8 ? M_64 : M_128;
}

val lift_ld_vec_sized(struct lift *t, unsigned n, unsigned size)
{
	const struct ir1_op *o = &t->i->ops[n];
	s32 disp;
	val a;

	switch (o->kind) {
	case IR1_XMM: return lift_getxmm(t, o->reg);
	case IR1_MM: return lift_ldstate(t, MM(o->reg), M_64, T_V128);
	case IR1_MEM:
		a = address(t, n, size, false, &disp);
		return lift_ld(t, a, disp, width(size), T_V128, INTENT_READ);
	}
	panic("vec: operand %u of kind %u", n, o->kind);
}

val lift_ld_vec(struct lift *t, unsigned n)
{
	return lift_ld_vec_sized(t, n, t->i->ops[n].size);
}

void lift_st_vec(struct lift *t, unsigned n, val v, unsigned size)
{
	const struct ir1_op *o = &t->i->ops[n];
	s32 disp;
	val a;

	switch (o->kind) {
	case IR1_XMM:
		lift_putxmm(t, o->reg, v);
		return;
	case IR1_MM:
		lift_mmx_enter(t);
		lift_ststate(t, MM(o->reg), M_64, v);
		if (t->mmx & MMX_EXPONENT << o->reg)
			return;
		lift_ststate(t, MM(o->reg) + offsetof(struct f80, se), M_U16,
			     lift_const(t, 0xffff));
		t->mmx |= MMX_EXPONENT << o->reg;
		return;
	case IR1_MEM:
		a = address(t, n, size, true, &disp);
		lift_st(t, a, disp, width(size), v);
		return;
	}
	panic("vec: operand %u of kind %u", n, o->kind);
}

/* -- The MMX unit -- */

void lift_mmx_begin(struct lift *t, const struct ir1 *i)
{
	if (lift_is_mm(i) && !(t->mmx & MMX_ENTERED))
		lift_x87_wait(t);
}

void lift_mmx_enter(struct lift *t)
{
	val sw;

	if (t->mmx & MMX_ENTERED)
		return;
	sw = lift_ldstate(t, X87(sw), M_U16, T_I32);
	lift_ststate(t, X87(sw), M_U16, lift_op2k(t, IR_AND, sw, 0xffff & ~X87_SW_TOP));
	lift_ststate(t, X87(valid), M_U16, lift_const(t, 0xff));
	t->mmx |= MMX_ENTERED;
}
