/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 32-bit operations of 64-bit code: a general register has 64 bits, an I32 value is sign-extended
 * in its host register, and the IR converts between the two. Conversions whose result nobody can
 * tell from what they convert are left out here, and loads extend as it is wanted. From here on an
 * operand of an operation that looks at low halves only may have either type, and anything above.
 * Not here: other code, whose registers are I32 themselves.
 * Law: what looks at the upper half of an I32 gets a sign-extended one.
 */
#include "dbt/backend/lower.h"

#include "dbt/backend/host_limits.h"
#include "dbt/ir/vec.h"
#include "dbt/x86/cc.h"

enum { AS_SIGN = 1, AS_EITHER = 2 };

/* In place of a number of bits: all 32, extended by their sign or by zeros. */
#define EITHER 33

static bool is_shift(unsigned op)
{
	return op == IR_SHL || op == IR_SHR || op == IR_SAR || op == IR_ROTR;
}

/* Is it below 2^31, as what is truncated may not be? */
static bool is_positive_word(s64 k) { return k >= 0 && k <= 0x7fffffff; }

static bool mask_of_low_bits(const struct ir *ir, const struct ir_insn *in)
{
	return in->op == IR_AND && ir_is_const(ir, in->b) && is_positive_word(ir->v[in->b].k);
}

/* So many low bits of operand p (0: a …) of a SETF are looked at. */
static unsigned flag_bits(const struct ir_insn *in, unsigned p)
{
	bool both = in->x == CC_ADD || in->x == CC_SUB || in->x == CC_CMP || in->x == CC_ADC ||
		    in->x == CC_SBB;
	bool first = both || in->x == CC_LOGIC || in->x == CC_INC_KEEP || in->x == CC_DEC_KEEP ||
		     in->x == CC_SHL || in->x == CC_SHR || in->x == CC_SAR || in->x == CC_SHLV ||
		     in->x == CC_SHRV || in->x == CC_SARV || in->x == CC_ROL ||
		     in->x == CC_ROR;

	return (p == 0 && first) || (p == 1 && both) ? 8u << in->y : 64;
}

/* Of an operation between I32 values, whose result's upper half is looked at or not. */
static unsigned word_bits(const struct emit *e, const struct ir_insn *in, unsigned p, bool upper)
{
	switch (in->op) {
	case IR_AND: case IR_OR: case IR_XOR:
		return upper && !mask_of_low_bits(e->ir, in) ? 64 : 32;
	case IR_SELECT:
		return upper || !p ? 64 : 32;
	case IR_EXTRACT: case IR_DEPOSIT:
		return 32;
	case IR_ADD: case IR_SUB: case IR_MUL: case IR_MULHU: case IR_MULHS: case IR_CLZ:
	case IR_CTZ: case IR_BSWAP: case IR_CRC:
		return HOST_LOW_HALVES ? 32 : 64;
	}
	return is_shift(in->op) && HOST_LOW_HALVES ? 32 : 64;
}

/* The same of a vector row: an I32 goes into lanes of 32 bits at most. */
static unsigned vec_bits(const struct ir_insn *in, unsigned p)
{
	unsigned shape = vec_info[in->k].shape;

	return (shape == VSH_FROMI && p == 0) || (shape == VSH_INS && p == 1) ? 32 : 64;
}

/*
 * What is compared with a constant that is not negative, as an unsigned number: the answer is the
 * same for both extensions.
 */
static bool compares_either(const struct ir *ir, const struct ir_insn *in)
{
	const struct ir_insn *b = &ir->v[in->b];

	return in->x != IC_LT && in->x != IC_GE && ir->v[in->a].type == T_I32 &&
	       b->op == IR_CONST && b->k >= 0;
}

/* So many low bits of operand p of instruction i are looked at, or EITHER. */
static unsigned bits_of(const struct emit *e, unsigned i, unsigned p)
{
	const struct ir_insn *in = &e->ir->v[i];

	switch (in->op) {
	case IR_TRUNC: return 32;
	case IR_ZEXT: case IR_SEXT: return (unsigned)in->k;
	case IR_SETF: return flag_bits(in, p);
	case IR_ST: return p == 1 ? 8 * ir_mem_size(in->x) : 64;
	case IR_STSTATE: return 8 * ir_mem_size(in->x);
	case IR_SETCOND: case IR_EXIT_IF: case IR_LEAVE_IF: case IR_RAISE_IF:
		return p == 0 && compares_either(e->ir, in) ? EITHER : 64;
	case IR_VEC: return vec_bits(in, p);
	case IR_DEPOSIT:
		if (in->type == T_I64)
			return p == 1 ? in->y : 64;
	}
	return in->type == T_I32 ? word_bits(e, in, p, e->half[i].upper) : 64;
}

static u8 as_of(unsigned bits) { return bits == EITHER ? AS_EITHER : bits > 32 ? AS_SIGN : 0; }

/* bits_of must be asked: of what gives an I32, and of any of these. */
#define WORDS (IR_SET(AND) | IR_SET(OR) | IR_SET(XOR) | IR_SET(SELECT) | IR_SET(EXTRACT) |	\
	       IR_SET(ADD) | IR_SET(SUB) | IR_SET(MUL) | IR_SET(MULHU) | IR_SET(MULHS) |	\
	       IR_SET(CLZ) | IR_SET(CTZ) | IR_SET(BSWAP) | IR_SET(CRC) | IR_SET(SHL) |	\
	       IR_SET(SHR) | IR_SET(SAR) | IR_SET(ROTR))
#define PARTS (IR_SET(TRUNC) | IR_SET(ZEXT) | IR_SET(SEXT) | IR_SET(SETF) | IR_SET(ST) |	\
	       IR_SET(STSTATE) | IR_SET(SETCOND) | IR_SET(EXIT_IF) | IR_SET(LEAVE_IF) |	\
	       IR_SET(RAISE_IF) | IR_SET(VEC) | IR_SET(DEPOSIT))
/* These look at 32 bits at most. */
#define LOW (IR_SET(TRUNC) | IR_SET(ZEXT) | IR_SET(SEXT))

static inline bool looks_at_all(const struct ir_insn *in)
{
	return !ir_in(PARTS, in) && (in->type != T_I32 || !ir_in(WORDS, in));
}

static void find_upper(struct emit *e)
{
	const struct ir_insn *const v = e->ir->v;
	struct half *const half = e->half;

	for (unsigned i = e->ir->n; i-- > 1;) {
		const struct ir_insn *in = &v[i];

		if (ir_in(ir_ops_without_operands | LOW, in))
			continue;
		if (looks_at_all(in)) {
			half[in->a].upper |= AS_SIGN;
			half[in->b].upper |= AS_SIGN;
			half[in->c].upper |= AS_SIGN;
			continue;
		}
		half[in->a].upper |= as_of(bits_of(e, i, 0));
		if (in->b)
			half[in->b].upper |= as_of(bits_of(e, i, 1));
		if (in->c)
			half[in->c].upper |= as_of(bits_of(e, i, 2));
	}
}

/* An I64 below 2^32. */
static bool is_zero_above(const struct ir *ir, val v)
{
	const struct ir_insn *in = &ir->v[v];

	switch (in->op) {
	case IR_LD: case IR_LDSTATE: return in->x == M_U32;
	case IR_SHR:
		return in->type == T_I64 && ir_is_const(ir, in->b) && (ir->v[in->b].k & 63) >= 32;
	}
	return false;
}

/* Does the row give an I32 of 16 bits at most? */
static bool is_small(s64 row)
{
	switch (row) {
	case VEC_MASK_B: case VEC_MASK_W: case VEC_MASK_D: case VEC_LANE_B: case VEC_LANE_H:
	case VEC_ZERO: case VEC_COMI_LTS_SS: case VEC_COMI_LTS_SD: case VEC_COMI_LT_SS:
	case VEC_COMI_LT_SD: case VEC_COMI_EQ_SS: case VEC_COMI_EQ_SD:
		return true;
	}
	return false;
}

/* Below 2^31: sign- and zero-extended are the same. */
static bool is_positive(const struct ir *ir, val v)
{
	const struct ir_insn *in = &ir->v[v];

	switch (in->op) {
	case IR_CONST: return is_positive_word(in->k);
	case IR_LD: case IR_LDSTATE: return in->x == M_U8 || in->x == M_U16;
	case IR_SETCOND: return true;
	case IR_VEC: return is_small(in->k);
	case IR_EXTRACT: return in->y < 32;
	case IR_ZEXT: return in->k < 32;
	case IR_AND: return mask_of_low_bits(ir, in);
	case IR_SHR: return in->type == T_I32 && ir_is_const(ir, in->b) && ir->v[in->b].k & 31;
	}
	return false;
}

static bool is_logic(const struct ir_insn *in)
{
	return in->type == T_I32 && (in->op == IR_AND || in->op == IR_OR || in->op == IR_XOR);
}

/* Are there zeros above the low half of v, an operand as it is now? */
static bool has_zeros(const struct ir *ir, val v)
{
	const struct ir_insn *in = &ir->v[v];

	return (in->op == IR_ZEXT && in->type == T_I64) || is_zero_above(ir, v) ||
	       is_positive(ir, v);
}

/* Whose operands have zeros above them, an I32 whose own upper half nobody looks at. */
static bool keeps_zeros(const struct ir *ir, const struct ir_insn *in)
{
	bool a, b;

	if (!is_logic(in))
		return false;
	a = has_zeros(ir, in->a);
	b = has_zeros(ir, in->b);
	return in->op == IR_AND ? a || b : a && b;
}

/* The low n bits of v without conversions. */
static val root(const struct emit *e, val v, unsigned n)
{
	for (;;) {
		const struct ir_insn *in = &e->ir->v[v];

		if (in->op != IR_TRUNC &&
		    !((in->op == IR_ZEXT || in->op == IR_SEXT) && in->k >= n))
			return v;
		v = e->half[in->a].alias;
	}
}

/* A value whose low n bits are v's: one that is in a guest's register anyway, if there is one. */
static val low(const struct emit *e, val v, unsigned n)
{
	val r;

	v = e->half[v].alias;
	if (n > EITHER)
		return v;
	r = root(e, v, n < 32 ? n : 32);
	if (n == EITHER)
		return e->half[r].zext ? e->half[r].zext : v;
	return e->half[r].zext ? e->half[r].zext : r;
}

static void stand_for(struct emit *e, unsigned i, val v)
{
	e->half[i].alias = v;
	e->ir->v[i] = (struct ir_insn){ .op = IR_NOP, .guest = e->ir->v[i].guest };
}

/* The 64 bits of a general register from an I32. */
static void extension(struct emit *e, unsigned i)
{
	struct ir_insn *in = &e->ir->v[i], *of;

	in->a = root(e, e->half[in->a].alias, 32);
	of = &e->ir->v[in->a];
	if (e->half[in->a].zext) {
		stand_for(e, i, e->half[in->a].zext);
	} else if (is_positive(e->ir, in->a) || is_zero_above(e->ir, in->a)) {
		stand_for(e, i, in->a);
	} else if (!(e->half[in->a].upper & AS_SIGN) && keeps_zeros(e->ir, of)) {
		stand_for(e, i, in->a);
	} else if (of->op == IR_LD && of->x == M_32 && of->type == T_I32 &&
		   !(e->half[in->a].upper & AS_SIGN)) {
		of->x = M_U32;
		stand_for(e, i, in->a);
	} else {
		e->half[in->a].zext = (u16)i;
	}
}

/* Operands become what stands for them. */
static void operands(struct emit *e, struct ir_insn *in, unsigned i)
{
	const struct half *half = e->half;

	if (looks_at_all(in)) {
		in->a = half[in->a].alias;
		in->b = half[in->b].alias;
		in->c = half[in->c].alias;
		return;
	}
	if (in->a)
		in->a = low(e, in->a, bits_of(e, i, 0));
	if (in->b)
		in->b = low(e, in->b, bits_of(e, i, 1));
	if (in->c)
		in->c = low(e, in->c, bits_of(e, i, 2));
}

void halves_find(struct emit *e)
{
	struct ir_insn *const v = e->ir->v;
	const unsigned n = e->ir->n;

	if (!e->wide)
		return;
	emit_clear(e->half, n * sizeof(e->half[0]));
	find_upper(e);
	for (unsigned i = 1; i < n; i++) {
		struct ir_insn *in = &v[i];

		e->half[i].alias = (u16)i;
		if (ir_in(ir_ops_without_operands, in))
			continue;
		if (in->op == IR_ZEXT && in->type == T_I64 && in->k == 32)
			extension(e, i);
		else
			operands(e, in, i);
	}
}
