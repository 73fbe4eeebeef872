/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LOCK, and XCHG with memory, in ordered blocks (SDM vol. 3, 9.1; docs/memory-order.md). Operations
 * that the IR has go by one of its AMOs; all others load, compute, and store by CAS, beginning
 * again if somebody else has changed the operand. One of 1 or 2 bytes is changed with the word
 * around it. What is not aligned is done alone; so is what meets anything but plain memory, which
 * the fault path sees (INTENT_ATOMIC). Not here: unordered blocks, where nobody comes between.
 */
#include "dbt/lift/lift.h"

#define INTENTS (INTENT_RMW | INTENT_ATOMIC)

static val insn(struct lift *t, struct ir_insn in)
{
	if (in.op != IR_ALONE && lift_long(t) && t->via_ss)
		in.y |= INTENT_STACK;
	return ir_emit(t->ir, in);
}

void lift_alone(struct lift *t) { insn(t, (struct ir_insn){ .op = IR_ALONE }); }

/* #AC, where it is asked for, comes before. */
static void align(struct lift *t, val addr, s32 disp, unsigned size)
{
	lift_check_aligned(t, addr, disp, size);
	if (size == 1)
		return;
	if (disp & (s32)(size - 1))
		addr = lift_op2k(t, IR_ADD, addr, disp);
	insn(t, (struct ir_insn){ .op = IR_ALONE,
				  .a = lift_op2k(t, IR_AND, addr, size - 1) });
}

/* The word that has the bytes, and their place in it. */
static val ld_part(struct lift *t, val addr, s32 disp)
{
	val at = disp ? lift_op2k(t, IR_ADD, addr, disp) : addr, place;

	place = lift_op2k(t, IR_AND, at, 3);
	t->held.shift = lift_op2k(t, IR_SHL, lift_long(t) ? lift_trunc(t, place) : place, 3);
	t->held.addr = lift_op2k(t, IR_AND, at, -4);
	t->held.disp = 0;
	t->held.word = insn(t, (struct ir_insn){ .op = IR_LD, .type = T_I32, .x = M_32,
						 .y = INTENTS | INTENT_PART,
						 .a = t->held.addr });
	return lift_op2(t, IR_SHR, t->held.word, t->held.shift);
}

val lift_ld_atomic(struct lift *t, val addr, s32 disp, unsigned size)
{
	align(t, addr, disp, size);
	if (size < 4)
		return ld_part(t, addr, disp);
	t->held.addr = addr;
	t->held.disp = disp;
	t->held.word = insn(t, (struct ir_insn){ .op = IR_LD, .type = size == 8 ? T_I64 : T_I32,
						 .x = lift_mem_of(size), .y = INTENTS, .a = addr,
						 .k = disp });
	return t->held.word;
}

/* The word with v in place of its part. */
static val with_part(struct lift *t, val v, unsigned size)
{
	val differ = lift_op2(t, IR_XOR, lift_op2(t, IR_SHR, t->held.word, t->held.shift), v);

	differ = lift_op2(t, IR_SHL, lift_zx(t, differ, size), t->held.shift);
	return lift_op2(t, IR_XOR, t->held.word, differ);
}

void lift_st_atomic(struct lift *t, val v, unsigned size)
{
	unsigned part = size < 4 ? INTENT_PART : 0;
	val is;

	if (part)
		v = with_part(t, v, size);
	is = insn(t, (struct ir_insn){ .op = IR_CAS, .type = size == 8 ? T_I64 : T_I32,
				       .x = size == 8 ? M_64 : M_32,
				       .y = (u8)(INTENTS | part),
				       .a = t->held.addr, .b = v, .c = t->held.word,
				       .k = t->held.disp });
	if (t->key & KEY_SINGLE)	/* nothing was done, and leaving would say that it was */
		insn(t, (struct ir_insn){ .op = IR_ALONE,
					  .a = lift_setcond(t, IC_NE, is, t->held.word) });
	else
		lift_exit_if(t, IC_NE, is, t->held.word, t->i->eip);
}

/* -- In one step -- */

/* The memory operand by an AMO or CAS; its old value. */
static val one_step(struct lift *t, const struct ir1_op *o, struct ir_insn in)
{
	s32 disp;
	val addr = lift_mem_addr(t, o, o->size, true, &disp);

	align(t, addr, disp, o->size);
	in.type = o->size == 8 ? T_I64 : T_I32;
	in.x = lift_mem_of(o->size);
	in.y |= INTENTS;
	in.a = addr;
	in.k = disp;
	return insn(t, in);
}

static val amo(struct lift *t, const struct ir1_op *o, enum ir_amo kind, val b)
{
	return one_step(t, o, (struct ir_insn){ .op = IR_AMO, .b = b,
						.y = (u8)(kind << IR_AMO_SHIFT) });
}

val lift_amo(struct lift *t, enum ir_amo kind, val b) { return amo(t, &t->i->ops[0], kind, b); }

static void add(struct lift *t, const struct ir1 *i, bool exchange)
{
	val b = lift_ld_op(t, 1), a = lift_amo(t, AMO_ADD, b);

	if (exchange)
		lift_st_op(t, 1, a);
	lift_setf(t, CC_ADD, i->ops[0].size, lift_op2(t, IR_ADD, a, b), b, 0);
}

static void sub(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[0].size;
	val b = lift_ld_op(t, 1);
	val a = lift_amo(t, AMO_ADD, lift_op2(t, IR_SUB, lift_sized(t, size, 0), b));

	lift_setf(t, CC_SUB, size, lift_op2(t, IR_SUB, a, b), b, 0);
}

static void logic(struct lift *t, const struct ir1 *i, enum ir_amo kind, enum ir_op op)
{
	val b = lift_ld_op(t, 1), a = lift_amo(t, kind, b);

	lift_setf(t, CC_LOGIC, i->ops[0].size, lift_op2(t, op, a, b), 0, 0);
}

static void count(struct lift *t, const struct ir1 *i, s64 by, enum cc_kind kind)
{
	unsigned size = i->ops[0].size;
	val a = lift_amo(t, AMO_ADD, lift_sized(t, size, by));

	lift_setf(t, kind, size, lift_op2k(t, IR_ADD, a, by), 0, 0);
}

static void exchange(struct lift *t, const struct ir1 *i)
{
	unsigned mem = i->ops[1].kind == IR1_MEM, reg = !mem;

	lift_st_op(t, reg, amo(t, &i->ops[mem], AMO_SWAP, lift_ld_op(t, reg)));
}

static void compare_exchange(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[0].size;
	val src = lift_ld_op(t, 1), acc = lift_get_sized(t, EAX, size);
	val dest = one_step(t, &i->ops[0],
			    (struct ir_insn){ .op = IR_CAS, .b = src, .c = acc });

	lift_put_accumulator(t, size, lift_setcond(t, IC_EQ, acc, dest), acc, dest);
	lift_setf(t, CC_CMP, size, acc, dest, 0);
}

bool lift_lock(struct lift *t, const struct ir1 *i)
{
	if (i->ops[0].size < 4)
		return false;
	switch (i->op) {
	case X86_ADD: add(t, i, false); return true;
	case X86_XADD: add(t, i, true); return true;
	case X86_SUB: sub(t, i); return true;
	case X86_AND: logic(t, i, AMO_AND, IR_AND); return true;
	case X86_OR: logic(t, i, AMO_OR, IR_OR); return true;
	case X86_XOR: logic(t, i, AMO_XOR, IR_XOR); return true;
	case X86_INC: count(t, i, 1, CC_INC_KEEP); return true;
	case X86_DEC: count(t, i, -1, CC_DEC_KEEP); return true;
	case X86_NOT: lift_amo(t, AMO_XOR, lift_sized(t, i->ops[0].size, -1)); return true;
	case X86_XCHG: exchange(t, i); return true;
	case X86_CMPXCHG: compare_exchange(t, i); return true;
	}
	return false;
}
