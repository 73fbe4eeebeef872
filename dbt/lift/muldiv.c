/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multiplication, division, and BCD adjustments (SDM vol. 2: MUL IMUL DIV IDIV AAA AAD AAM AAS DAA
 * DAS).
 */
#include "dbt/lift/lift.h"

static void mul_wide(struct lift *t, unsigned size, val a, val b, bool sign)
{
	val lo = lift_op2(t, IR_MUL, a, b), over;

	if (size >= 4) {
		val hi = lift_op2(t, sign ? IR_MULHS : IR_MULHU, a, b);

		over = sign ? lift_op2(t, IR_XOR, hi, lift_op2k(t, IR_SAR, lo, size * 8 - 1)) : hi;
		lift_put(t, EAX, lo);
		lift_put(t, EDX, hi);
	} else {
		val high = lift_extract(t, lo, size * 8, size * 8);

		over = sign ? lift_op2(t, IR_XOR, lift_sx(t, lo, size), lift_sx(t, lo, size * 2))
			    : high;
		lift_put_sized(t, EAX, lo, 2);
		if (size == 2)
			lift_put_sized(t, EDX, high, 2);
	}
	lift_setf(t, CC_MUL, size, lo, over, 0);
}

void lift_mul(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[0].size;
	val b = lift_zx(t, lift_ld_op(t, 0), size);

	mul_wide(t, size, lift_zx(t, lift_get_sized(t, EAX, size), size), b, false);
}

/* One operand: AX, DX:AX, EDX:EAX. Two and three: truncated, CF = OF = lost significant bits. */
void lift_imul(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[0].size;
	val a, b, r, over;

	if (i->nops == 1) {
		b = lift_sx(t, lift_ld_op(t, 0), size);
		mul_wide(t, size, lift_sx(t, lift_get_sized(t, EAX, size), size), b, true);
		return;
	}
	a = lift_sx(t, lift_ld_op(t, i->nops - 2), size);
	b = lift_sx(t, lift_ld_op(t, i->nops - 1), size);
	r = lift_op2(t, IR_MUL, a, b);
	if (size >= 4)
		over = lift_op2(t, IR_XOR, lift_op2(t, IR_MULHS, a, b),
				lift_op2k(t, IR_SAR, r, size * 8 - 1));
	else
		over = lift_op2(t, IR_XOR, lift_sx(t, r, size), r);
	lift_st_op(t, 0, r);
	lift_setf(t, CC_MUL, size, r, over, 0);
}

static void put_quotient(struct lift *t, unsigned size, val q, val r)
{
	if (size == 1) {
		lift_put_sized(t, EAX, lift_deposit(t, q, r, 8, 8), 2);
		return;
	}
	lift_put_sized(t, EAX, q, size);
	lift_put_sized(t, EDX, r, size);
}

/* What has the low half of v, of 4 bytes; v itself, of 8. */
static val root(const struct lift *t, val v, unsigned size)
{
	const struct ir_insn *in = &t->ir->v[v];

	while (size == 4 && (in->op == IR_TRUNC ||
			     ((in->op == IR_ZEXT || in->op == IR_SEXT) && in->k == 32))) {
		v = in->a;
		in = &t->ir->v[v];
	}
	return v;
}

/* Is eDX the sign of eAX, as CDQ and CQO leave it? */
static bool is_extended(const struct lift *t, unsigned size)
{
	const struct ir_insn *v = t->ir->v, *sar = &v[root(t, t->known[EDX], size)];

	if (size < 4 || sar->op != IR_SAR || sar->type != (size == 8 ? T_I64 : T_I32) ||
	    v[sar->b].op != IR_CONST || v[sar->b].k != size * 8 - 1)
		return false;
	return root(t, t->known[EAX], size) == root(t, sar->a, size);
}

/* n / d of one width: only the least by -1 has a quotient that does not fit. */
static void divide_extended(struct lift *t, unsigned size, val n, val d)
{
	s64 least = size == 8 ? INT64_MIN : INT32_MIN;
	val zero = lift_like(t, d, 0), differ;

	differ = lift_op2(t, IR_OR, lift_op2k(t, IR_XOR, n, least), lift_op2k(t, IR_ADD, d, 1));
	lift_raise_if(t, IC_EQ, d, zero, EXC_DE, -1);
	lift_raise_if(t, IC_EQ, differ, zero, EXC_DE, -1);
	put_quotient(t, size, lift_op2(t, IR_DIVS, n, d), lift_op2(t, IR_REMS, n, d));
}

/*
 * 128 bits by 64. `bad`: a divisor of 0, or a quotient that does not fit. What is known of hi may
 * make it a host division (dbt/opt/fold.c).
 */
static void divide128(struct lift *t, val lo, val hi, val d, bool sign)
{
	val bad = sign ? lift_helper(t, HELPER_idiv_bad, T_I64, hi, lo, d)
		       : lift_zx64(t, lift_setcond(t, IC_GEU, hi, d));
	val q, r;

	lift_raise_if(t, IC_NE, bad, lift_const64(t, 0), EXC_DE, -1);
	q = lift_helper(t, sign ? HELPER_idiv_q : HELPER_div_q, T_I64, hi, lo, d);
	r = lift_helper(t, sign ? HELPER_idiv_r : HELPER_div_r, T_I64, hi, lo, d);
	put_quotient(t, 8, q, r);
}

/* A quotient that does not fit, or a divisor of 0, is high half >= divisor. */
void lift_div(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[0].size;
	val d = lift_zx(t, lift_ld_op(t, 0), size), lo = lift_get_sized(t, EAX, size), hi, n;

	if (size == 8) {
		divide128(t, lo, lift_get64(t, EDX), d, false);
		return;
	}
	if (size == 4) {
		hi = lift_get(t, EDX);
		lift_raise_if(t, IC_GEU, hi, d, EXC_DE, -1);
		n = lift_deposit(t, lift_zx64(t, lo), lift_zx64(t, hi), 32, 32);
		d = lift_zx64(t, d);
		put_quotient(t, size, lift_trunc(t, lift_op2(t, IR_DIVU, n, d)),
			     lift_trunc(t, lift_op2(t, IR_REMU, n, d)));
		return;
	}
	hi = size == 1 ? lift_extract(t, lo, 8, 8) : lift_zx(t, lift_get(t, EDX), 2);
	lift_raise_if(t, IC_GEU, hi, d, EXC_DE, -1);
	n = lift_deposit(t, lift_zx(t, lo, size), hi, size * 8, size * 8);
	put_quotient(t, size, lift_op2(t, IR_DIVU, n, d), lift_op2(t, IR_REMU, n, d));
}

static val signed_dividend(struct lift *t, unsigned size)
{
	val lo = lift_get(t, EAX), n;

	if (size == 4)
		return lift_deposit(t, lift_zx64(t, lo), lift_zx64(t, lift_get(t, EDX)), 32, 32);
	n = size == 1 ? lift_sx(t, lo, 2) : lift_deposit(t, lo, lift_get(t, EDX), 16, 16);
	return lift_sx64(t, n);
}

/*
 * Smaller sizes divide as I64. A divisor of -1 is negation (the most negative dividend must not
 * reach the host's divider: its result there is not defined).
 */
void lift_idiv(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[0].size;
	val d = lift_sx(t, lift_ld_op(t, 0), size), n, plain, d1, q, q32;

	if (is_extended(t, size)) {
		divide_extended(t, size, lift_get_sized(t, EAX, size), d);
		return;
	}
	d = lift_sx64(t, d);
	if (size == 8) {
		divide128(t, lift_get64(t, EAX), lift_get64(t, EDX), d, true);
		return;
	}
	n = signed_dividend(t, size);
	lift_raise_if(t, IC_EQ, d, lift_const64(t, 0), EXC_DE, -1);
	plain = lift_setcond(t, IC_NE, d, lift_const64(t, -1));
	d1 = lift_select(t, plain, d, lift_const64(t, 1));
	q = lift_op2(t, IR_DIVS, n, d1);
	q = lift_select(t, plain, q, lift_op2(t, IR_SUB, lift_const64(t, 0), q));
	q32 = lift_trunc(t, q);
	lift_raise_if(t, IC_NE, q, lift_sx64(t, lift_sx(t, q32, size)), EXC_DE, -1);
	put_quotient(t, size, q32, lift_trunc(t, lift_op2(t, IR_REMS, n, d1)));
}

/* The adjustments take AX and the flags as numbers; the helper returns AX | flags << 16. */
static void adjust(struct lift *t, enum helper h, val base)
{
	val r = lift_helper(t, h, T_I32, lift_get(t, EAX), lift_getf(t), base);

	lift_put_sized(t, EAX, r, 2);
	lift_flags_mask(t, lift_extract(t, r, 16, 16), FL_ARITH);
}

void lift_aaa(struct lift *t, const struct ir1 *i) { (void)i; adjust(t, HELPER_aaa, 0); }
void lift_aas(struct lift *t, const struct ir1 *i) { (void)i; adjust(t, HELPER_aas, 0); }
void lift_daa(struct lift *t, const struct ir1 *i) { (void)i; adjust(t, HELPER_daa, 0); }
void lift_das(struct lift *t, const struct ir1 *i) { (void)i; adjust(t, HELPER_das, 0); }

void lift_aam(struct lift *t, const struct ir1 *i)
{
	u32 base = i->ops[0].imm & 0xff;

	if (!base) {
		lift_raise(t, EXC_DE);
		return;
	}
	adjust(t, HELPER_aam, lift_const(t, base));
}

void lift_aad(struct lift *t, const struct ir1 *i)
{
	adjust(t, HELPER_aad, lift_const(t, i->ops[0].imm & 0xff));
}
