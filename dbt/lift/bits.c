/* SPDX-License-Identifier: BSD-2-Clause */
/* Bit tests, scans and counts (SDM vol. 2: BT BTC BTR BTS BSF BSR BSWAP POPCNT LZCNT CRC32). */
#include "dbt/lift/vec.h"

enum bit_action { BIT_TEST, BIT_SET, BIT_RESET, BIT_COMPLEMENT };

/* Memory operand with a register bit offset: the offset is signed and reaches other words. */
static void far_bit_address(struct lift *t, const struct ir1 *i, unsigned size, val index,
		bool write)
{
	unsigned log2bits = size == 2 ? 4 : size == 4 ? 5 : 6;
	val offset = lift_offset(t, &i->ops[0]), word = lift_sx(t, index, size), off;

	if (lift_long(t))
		word = lift_sx64(t, word);
	word = lift_op2k(t, IR_SAR, word, log2bits);
	off = lift_op2(t, IR_ADD, offset, lift_op2k(t, IR_SHL, word, log2bits - 3));
	off = lift_zx(t, off, i->addrsize);
	t->addr = lift_linear(t, i->ops[0].seg, off, size, write);
	t->disp = 0;
	t->has_addr = true;
}

static void lock_bit(struct lift *t, unsigned size, val index, enum bit_action action)
{
	val n = lift_op2k(t, IR_AND, index, size * 8 - 1), old;
	val mask = lift_op2(t, IR_SHL, lift_sized(t, size, 1), n);

	if (action == BIT_RESET)
		old = lift_amo(t, AMO_AND, lift_op2k(t, IR_XOR, mask, -1));
	else
		old = lift_amo(t, action == BIT_SET ? AMO_OR : AMO_XOR, mask);
	lift_flags_mask(t, lift_bit(t, lift_op2(t, IR_SHR, old, n), 0), FL_CF);
}

static void bit(struct lift *t, const struct ir1 *i, enum bit_action action)
{
	unsigned size = i->ops[0].size;
	bool write = action != BIT_TEST;
	val index = i->ops[1].kind == IR1_IMM ? lift_sized(t, size, i->ops[1].imm & 0xff)
					      : lift_ld_op(t, 1);
	val v, n, mask, r = 0;

	if (i->ops[0].kind == IR1_MEM && i->ops[1].kind == IR1_GPR)
		far_bit_address(t, i, size, index, write);
	if (t->atomic && size >= 4) {
		lock_bit(t, size, index, action);
		return;
	}
	v = write ? lift_ld_rmw(t, 0) : lift_ld_op(t, 0);
	n = lift_op2k(t, IR_AND, index, size * 8 - 1);
	mask = lift_op2(t, IR_SHL, lift_sized(t, size, 1), n);
	switch (action) {
	case BIT_TEST: break;
	case BIT_SET: r = lift_op2(t, IR_OR, v, mask); break;
	case BIT_RESET: r = lift_op2(t, IR_AND, v, lift_op2k(t, IR_XOR, mask, -1)); break;
	case BIT_COMPLEMENT: r = lift_op2(t, IR_XOR, v, mask); break;
	}
	if (write)
		lift_st_op(t, 0, r);
	lift_flags_mask(t, lift_bit(t, lift_op2(t, IR_SHR, v, n), 0), FL_CF);
}

void lift_bt(struct lift *t, const struct ir1 *i) { bit(t, i, BIT_TEST); }
void lift_bts(struct lift *t, const struct ir1 *i) { bit(t, i, BIT_SET); }
void lift_btr(struct lift *t, const struct ir1 *i) { bit(t, i, BIT_RESET); }
void lift_btc(struct lift *t, const struct ir1 *i) { bit(t, i, BIT_COMPLEMENT); }

/* A source of 0 leaves the destination and sets ZF; the other flags are undefined: as TEST's. */
static void scan(struct lift *t, const struct ir1 *i, val src, val index)
{
	val zero = lift_setcond(t, IC_EQ, src, lift_like(t, src, 0));

	if (lift_long(t) && i->ops[0].size == 4)	/* all 64 bits of it */
		lift_put(t, i->ops[0].reg, lift_select(t, zero, lift_get64(t, i->ops[0].reg),
						       lift_zx64(t, index)));
	else
		lift_st_op(t, 0, lift_select(t, zero, lift_get_sized(t, i->ops[0].reg,
								     i->ops[0].size), index));
	lift_setf(t, CC_LOGIC, i->ops[0].size, src, 0, 0);
}

void lift_bsf(struct lift *t, const struct ir1 *i)
{
	val src = lift_zx(t, lift_ld_op(t, 1), i->ops[0].size);

	scan(t, i, src, lift_op1(t, IR_CTZ, src));
}

void lift_bsr(struct lift *t, const struct ir1 *i)
{
	val src = lift_zx(t, lift_ld_op(t, 1), i->ops[0].size);

	scan(t, i, src, lift_op2k(t, IR_XOR, lift_op1(t, IR_CLZ, src),
				  i->ops[0].size == 8 ? 63 : 31));
}

/* 16-bit operands: undefined by the SDM; hardware gives 0. */
void lift_bswap(struct lift *t, const struct ir1 *i)
{
	unsigned reg = i->ops[0].reg, size = i->ops[0].size;

	if (size == 2)
		lift_put_sized(t, reg, lift_const(t, 0), 2);
	else
		lift_put(t, reg, lift_op1(t, IR_BSWAP, lift_get_sized(t, reg, size)));
}

/* The hosts count in vector registers. */
void lift_popcnt(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[1].size;
	val src = lift_zx(t, lift_ld_op(t, 1), size), x;

	x = lift_vec(t, size == 8 ? VEC_FROM_D : VEC_FROM_W, src, 0, 0);
	x = lift_vec(t, VEC_PCNT_D, x, 0, 0);
	lift_st_op(t, 0, lift_vec(t, size == 8 ? VEC_LANE_D : VEC_LANE_W, x, 0, 0));
	x = lift_setcond(t, IC_EQ, src, lift_like(t, src, 0));
	lift_flags_mask(t, lift_op2k(t, IR_SHL, x, 6), FL_ARITH);
}

/* CF: the source is 0; ZF: the result is. The others are undefined; Intel's CPUs clear them. */
void lift_lzcnt(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[0].size;
	val src = lift_zx(t, lift_ld_op(t, 1), size), n = lift_op1(t, IR_CLZ, src), flags;

	if (size == 2)
		n = lift_op2k(t, IR_SUB, n, 16);
	lift_st_op(t, 0, n);
	flags = lift_op2k(t, IR_SHL, lift_setcond(t, IC_EQ, n, lift_like(t, n, 0)), 6);
	flags = lift_op2(t, IR_OR, flags, lift_setcond(t, IC_EQ, src, lift_like(t, src, 0)));
	lift_flags_mask(t, flags, FL_ARITH);
}

static val crc(struct lift *t, val a, val b, unsigned bytes)
{
	return ir_emit(t->ir, (struct ir_insn){ .op = IR_CRC, .type = T_I32, .y = bytes, .a = a,
						.b = b });
}

void lift_crc32(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[1].size;
	val b = lift_ld_op(t, 1), r;

	r = crc(t, lift_get(t, i->ops[0].reg), lift_trunc(t, b), size == 8 ? 4 : size);
	if (size == 8)
		r = crc(t, r, lift_trunc(t, lift_op2k(t, IR_SHR, b, 32)), 4);
	lift_put(t, i->ops[0].reg, r);
}
