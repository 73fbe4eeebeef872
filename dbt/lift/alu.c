/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two- and one-operand integer arithmetic and logic (SDM vol. 2: ADD ADC SUB
 * SBB AND OR XOR CMP TEST INC DEC NEG NOT XADD CMPXCHG CMPXCHG8B …16B). Results are
 * stored before flags are written, so a faulting store leaves the old flags.
 */
#include "dbt/lift/lift.h"

static unsigned size0(const struct ir1 *i) { return i->ops[0].size; }

static val zero(struct lift *t, const struct ir1 *i) { return lift_sized(t, size0(i), 0); }

/* 0 or 1, as an operand of the instruction's size. */
static val as_operand(struct lift *t, const struct ir1 *i, val carry)
{
	return size0(i) == 8 ? lift_zx64(t, carry) : carry;
}

static bool same_register(const struct ir1 *i)
{
	const struct ir1_op *a = &i->ops[0], *b = &i->ops[1];

	return a->kind == IR1_GPR && b->kind == IR1_GPR && a->reg == b->reg && a->high == b->high;
}

/* The flags have the immediate as an operand of their own: passes may change the sum's. */
void lift_add(struct lift *t, const struct ir1 *i)
{
	val a = lift_ld_rmw(t, 0), b = lift_ld_op(t, 1);
	val r = i->ops[1].kind == IR1_IMM ? lift_op2k(t, IR_ADD, a, i->ops[1].imm)
					  : lift_op2(t, IR_ADD, a, b);

	lift_st_op(t, 0, r);
	lift_setf(t, CC_ADD, size0(i), r, b, 0);
}

void lift_adc(struct lift *t, const struct ir1 *i)
{
	val a = lift_ld_rmw(t, 0), b = lift_ld_op(t, 1), carry = lift_cc(t, COND_B);
	val r = lift_op2(t, IR_ADD, lift_op2(t, IR_ADD, a, b), as_operand(t, i, carry));

	lift_st_op(t, 0, r);
	lift_setf(t, CC_ADC, size0(i), r, b, carry);
}

void lift_sub(struct lift *t, const struct ir1 *i)
{
	val a = lift_ld_rmw(t, 0), b = lift_ld_op(t, 1), r;

	if (i->ops[1].kind == IR1_IMM)
		r = lift_op2k(t, IR_ADD, a, -(s64)i->ops[1].imm);
	else
		r = same_register(i) ? zero(t, i) : lift_op2(t, IR_SUB, a, b);
	lift_st_op(t, 0, r);
	if (same_register(i))
		lift_setf(t, CC_LOGIC, size0(i), r, 0, 0);
	else
		lift_setf(t, CC_SUB, size0(i), r, b, 0);
}

void lift_sbb(struct lift *t, const struct ir1 *i)
{
	val a = lift_ld_rmw(t, 0), b = lift_ld_op(t, 1), borrow = lift_cc(t, COND_B);
	val r = lift_op2(t, IR_SUB, lift_op2(t, IR_SUB, a, b), as_operand(t, i, borrow));

	lift_st_op(t, 0, r);
	lift_setf(t, CC_SBB, size0(i), r, b, borrow);
}

/* The second operand; an immediate without the bits that the operation does not have. */
static val logic_operand(struct lift *t, const struct ir1 *i)
{
	if (i->ops[1].kind != IR1_IMM || size0(i) >= 4)
		return lift_ld_op(t, 1);
	return lift_const(t, i->ops[1].imm & ((1ll << 8 * size0(i)) - 1));
}

static void logic(struct lift *t, const struct ir1 *i, enum ir_op op)
{
	val a = lift_ld_rmw(t, 0), b = logic_operand(t, i);
	val r = same_register(i) && op == IR_XOR ? zero(t, i) : lift_op2(t, op, a, b);

	lift_st_op(t, 0, r);
	lift_setf(t, CC_LOGIC, size0(i), r, 0, 0);
}

void lift_and(struct lift *t, const struct ir1 *i) { logic(t, i, IR_AND); }
void lift_or(struct lift *t, const struct ir1 *i) { logic(t, i, IR_OR); }
void lift_xor(struct lift *t, const struct ir1 *i) { logic(t, i, IR_XOR); }

/* CMP is SUB whose result is dropped. */
void lift_cmp(struct lift *t, const struct ir1 *i)
{
	val a = lift_ld_op(t, 0), b = lift_ld_op(t, 1);

	lift_setf(t, CC_CMP, size0(i), a, b, 0);
}

void lift_test(struct lift *t, const struct ir1 *i)
{
	val a = lift_ld_op(t, 0), b = logic_operand(t, i);

	lift_setf(t, CC_LOGIC, size0(i), same_register(i) ? a : lift_op2(t, IR_AND, a, b), 0, 0);
}

void lift_inc(struct lift *t, const struct ir1 *i)
{
	val r = lift_op2k(t, IR_ADD, lift_ld_rmw(t, 0), 1);

	lift_st_op(t, 0, r);
	lift_setf(t, CC_INC_KEEP, size0(i), r, 0, 0);
}

void lift_dec(struct lift *t, const struct ir1 *i)
{
	val r = lift_op2k(t, IR_ADD, lift_ld_rmw(t, 0), -1);

	lift_st_op(t, 0, r);
	lift_setf(t, CC_DEC_KEEP, size0(i), r, 0, 0);
}

/* 0 - b, with SUB's flags. */
void lift_neg(struct lift *t, const struct ir1 *i)
{
	val b = lift_ld_rmw(t, 0), r = lift_op2(t, IR_SUB, zero(t, i), b);

	lift_st_op(t, 0, r);
	lift_setf(t, CC_SUB, size0(i), r, b, 0);
}

void lift_not(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_op(t, 0, lift_op2k(t, IR_XOR, lift_ld_rmw(t, 0), -1));
}

/*
 * The register gets the old destination; written first if both name one register (SDM: DEST last).
 */
void lift_xadd(struct lift *t, const struct ir1 *i)
{
	val a = lift_ld_rmw(t, 0), b = lift_ld_op(t, 1), r = lift_op2(t, IR_ADD, a, b);

	if (i->ops[0].kind == IR1_MEM) {
		lift_st_op(t, 0, r);
		lift_st_op(t, 1, a);
	} else {
		lift_st_op(t, 1, a);
		lift_st_op(t, 0, r);
	}
	lift_setf(t, CC_ADD, size0(i), r, b, 0);
}

void lift_put_accumulator(struct lift *t, unsigned size, val equal, val acc, val dest)
{
	if (size == 4 && lift_long(t))
		lift_put(t, EAX, lift_select(t, equal, lift_get64(t, EAX), lift_zx64(t, dest)));
	else
		lift_put_sized(t, EAX, lift_select(t, equal, acc, dest), size);
}

/*
 * The destination is always written (with its old value if unequal), as hardware does;
 * the accumulator gets the old destination only if unequal.
 */
void lift_cmpxchg(struct lift *t, const struct ir1 *i)
{
	unsigned size = size0(i);
	val dest = lift_ld_rmw(t, 0), src = lift_ld_op(t, 1);
	val acc = lift_get_sized(t, EAX, size);
	val equal = lift_setcond(t, IC_EQ, lift_zx(t, acc, size), lift_zx(t, dest, size));

	if (lift_long(t) && size == 4 && i->ops[0].kind == IR1_GPR)	/* all 64 bits stay */
		lift_put(t, i->ops[0].reg, lift_select(t, equal, lift_zx64(t, src),
						       lift_get64(t, i->ops[0].reg)));
	else
		lift_st_op(t, 0, lift_select(t, equal, src, dest));
	/*
	 * The destination may be the accumulator itself: then equal holds and the source is in it.
	 */
	if (i->ops[0].kind != IR1_GPR || i->ops[0].reg != EAX || i->ops[0].high)
		lift_put_accumulator(t, size, equal, acc, dest);
	lift_setf(t, CC_CMP, size, acc, dest, 0);
}

/* If equal v is what the register's low half holds already; its upper half stays, too. */
static void put_if_unequal(struct lift *t, unsigned reg, val equal, val v)
{
	if (lift_long(t))
		v = lift_select(t, equal, lift_get64(t, reg), lift_zx64(t, v));
	lift_put(t, reg, v);
}

/* Memory only; 64 bits. Writes back the old value if unequal. */
void lift_cmpxchg8b(struct lift *t, const struct ir1 *i)
{
	s32 disp;
	val addr = lift_mem_addr(t, &i->ops[0], 8, true, &disp);
	val old = t->atomic ? lift_ld_atomic(t, addr, disp, 8)
			    : lift_ld(t, addr, disp, M_64, T_I64, INTENT_RMW);
	val expect = lift_deposit(t, lift_zx64(t, lift_get(t, EAX)),
				  lift_zx64(t, lift_get(t, EDX)), 32, 32);
	val desired = lift_deposit(t, lift_zx64(t, lift_get(t, EBX)),
				   lift_zx64(t, lift_get(t, ECX)), 32, 32);
	val equal = lift_setcond(t, IC_EQ, old, expect);
	val lo = lift_trunc(t, old), hi = lift_trunc(t, lift_op2k(t, IR_SHR, old, 32));

	desired = lift_select(t, equal, desired, old);
	if (t->atomic)
		lift_st_atomic(t, desired, 8);
	else
		lift_st(t, addr, disp, M_64, desired);
	put_if_unequal(t, EAX, equal, lo);
	put_if_unequal(t, EDX, equal, hi);
	lift_flags_mask(t, lift_op2k(t, IR_SHL, equal, 6), FL_ZF);
}

/*
 * The same with 16 bytes, aligned: they are on one page, so that what may fault does so before
 * anything is written. If they are equal the registers hold them already.
 */
void lift_cmpxchg16b(struct lift *t, const struct ir1 *i)
{
	s32 disp;
	val addr = lift_mem_addr(t, &i->ops[0], 16, true, &disp), odd, lo, hi, differ, equal;

	if (disp & 15) {			/* or disp + 8 could be no displacement */
		addr = lift_op2k(t, IR_ADD, addr, disp);
		disp = 0;
	}
	odd = lift_op2k(t, IR_AND, addr, 15);
	lift_raise_if(t, IC_NE, odd, lift_like(t, odd, 0), EXC_GP, 0);
	if (t->atomic)
		lift_alone(t);
	lo = lift_ld(t, addr, disp, M_64, T_I64, INTENT_RMW);
	hi = lift_ld(t, addr, disp + 8, M_64, T_I64, INTENT_RMW);
	differ = lift_op2(t, IR_OR, lift_op2(t, IR_XOR, lo, lift_get64(t, EAX)),
			  lift_op2(t, IR_XOR, hi, lift_get64(t, EDX)));
	equal = lift_setcond(t, IC_EQ, differ, lift_const64(t, 0));
	lift_st(t, addr, disp, M_64, lift_select(t, equal, lift_get64(t, EBX), lo));
	lift_st(t, addr, disp + 8, M_64, lift_select(t, equal, lift_get64(t, ECX), hi));
	lift_put(t, EAX, lo);
	lift_put(t, EDX, hi);
	lift_flags_mask(t, lift_op2k(t, IR_SHL, equal, 6), FL_ZF);
}
