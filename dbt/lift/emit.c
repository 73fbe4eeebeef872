/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lifter's vocabulary: one short function for each kind of IR instruction. No x86 semantics
 * here, and no exits (exit.c).
 */
#include "dbt/lift/lift.h"

#include "kernel/panic.h"

static val emit(struct lift *t, struct ir_insn in) { return ir_emit(t->ir, in); }

static unsigned type(const struct lift *t, val v) { return t->ir->v[v].type; }

val lift_const(struct lift *t, s64 k)
{
	return emit(t, (struct ir_insn){ .op = IR_CONST, .type = T_I32, .k = (s32)k });
}

val lift_eip(struct lift *t, u64 eip)
{
	bool wide = lift_long(t);
	s64 k = wide ? (s64)eip : (s32)eip;

	if (!key_relocatable(t->key))
		return wide ? lift_const64(t, k) : lift_const(t, k);
	return emit(t, (struct ir_insn){ .op = IR_EIP, .type = wide ? T_I64 : T_I32, .k = k });
}

val lift_const64(struct lift *t, s64 k)
{
	return emit(t, (struct ir_insn){ .op = IR_CONST, .type = T_I64, .k = k });
}

val lift_sized(struct lift *t, unsigned size, s64 k)
{
	return size == 8 ? lift_const64(t, k) : lift_const(t, k);
}

val lift_like(struct lift *t, val v, s64 k)
{
	return type(t, v) == T_I64 ? lift_const64(t, k) : lift_const(t, k);
}

val lift_op1(struct lift *t, enum ir_op op, val a)
{
	return emit(t, (struct ir_insn){ .op = op, .type = type(t, a), .a = a });
}

val lift_op2(struct lift *t, enum ir_op op, val a, val b)
{
	return emit(t, (struct ir_insn){ .op = op, .type = type(t, a), .a = a, .b = b });
}

val lift_op2k(struct lift *t, enum ir_op op, val a, s64 k)
{
	return lift_op2(t, op, a, lift_like(t, a, k));
}

val lift_setcond(struct lift *t, enum ir_cond cond, val a, val b)
{
	return emit(t, (struct ir_insn){ .op = IR_SETCOND, .type = T_I32, .x = cond, .a = a,
			.b = b });
}

val lift_select(struct lift *t, val cond, val yes, val no)
{
	return emit(t, (struct ir_insn){ .op = IR_SELECT, .type = type(t, yes), .a = cond,
					 .b = yes, .c = no });
}

val lift_extract(struct lift *t, val a, unsigned pos, unsigned len)
{
	return emit(t, (struct ir_insn){ .op = IR_EXTRACT, .type = type(t, a), .x = pos, .y = len,
					 .a = a });
}

val lift_deposit(struct lift *t, val a, val b, unsigned pos, unsigned len)
{
	return emit(t, (struct ir_insn){ .op = IR_DEPOSIT, .type = type(t, a), .x = pos, .y = len,
					 .a = a, .b = b });
}

/* Of v's type. */
static unsigned bytes_of(const struct lift *t, val v) { return type(t, v) == T_I64 ? 8 : 4; }

static val convert(struct lift *t, enum ir_op op, enum ir_type to, val a, unsigned from_bits)
{
	return emit(t, (struct ir_insn){ .op = op, .type = to, .a = a, .k = from_bits });
}

val lift_zx(struct lift *t, val a, unsigned size)
{
	return size >= bytes_of(t, a) ? a : convert(t, IR_ZEXT, type(t, a), a, size * 8);
}

val lift_sx(struct lift *t, val a, unsigned size)
{
	return size >= bytes_of(t, a) ? a : convert(t, IR_SEXT, type(t, a), a, size * 8);
}

val lift_zx64(struct lift *t, val a)
{
	return type(t, a) == T_I64 ? a : convert(t, IR_ZEXT, T_I64, a, 32);
}

val lift_sx64(struct lift *t, val a)
{
	return type(t, a) == T_I64 ? a : convert(t, IR_SEXT, T_I64, a, 32);
}

val lift_trunc(struct lift *t, val a)
{
	const struct ir_insn *in = &t->ir->v[a];

	if (in->type == T_I32)
		return a;
	if (in->op == IR_ZEXT && in->k == 32 && type(t, in->a) == T_I32)
		return in->a;
	return convert(t, IR_TRUNC, T_I32, a, 0);
}

val lift_bit(struct lift *t, val a, unsigned n) { return lift_trunc(t, lift_extract(t, a, n, 1)); }

val lift_ldstate(struct lift *t, size_t off, enum ir_mem mem, enum ir_type result)
{
	return emit(t, (struct ir_insn){ .op = IR_LDSTATE, .type = result, .x = mem, .k = off });
}

void lift_ststate(struct lift *t, size_t off, enum ir_mem mem, val v)
{
	emit(t, (struct ir_insn){ .op = IR_STSTATE, .x = mem, .a = v, .k = off });
}

val lift_ticks(struct lift *t)
{
	return emit(t, (struct ir_insn){ .op = IR_TICKS, .type = T_I64 });
}

val lift_helper(struct lift *t, enum helper h, enum ir_type result, val a, val b, val c)
{
	return emit(t, (struct ir_insn){ .op = IR_HELPER, .type = result, .x = 1, .a = a, .b = b,
					 .c = c, .k = h });
}

void lift_helper_fault(struct lift *t, enum helper h, val a, val b, val c)
{
	emit(t, (struct ir_insn){ .op = IR_HELPER, .x = 2, .a = a, .b = b, .c = c, .k = h });
}

static val get(struct lift *t, unsigned reg, enum ir_type of)
{
	if (!t->known[reg])
		t->known[reg] = emit(t, (struct ir_insn){ .op = IR_GETREG, .type = of, .k = reg });
	return t->known[reg];
}

val lift_get64(struct lift *t, unsigned reg) { return get(t, reg, T_I64); }

val lift_get(struct lift *t, unsigned reg)
{
	if (lift_long(t))
		return lift_trunc(t, lift_get64(t, reg));
	return get(t, reg, T_I32);
}

val lift_get_sized(struct lift *t, unsigned reg, unsigned size)
{
	return size == 8 ? lift_get64(t, reg) : lift_get(t, reg);
}

void lift_put(struct lift *t, unsigned reg, val v)
{
	if (lift_long(t))
		v = lift_zx64(t, v);
	t->known[reg] = v;
	emit(t, (struct ir_insn){ .op = IR_PUTREG, .a = v, .k = reg });
}

/* 16 bytes are exempt: such forms are #GP or take any address (SDM vol. 1, 11.6; as measured). */
void lift_check_aligned(struct lift *t, val addr, s32 disp, unsigned size)
{
	val a;

	if (!(t->key & KEY_AC) || size == 1 || size == 16)
		return;
	a = disp ? lift_op2k(t, IR_ADD, addr, disp) : addr;
	if (lift_long(t) && t->ir->v[a].type == T_I64)	/* is said before #AC */
		lift_raise_if(t, IC_NE, lift_op2k(t, IR_SAR, lift_op2k(t, IR_SHL, a, 16), 16), a,
			      t->via_ss ? EXC_SS : EXC_GP, 0);
	a = lift_op2k(t, IR_AND, a, size - 1);
	lift_raise_if(t, IC_NE, a, lift_like(t, a, 0), EXC_AC, 0);
}

/* Of the last address; 32-bit ones are never wrong in themselves. */
static unsigned at_stack(const struct lift *t)
{
	return (lift_long(t) && t->via_ss ? INTENT_STACK : 0) | (t->slot ? INTENT_SLOT : 0);
}

val lift_ld(struct lift *t, val addr, s32 disp, enum ir_mem mem, enum ir_type result,
	    unsigned intent)
{
	lift_check_aligned(t, addr, disp, ir_mem_size(mem));
	return emit(t, (struct ir_insn){ .op = IR_LD, .type = result, .x = mem,
					 .y = intent | at_stack(t), .a = addr, .k = disp });
}

void lift_st(struct lift *t, val addr, s32 disp, enum ir_mem mem, val v)
{
	lift_check_aligned(t, addr, disp, ir_mem_size(mem));
	emit(t, (struct ir_insn){ .op = IR_ST, .x = mem, .y = at_stack(t), .a = addr, .b = v,
				  .k = disp });
}

static s64 exception(u8 vector, s64 error)
{
	return error < 0 ? 0x200 | vector : (s64)((u64)error << 32 | 0x300 | vector);
}

void lift_check_form(struct lift *t, val addr)
{
	unsigned op = t->ir->v[addr].op;

	if (lift_long(t) && op != IR_EIP)
		emit(t, (struct ir_insn){ .op = IR_FORM, .a = addr,
					  .k = exception(t->via_ss ? EXC_SS : EXC_GP, 0) });
}

void lift_raise(struct lift *t, u8 vector)
{
	emit(t, (struct ir_insn){ .op = IR_RAISE, .k = exception(vector, -1) });
	t->ended = true;
}

void lift_raise_code(struct lift *t, u8 vector, u32 error)
{
	emit(t, (struct ir_insn){ .op = IR_RAISE, .k = exception(vector, error) });
	t->ended = true;
}

/* error < 0: the exception has no error code. */
void lift_raise_if(struct lift *t, enum ir_cond cond, val a, val b, u8 vector, s64 error)
{
	emit(t, (struct ir_insn){ .op = IR_RAISE_IF, .x = cond, .a = a, .b = b,
				  .k = exception(vector, error) });
}
