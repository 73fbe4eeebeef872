/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading lazy flags inside a block: from the operands of the SETF that is in
 * force to the IR that computes a flag, a condition, or all six. The meaning
 * of each kind is dbt/x86/cc.h; cc.c says the same in C, and tests compare.
 *
 * A SETF of a partial kind leaves some flags to the one before it, which its
 * field k names (0: the flags at the block's entry).
 */
#include "dbt/lift/lift.h"

#include "kernel/panic.h"

static const struct ir_insn *at(struct lift *t, val f) { return &t->ir->v[f]; }

void lift_setf(struct lift *t, enum cc_kind kind, unsigned size, val a, val b, val c)
{
	t->flags = ir_emit(t->ir, (struct ir_insn){ .op = IR_SETF, .x = kind, .y = lift_log2(size),
						    .a = a, .b = b, .c = c, .k = t->flags });
}

void lift_flags_mask(struct lift *t, val bits, u32 mask)
{
	if (mask == FL_ARITH) {
		lift_setf(t, CC_EFLAGS, 4, bits, 0, 0);
		return;
	}
	if (mask == FL_CF) {
		if (at(t, t->flags)->op == IR_SETF && at(t, t->flags)->x == CC_CARRY)
			t->flags = (val)at(t, t->flags)->k;
		lift_setf(t, CC_CARRY, 4, lift_trunc(t, bits), 0, 0);
	} else {
		lift_setf(t, CC_MASKED, 4, bits, lift_const(t, mask), 0);
	}
}

/* -- The pieces -- */

static unsigned size_of(const struct ir_insn *s) { return 1u << s->y; }
static unsigned width_of(const struct ir_insn *s) { return 8u << s->y; }
static val zero(struct lift *t) { return lift_const(t, 0); }

static val entry_flags(struct lift *t)
{
	if (!t->entry_flags)
		t->entry_flags = ir_emit(t->ir, (struct ir_insn){ .op = IR_ENTRYF, .type = T_I32 });
	return t->entry_flags;
}

/* Of ADC and SBB, as an operand. */
static val carry_in(struct lift *t, const struct ir_insn *s)
{
	return size_of(s) == 8 ? lift_zx64(t, s->c) : s->c;
}

/* ADC and SBB without their carry, the last one that they added or took: a + b, a - b. */
static val without_carry(struct lift *t, const struct ir_insn *s)
{
	return lift_op2(t, s->x == CC_ADC ? IR_SUB : IR_ADD, s->a, carry_in(t, s));
}

/* First operand of an addition or subtraction whose result and second operand are known. */
static val first_operand(struct lift *t, const struct ir_insn *s)
{
	switch (s->x) {
	case CC_ADD: return lift_op2(t, IR_SUB, s->a, s->b);
	case CC_ADC: return lift_op2(t, IR_SUB, without_carry(t, s), s->b);
	case CC_SUB: return lift_op2(t, IR_ADD, s->a, s->b);
	case CC_SBB: return lift_op2(t, IR_ADD, without_carry(t, s), s->b);
	default: return s->a;		/* CC_CMP */
	}
}

static val result(struct lift *t, const struct ir_insn *s)
{
	unsigned size = size_of(s);

	switch (s->x) {
	case CC_CMP: return lift_op2(t, IR_SUB, s->a, s->b);
	case CC_SHL: case CC_SHLV: return lift_op2(t, IR_SHL, s->a, s->b);
	case CC_SHR: case CC_SHRV: return lift_op2(t, IR_SHR, lift_zx(t, s->a, size), s->b);
	case CC_SAR: case CC_SARV: return lift_op2(t, IR_SAR, lift_sx(t, s->a, size), s->b);
	default: return s->a;
	}
}

/* The last bit that a shift by 1 … 31 moves out. */
static val shifted_out(struct lift *t, const struct ir_insn *s)
{
	val a = s->a, n;

	switch (s->x) {
	case CC_SHL: case CC_SHLV:
		if (size_of(s) == 8) {
			n = lift_op2(t, IR_SUB, lift_const64(t, 64), s->b);
			return lift_bit(t, lift_op2(t, IR_SHR, a, n), 0);
		}
		/* In 64 bits, for counts beyond an 8- or 16-bit operand. */
		a = lift_op2(t, IR_SHL, lift_zx64(t, lift_zx(t, a, size_of(s))),
			     lift_zx64(t, s->b));
		return lift_bit(t, a, width_of(s));
	case CC_SHR: case CC_SHRV:
		a = lift_zx(t, a, size_of(s));
		n = lift_op2k(t, IR_SUB, s->b, 1);
		return lift_bit(t, lift_op2(t, IR_SHR, a, n), 0);
	default:
		a = lift_sx(t, a, size_of(s));
		n = lift_op2k(t, IR_SUB, s->b, 1);
		return lift_bit(t, lift_op2(t, IR_SAR, a, n), 0);
	}
}

static bool is_variable_shift(const struct ir_insn *s)
{
	return s->x == CC_SHLV || s->x == CC_SHRV || s->x == CC_SARV;
}

static bool is_rotation(const struct ir_insn *s) { return s->x == CC_ROL || s->x == CC_ROR; }

static bool keeps_carry(const struct ir_insn *s)
{
	return s->x == CC_INC_KEEP || s->x == CC_DEC_KEEP;
}

/* -- One flag each: I32 0 or 1, of a state that defines it -- */

/* ADC and SBB: of both steps one carries or borrows at most. */
static val two_carries(struct lift *t, const struct ir_insn *s)
{
	unsigned size = size_of(s);
	val b = lift_zx(t, s->b, size), one = lift_zx(t, without_carry(t, s), size), a;

	if (s->x == CC_ADC)
		return lift_op2(t, IR_OR, lift_setcond(t, IC_LTU, one, b),
				lift_setcond(t, IC_LTU, lift_zx(t, s->a, size), one));
	a = lift_zx(t, first_operand(t, s), size);
	return lift_op2(t, IR_OR, lift_setcond(t, IC_LTU, a, b),
			lift_setcond(t, IC_LTU, one, carry_in(t, s)));
}

static val full_cf(struct lift *t, const struct ir_insn *s)
{
	unsigned size = size_of(s);
	val a;

	switch (s->x) {
	case CC_LOGIC: return zero(t);
	case CC_FCOM: case CC_ROL: return lift_bit(t, s->a, 0);
	case CC_ROR: return lift_bit(t, s->a, width_of(s) - 1);
	case CC_MUL: return lift_setcond(t, IC_NE, s->b, lift_like(t, s->b, 0));
	case CC_ADD:
		return lift_setcond(t, IC_LTU, lift_zx(t, s->a, size), lift_zx(t, s->b, size));
	case CC_SUB: case CC_CMP:
		a = lift_zx(t, first_operand(t, s), size);
		return lift_setcond(t, IC_LTU, a, lift_zx(t, s->b, size));
	case CC_ADC: case CC_SBB:
		return two_carries(t, s);
	default: return shifted_out(t, s);
	}
}

static val full_of(struct lift *t, const struct ir_insn *s)
{
	unsigned top = width_of(s) - 1;
	val a, r;

	switch (s->x) {
	case CC_LOGIC: case CC_SAR: case CC_SARV: case CC_FCOM: return zero(t);
	case CC_MUL: return full_cf(t, s);
	case CC_ROL: return lift_op2(t, IR_XOR, full_cf(t, s), lift_bit(t, s->a, top));
	case CC_ROR: return lift_op2(t, IR_XOR, full_cf(t, s), lift_bit(t, s->a, top - 1));
	case CC_INC_KEEP: case CC_DEC_KEEP:
		r = lift_zx(t, s->a, size_of(s));
		a = lift_like(t, r, (s64)((1ull << top) - (s->x == CC_DEC_KEEP)));
		return lift_setcond(t, IC_EQ, r, a);
	case CC_SHL: case CC_SHLV:
		return lift_op2(t, IR_XOR, lift_bit(t, result(t, s), top), full_cf(t, s));
	case CC_SHR: case CC_SHRV:
		return lift_op2(t, IR_AND, lift_bit(t, s->a, top),
				lift_setcond(t, IC_EQ, s->b, lift_like(t, s->b, 1)));
	}
	a = first_operand(t, s);
	r = result(t, s);
	r = s->x == CC_ADD || s->x == CC_ADC
		? lift_op2(t, IR_AND, lift_op2(t, IR_XOR, a, r), lift_op2(t, IR_XOR, s->b, r))
		: lift_op2(t, IR_AND, lift_op2(t, IR_XOR, a, s->b), lift_op2(t, IR_XOR, a, r));
	return lift_bit(t, r, top);
}

static val full_af(struct lift *t, const struct ir_insn *s)
{
	val low;

	switch (s->x) {
	case CC_ADD: case CC_ADC: case CC_SUB: case CC_SBB: case CC_CMP:
		low = lift_op2(t, IR_XOR, first_operand(t, s), s->b);
		return lift_bit(t, lift_op2(t, IR_XOR, low, result(t, s)), 4);
	case CC_INC_KEEP: case CC_DEC_KEEP:
		low = lift_op2k(t, IR_AND, s->a, 15);
		return lift_setcond(t, IC_EQ, low,
				    lift_like(t, low, s->x == CC_DEC_KEEP ? 15 : 0));
	default: return zero(t);
	}
}

static val full_pf(struct lift *t, const struct ir_insn *s)
{
	val r, p;

	if (s->x == CC_FCOM)
		return lift_op2(t, IR_AND, s->a, s->b);
	r = lift_trunc(t, result(t, s));
	p = lift_op2(t, IR_XOR, r, lift_op2k(t, IR_SHR, r, 4));
	p = lift_op2(t, IR_SHR, lift_const(t, 0x9669), lift_op2k(t, IR_AND, p, 15));
	return lift_bit(t, p, 0);
}

/* r == 0 and r < 0, or their opposites. */
static val result_zero(struct lift *t, const struct ir_insn *s, bool not)
{
	val r;

	if (s->x == CC_FCOM)
		return lift_setcond(t, not ? IC_EQ : IC_NE, s->b, zero(t));
	if (s->x == CC_CMP)
		return lift_setcond(t, not ? IC_NE : IC_EQ, lift_zx(t, s->a, size_of(s)),
				    lift_zx(t, s->b, size_of(s)));
	r = lift_zx(t, result(t, s), size_of(s));
	return lift_setcond(t, not ? IC_NE : IC_EQ, r, lift_like(t, r, 0));
}

static val result_sign(struct lift *t, const struct ir_insn *s, bool not)
{
	val r;

	if (s->x == CC_FCOM)
		return lift_const(t, not);
	r = lift_sx(t, result(t, s), size_of(s));

	return lift_setcond(t, not ? IC_GE : IC_LT, r, lift_like(t, r, 0));
}

static val flag(struct lift *t, val f, u32 which);

static val full_flag(struct lift *t, const struct ir_insn *s, u32 which)
{
	switch (which) {
	case FL_CF: return full_cf(t, s);
	case FL_OF: return full_of(t, s);
	case FL_AF: return full_af(t, s);
	case FL_PF: return full_pf(t, s);
	case FL_ZF: return result_zero(t, s, false);
	default: return result_sign(t, s, false);
	}
}

static val masked_flag(struct lift *t, const struct ir_insn *s, u32 which)
{
	unsigned n = __builtin_ctz(which);
	const struct ir_insn *mask = at(t, s->b);

	if (mask->op == IR_CONST)
		return mask->k & which ? lift_bit(t, s->a, n) : flag(t, s->k, which);
	return lift_select(t, lift_op2k(t, IR_AND, s->b, which), lift_bit(t, s->a, n),
			   flag(t, s->k, which));
}

/* Emitting moves the array's contents, never its place; s is copied all the same. */
static val flag(struct lift *t, val f, u32 which)
{
	struct ir_insn s = *at(t, f);

	if (!f && which == FL_CF && !t->entry_flags)
		return ir_emit(t->ir, (struct ir_insn){ .op = IR_ENTRYCF, .type = T_I32 });
	if (!f)
		return lift_bit(t, entry_flags(t), __builtin_ctz(which));
	if (s.x == CC_EFLAGS)
		return lift_bit(t, s.a, __builtin_ctz(which));
	if (s.x == CC_MASKED)
		return masked_flag(t, &s, which);
	if (s.x == CC_CARRY)
		return which == FL_CF ? lift_bit(t, s.a, 0) : flag(t, s.k, which);
	if ((keeps_carry(&s) && which == FL_CF) ||
	    (is_rotation(&s) && which != FL_CF && which != FL_OF))
		return flag(t, s.k, which);
	if (is_variable_shift(&s))
		return lift_select(t, lift_trunc(t, s.b), full_flag(t, &s, which),
				   flag(t, s.k, which));
	return full_flag(t, &s, which);
}

/* -- Conditions -- */

static val negate(struct lift *t, val v, bool not)
{
	return not ? lift_op2k(t, IR_XOR, v, 1) : v;
}

/* SUB and CMP compare their operands directly. */
static val compare(struct lift *t, const struct ir_insn *s, unsigned cond, bool not)
{
	unsigned size = size_of(s);
	bool is_signed = cond >= COND_L;
	val a = first_operand(t, s), b = s->b;

	a = is_signed ? lift_sx(t, a, size) : lift_zx(t, a, size);
	b = is_signed ? lift_sx(t, b, size) : lift_zx(t, b, size);
	switch (cond) {
	case COND_B: return lift_setcond(t, not ? IC_GEU : IC_LTU, a, b);
	case COND_BE: return lift_setcond(t, not ? IC_LTU : IC_GEU, b, a);
	case COND_L: return lift_setcond(t, not ? IC_GE : IC_LT, a, b);
	default: return lift_setcond(t, not ? IC_LT : IC_GE, b, a);
	}
}

/* With CF = OF = 0. */
static val logic(struct lift *t, const struct ir_insn *s, unsigned cond, bool not)
{
	val r;

	switch (cond) {
	case COND_O: case COND_B: return lift_const(t, not);
	case COND_BE: return result_zero(t, s, not);
	case COND_L: return result_sign(t, s, not);
	default:
		r = lift_sx(t, s->a, size_of(s));
		return lift_setcond(t, not ? IC_LT : IC_GE, lift_like(t, r, 0), r);
	}
}

static val composed(struct lift *t, val f, unsigned cond)
{
	val less;

	switch (cond) {
	case COND_O: return flag(t, f, FL_OF);
	case COND_B: return flag(t, f, FL_CF);
	case COND_E: return flag(t, f, FL_ZF);
	case COND_BE: return lift_op2(t, IR_OR, flag(t, f, FL_CF), flag(t, f, FL_ZF));
	case COND_S: return flag(t, f, FL_SF);
	case COND_P: return flag(t, f, FL_PF);
	}
	less = lift_op2(t, IR_XOR, flag(t, f, FL_SF), flag(t, f, FL_OF));
	return cond == COND_L ? less : lift_op2(t, IR_OR, less, flag(t, f, FL_ZF));
}

static bool result_kind(const struct ir_insn *s)
{
	return s->x != CC_EFLAGS && s->x != CC_MASKED && s->x != CC_CARRY &&
	       !is_variable_shift(s) && !is_rotation(s);
}

val lift_cc(struct lift *t, unsigned cond)
{
	val f = t->flags;
	struct ir_insn s = *at(t, f);
	bool not = cond & 1, known = f && result_kind(&s);

	cond &= ~1u;
	if (known && cond == COND_E)
		return result_zero(t, &s, not);
	if (known && cond == COND_S)
		return result_sign(t, &s, not);
	if (f && (s.x == CC_SUB || s.x == CC_CMP) && cond != COND_O && cond != COND_P)
		return compare(t, &s, cond, not);
	if (f && s.x == CC_LOGIC && cond != COND_P)
		return logic(t, &s, cond, not);
	return negate(t, composed(t, f, cond), not);
}

/* -- All six -- */

/* Which flags it changes, if that is known; else 0. */
static u32 changes(struct lift *t, const struct ir_insn *s)
{
	const struct ir_insn *mask = at(t, s->b);

	if (s->x == CC_CARRY)
		return FL_CF;
	return s->x == CC_MASKED && mask->op == IR_CONST ? (u32)mask->k : 0;
}

/* Those of s and, of the block's entry, the others. */
static val over_entry(struct lift *t, const struct ir_insn *s, u32 mask)
{
	val bits = lift_op2k(t, IR_AND, lift_trunc(t, s->a), mask);

	return lift_op2(t, IR_OR, lift_op2k(t, IR_AND, entry_flags(t), (s32)~mask), bits);
}

val lift_getf(struct lift *t)
{
	static const u32 each[] = { FL_CF, FL_PF, FL_AF, FL_ZF, FL_SF, FL_OF };
	val f = t->flags, bits = 0, one;
	u32 mask;

	if (!f)
		return entry_flags(t);
	if (at(t, f)->x == CC_EFLAGS)
		return at(t, f)->a;
	if (!at(t, f)->k && (mask = changes(t, at(t, f))))
		return over_entry(t, at(t, f), mask);
	for (unsigned i = 0; i < 6; i++) {
		one = flag(t, f, each[i]);
		if (i)
			one = lift_op2k(t, IR_SHL, one, __builtin_ctz(each[i]));
		bits = bits ? lift_op2(t, IR_OR, bits, one) : one;
	}
	return bits;
}

static bool full(struct lift *t, val f) { return !f || at(t, f)->x <= CC_LAST_FULL; }

/* What exits can put over a full state, besides an INC or DEC. */
static bool goes_over(const struct ir_insn *s)
{
	return is_variable_shift(s) || s->x == CC_CARRY;
}

/* What an INC or DEC, and all those right below it, keep CF of. */
static val below(struct lift *t, val f)
{
	while (f && keeps_carry(at(t, f)))
		f = (val)at(t, f)->k;
	return f;
}

bool lift_flags_ready(struct lift *t)
{
	const struct ir_insn *s = at(t, t->flags);

	return full(t, t->flags) || (goes_over(s) && full(t, (val)s->k)) ||
	       (keeps_carry(s) && full(t, below(t, t->flags)));
}

/* Of an INC or DEC s only the last one counts; it keeps CF of state `low`, nothing else. */
static void inc_over_carry(struct lift *t, const struct ir_insn *s, val low)
{
	lift_setf(t, CC_EFLAGS, 4, flag(t, low, FL_CF), 0, 0);
	lift_setf(t, s->x, size_of(s), s->a, 0, 0);
}

/* The state in force, turned into one that exits can put where it is pinned (cc.h). */
val lift_flags_full(struct lift *t)
{
	val f = t->flags;
	struct ir_insn s = *at(t, f), before;

	if (lift_flags_ready(t))
		return f;
	before = *at(t, (val)s.k);
	if (keeps_carry(&s))
		inc_over_carry(t, &s, below(t, f));
	else if (s.x == CC_CARRY && keeps_carry(&before))
		inc_over_carry(t, &before, f);
	else
		lift_setf(t, CC_EFLAGS, 4, lift_getf(t), 0, 0);
	return t->flags;
}
