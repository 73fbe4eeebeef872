/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shifts and rotates (SDM vol. 2: SAL SAR SHL SHR RCL RCR ROL ROR SHLD SHRD).
 * Counts are taken modulo 32, of 64-bit operands modulo 64; a count of 0 changes no flag.
 */
#include "dbt/lift/lift.h"

/* A count: constant, or a value with `known` false. */
struct count {
	bool known;
	unsigned n;
	val v;			/* masked; of the operand's type */
};

static struct count get_count(struct lift *t, const struct ir1_op *o, unsigned size)
{
	struct count c = { .known = o->kind == IR1_IMM };
	unsigned mask = size == 8 ? 63 : 31;

	if (c.known) {
		c.n = o->imm & mask;
		c.v = lift_sized(t, size, c.n);
	} else {
		c.v = lift_op2k(t, IR_AND, lift_get_sized(t, ECX, size), mask);
	}
	return c;
}

/*
 * A count of 0 changes nothing, but the operand is written all the same: in memory; and the upper
 * half of a register is cleared.
 */
static void write_back(struct lift *t, const struct ir1 *i, val v)
{
	if (i->ops[0].kind == IR1_MEM || lift_long(t))
		lift_st_op(t, 0, v);
}

static val widen(struct lift *t, enum ir_op op, val v, unsigned size)
{
	if (op == IR_SHL)
		return v;
	return op == IR_SHR ? lift_zx(t, v, size) : lift_sx(t, v, size);
}

static void shift(struct lift *t, const struct ir1 *i, enum ir_op op, enum cc_kind known,
		  enum cc_kind variable)
{
	unsigned size = i->ops[0].size;
	struct count c = get_count(t, &i->ops[1], size);
	val a = widen(t, op, lift_ld_rmw(t, 0), size), r;

	if (c.known && !c.n) {
		write_back(t, i, a);
		return;
	}
	r = lift_op2(t, op, a, c.v);
	lift_st_op(t, 0, r);
	lift_setf(t, c.known ? known : variable, size, a, c.v, 0);
}

void lift_shl(struct lift *t, const struct ir1 *i) { shift(t, i, IR_SHL, CC_SHL, CC_SHLV); }
void lift_shr(struct lift *t, const struct ir1 *i) { shift(t, i, IR_SHR, CC_SHR, CC_SHRV); }
void lift_sar(struct lift *t, const struct ir1 *i) { shift(t, i, IR_SAR, CC_SAR, CC_SARV); }

/* Set only the flags of `mask`, and those only if the count is not 0. */
static void flags_if_count(struct lift *t, const struct count *c, val bits, u32 mask)
{
	val m = lift_const(t, mask);

	if (!c->known)
		m = lift_select(t, lift_trunc(t, c->v), m, lift_const(t, 0));
	lift_setf(t, CC_MASKED, 4, bits, m, 0);
}

/* CF at bit 0 and OF = CF ^ other at bit 11; both operands are 0 or 1. */
static val cf_of(struct lift *t, val cf, val of)
{
	return lift_deposit(t, cf, of, 11, 1);
}

/* The operand repeated to fill 32 bits: rotating that by any count rotates the operand. */
static val replicate(struct lift *t, val v, unsigned size)
{
	if (size == 1)
		v = lift_deposit(t, v, v, 8, 8);
	return size < 4 ? lift_deposit(t, v, v, 16, 16) : v;
}

void lift_rol(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[0].size;
	struct count c = get_count(t, &i->ops[1], size);
	val a = lift_ld_rmw(t, 0), r, cf;

	if (c.known && !c.n) {
		write_back(t, i, a);
		return;
	}
	r = lift_op2(t, IR_ROTR, replicate(t, a, size),
		     c.known ? lift_sized(t, size, -(int)c.n & (size == 8 ? 63 : 31))
			     : lift_op2(t, IR_SUB, lift_sized(t, size, 0), c.v));
	lift_st_op(t, 0, r);
	if (c.known) {
		lift_setf(t, CC_ROL, size, r, 0, 0);
		return;
	}
	cf = lift_bit(t, r, 0);
	flags_if_count(t, &c, cf_of(t, cf, lift_op2(t, IR_XOR, cf,
			lift_bit(t, r, size * 8 - 1))), FL_CF | FL_OF);
}

void lift_ror(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[0].size;
	struct count c = get_count(t, &i->ops[1], size);
	val a = lift_ld_rmw(t, 0), r, cf;

	if (c.known && !c.n) {
		write_back(t, i, a);
		return;
	}
	r = lift_op2(t, IR_ROTR, replicate(t, a, size), c.v);
	lift_st_op(t, 0, r);
	if (c.known) {
		lift_setf(t, CC_ROR, size, r, 0, 0);
		return;
	}
	cf = lift_bit(t, r, size * 8 - 1);
	flags_if_count(t, &c, cf_of(t, cf, lift_op2(t, IR_XOR, cf,
			lift_bit(t, r, size * 8 - 2))), FL_CF | FL_OF);
}

/*
 * Rotation through carry: the operand and CF are one number of `width + 1` bits in an I64.
 * Returns the rotated number; n is taken modulo width + 1.
 */
static val rotate_carry(struct lift *t, const struct ir1 *i, const struct count *c, bool left)
{
	unsigned size = i->ops[0].size, width = size * 8;
	val x = lift_zx64(t, lift_zx(t, lift_ld_rmw(t, 0), size));
	val n = c->v, up, down;

	x = lift_op2(t, IR_OR, x, lift_op2k(t, IR_SHL, lift_zx64(t, lift_cc(t, COND_B)), width));
	if (width < 32)
		n = c->known ? lift_const(t, c->n % (width + 1))
			     : lift_op2k(t, IR_REMU, n, width + 1);
	n = lift_zx64(t, n);
	up = left ? n : lift_op2(t, IR_SUB, lift_const64(t, width + 1), n);
	down = left ? lift_op2(t, IR_SUB, lift_const64(t, width + 1), n) : n;
	return lift_op2(t, IR_OR, lift_op2(t, IR_SHL, x, up), lift_op2(t, IR_SHR, x, down));
}

static void rc_flags(struct lift *t, const struct ir1 *i, const struct count *c, val r, val cf,
		     bool left)
{
	unsigned width = i->ops[0].size * 8;
	val other = left ? cf : lift_bit(t, r, width - 2);

	flags_if_count(t, c, cf_of(t, cf, lift_op2(t, IR_XOR, lift_bit(t, r, width - 1), other)),
		       FL_CF | FL_OF);
}

/*
 * Of 64 bits and CF, which are one more than an I64 has: the operand's bits that stay in, CF, and
 * those that have gone round.
 */
static void rc64(struct lift *t, const struct ir1 *i, const struct count *c, bool left)
{
	enum ir_op out = left ? IR_SHL : IR_SHR, in = left ? IR_SHR : IR_SHL;
	val x = lift_ld_rmw(t, 0), carry = lift_zx64(t, lift_cc(t, COND_B));
	val less = lift_op2k(t, IR_SUB, c->v, 1);
	val rest = lift_op2(t, IR_SUB, lift_const64(t, 64), c->v), r, cf;

	r = lift_op2(t, out, x, c->v);
	carry = lift_op2(t, IR_SHL, carry, left ? less : rest);
	r = lift_op2(t, IR_OR, r, carry);
	r = lift_op2(t, IR_OR, r, lift_op2(t, in, lift_op2k(t, in, x, 1), rest));
	r = lift_select(t, lift_trunc(t, c->v), r, x);
	cf = lift_bit(t, lift_op2(t, IR_SHR, x, left ? rest : less), 0);
	lift_st_op(t, 0, r);
	rc_flags(t, i, c, r, cf, left);
}

/* By 1: one bit goes out, CF comes in. */
static void rc1(struct lift *t, const struct ir1 *i, const struct count *c, bool left)
{
	unsigned size = i->ops[0].size, top = size * 8 - 1;
	val x = lift_ld_rmw(t, 0), carry = lift_cc(t, COND_B), r;

	if (size == 8)
		carry = lift_zx64(t, carry);
	if (left)
		r = lift_op2(t, IR_ADD, lift_op2k(t, IR_SHL, x, 1), carry);
	else
		r = lift_op2(t, IR_OR, lift_op2k(t, IR_SHR, lift_zx(t, x, size), 1),
			     lift_op2k(t, IR_SHL, carry, top));
	lift_st_op(t, 0, r);
	rc_flags(t, i, c, r, lift_bit(t, x, left ? top : 0), left);
}

static void rc(struct lift *t, const struct ir1 *i, bool left)
{
	unsigned width = i->ops[0].size * 8;
	struct count c = get_count(t, &i->ops[1], i->ops[0].size);
	val x, r, cf;

	if (c.known && !c.n) {
		write_back(t, i, lift_ld_rmw(t, 0));
		return;
	}
	if (c.known && c.n == 1) {
		rc1(t, i, &c, left);
		return;
	}
	if (width == 64) {
		rc64(t, i, &c, left);
		return;
	}
	x = rotate_carry(t, i, &c, left);
	r = lift_trunc(t, x);
	lift_st_op(t, 0, r);
	cf = lift_bit(t, x, width);
	rc_flags(t, i, &c, r, cf, left);
}

void lift_rcl(struct lift *t, const struct ir1 *i) { rc(t, i, true); }
void lift_rcr(struct lift *t, const struct ir1 *i) { rc(t, i, false); }

/* ZF SF PF of a result, at their EFLAGS positions. */
static val result_bits(struct lift *t, val r, unsigned size)
{
	val x = lift_zx(t, r, size), z = lift_setcond(t, IC_EQ, x, lift_like(t, x, 0));
	val bits = lift_op2k(t, IR_SHL, z, 6), p = lift_trunc(t, r);

	p = lift_op2(t, IR_XOR, p, lift_op2k(t, IR_SHR, p, 4));
	bits = lift_deposit(t, bits, lift_bit(t, r, size * 8 - 1), 7, 1);
	p = lift_op2(t, IR_SHR, lift_const(t, 0x9669), lift_op2k(t, IR_AND, p, 15));
	return lift_deposit(t, bits, p, 2, 1);
}

/* ZF SF PF, CF, and OF where the sign has changed. */
static void double_flags(struct lift *t, const struct ir1 *i, const struct count *c, val r,
			 val dest, val cf)
{
	unsigned size = i->ops[0].size;
	val bits = lift_op2(t, IR_OR, result_bits(t, r, size), cf);
	val changed = lift_bit(t, lift_op2(t, IR_XOR, r, dest), size * 8 - 1);

	flags_if_count(t, c, lift_deposit(t, bits, changed, 11, 1), FL_ARITH & ~FL_AF);
}

/* 64-bit operands: what stays, and what comes in from the source. */
static void shift_double64(struct lift *t, const struct ir1 *i, const struct count *c, bool left)
{
	enum ir_op out = left ? IR_SHL : IR_SHR, in = left ? IR_SHR : IR_SHL;
	val dest = lift_ld_rmw(t, 0), src = lift_ld_op(t, 1);
	val rest = lift_op2(t, IR_SUB, lift_const64(t, 64), c->v), r, last;

	r = lift_op2(t, IR_OR, lift_op2(t, out, dest, c->v), lift_op2(t, in, src, rest));
	r = lift_select(t, lift_trunc(t, c->v), r, dest);
	last = left ? rest : lift_op2k(t, IR_SUB, c->v, 1);
	lift_st_op(t, 0, r);
	double_flags(t, i, c, r, dest, lift_bit(t, lift_op2(t, IR_SHR, dest, last), 0));
}

/*
 * SHLD, SHRD: one I64 holds both operands. For 16-bit operands and counts above 16 the
 * result is undefined; here the source's bits follow the destination's own.
 */
static void shift_double(struct lift *t, const struct ir1 *i, bool left)
{
	unsigned size = i->ops[0].size, width = size * 8;
	struct count c = get_count(t, &i->ops[2], size);
	val dest, src, x, n, r, cf;

	if (c.known && !c.n) {
		write_back(t, i, lift_ld_rmw(t, 0));
		return;
	}
	if (size == 8) {
		shift_double64(t, i, &c, left);
		return;
	}
	dest = lift_ld_rmw(t, 0);
	src = lift_ld_op(t, 1);
	dest = lift_zx64(t, lift_zx(t, dest, size));
	src = lift_zx64(t, lift_zx(t, src, size));
	n = lift_zx64(t, c.v);
	if (size == 2)		/* dest:src:dest, 48 bits, in either direction */
		src = lift_deposit(t, left ? dest : src, left ? src : dest, 16, 16);
	if (left) {
		x = lift_op2(t, IR_SHL, lift_deposit(t, src, dest, 32, 32), n);
		r = lift_trunc(t, lift_op2k(t, IR_SHR, x, 32));
		cf = lift_trunc(t, lift_extract(t, lift_op2(t, IR_SHR, dest,
			lift_op2(t, IR_SUB, lift_const64(t, width), n)), 0, 1));
	} else {
		x = lift_deposit(t, dest, src, width, 32);
		r = lift_trunc(t, lift_op2(t, IR_SHR, x, n));
		cf = lift_trunc(t, lift_extract(t, lift_op2(t, IR_SHR, x,
			lift_op2k(t, IR_SUB, n, 1)), 0, 1));
	}
	lift_st_op(t, 0, r);
	double_flags(t, i, &c, r, lift_trunc(t, dest), cf);
}

void lift_shld(struct lift *t, const struct ir1 *i) { shift_double(t, i, true); }
void lift_shrd(struct lift *t, const struct ir1 *i) { shift_double(t, i, false); }
