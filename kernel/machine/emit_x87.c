/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The leaves of x87 helpers (dbt/ir/leaves.def) on the machine: each on random states of the unit,
 * beside the C helper. Not a test of the arithmetic, which is natively compared with a CPU's.
 */
#include "kernel/machine/emit_test.h"

#include "dbt/ir/helpers.h"
#include "kernel/machine/emit_block.h"

#include <string.h>

#define ROUNDS 12000

enum { AT = 6 };		/* vcpu.help: where the third argument comes from */

static bool one_in(unsigned n) { return next_random() % n == 0; }

/* Exponents are near each other as a rule, so that sums meet. */
static u16 random_exponent(void)
{
	static const u16 some[] = { 0, 1, 2, 0x3fff, 0x7ffc, 0x7ffd, 0x7ffe, 0x7fff };

	return one_in(8) ? some[next_random() & 7] : (u16)(0x3fff - 40 + next_random() % 80);
}

/* All sorts of significands: long, short, of ones, near a rounding's edge. */
static u64 random_bits(void)
{
	u64 r = next_random();

	switch (next_random() & 3) {
	case 0: return r & ~0ull << (next_random() & 63);
	case 1: return r | ~0ull >> (next_random() & 63);
	case 2: return 1ull << (r & 63) | r >> 60;
	}
	return r;
}

static struct f80 random_f80(void)
{
	u64 m = random_bits();

	return (struct f80){ one_in(16) ? m : m | 1ull << 63,
			     (u16)(random_exponent() | (next_random() & 1) << 15) };
}

static u64 random_operand(unsigned helper)
{
	u64 f = random_bits();

	switch (helper) {
	case HELPER_x87_fadd_f64: case HELPER_x87_fsub_f64: case HELPER_x87_fsubr_f64:
	case HELPER_x87_fmul_f64: case HELPER_x87_fld_f64:
		if (one_in(8))
			return f;
		return (f & 0x800fffffffffffff) | (1023 - 30 + next_random() % 60) << 52;
	case HELPER_x87_fadd_f32: case HELPER_x87_fsub_f32: case HELPER_x87_fsubr_f32:
	case HELPER_x87_fmul_f32: case HELPER_x87_fld_f32:
		if (one_in(8))
			return (u64)(s32)f;
		return (u64)(s32)((f & 0x807fffff) | (127 - 30 + next_random() % 60) << 23);
	case HELPER_x87_fld_const:
		return next_random() % 7;
	}
	return next_random() & 7;
}

static bool stores(unsigned helper)
{
	return helper == HELPER_x87_store_f32 || helper == HELPER_x87_store_f64;
}

static bool again(unsigned helper)
{
	switch (helper) {
#define AGAIN(name) case HELPER_x87_##name##_again:
#include "dbt/ir/x87_again.def"
		return true;
	}
	return false;
}

/* The one without `again`. */
static unsigned first_of(unsigned helper)
{
	switch (helper) {
#define AGAIN(name) case HELPER_x87_##name##_again: return HELPER_x87_##name;
#include "dbt/ir/x87_again.def"
	}
	return helper;
}

/* A blocked store would try guest memory: there is none. */
static void random_unit(unsigned helper)
{
	struct vcpu *c = cpu();
	struct x87 *x = &c->x87;

	for (unsigned n = 0; n < 8; n++)
		x->r[n] = random_f80();
	x->cw = one_in(4) ? (u16)(next_random() & 0xf3f) | 0x40 : 0x37f;
	if (stores(helper))
		x->cw |= 0x3f;
	x->sw = (u16)next_random() & 0x7f7f;
	if (x->sw & ~x->cw & FP_EXC)
		x->sw |= X87_SW_ES | X87_SW_B;
	x->valid = one_in(3) ? next_random() & 0xff : 0x7e;
	x->valid = one_in(4) ? (u16)(x->valid << (x->sw >> 11 & 7)) & 0xff : x->valid;
	x->mark = 0;
	x87_fldcw(x, x->cw);		/* now it knows of its registers what they are */
	if (one_in(4))
		x->valid &= (u16)next_random() | 0xff;
	for (unsigned n = 0; n < SREG_COUNT; n++) {
		c->seg[n].base = next_random() & 0xfffff000;
		c->seg[n].sel = (u16)next_random();
		c->seg[n].attr = SEG_P | SEG_S;
	}
	c->help[0] = random_operand(first_of(helper));
	c->help[1] = first_of(helper) == HELPER_x87_fst_st ? next_random() & 1 : (u32)next_random();
	c->help[2] = next_random() & (FP_EXC | FP_C1);
	c->help[AT] = (u32)next_random() | (next_random() % 0x800) << X87_AT_FOP |
		      (next_random() % 6) << X87_AT_SEG | (next_random() & 1) << X87_AT_POP |
		      (next_random() & 1) << X87_AT_RELATIVE | 1ull << X87_AT_THERE |
		      (u64)t.wide << X87_AT_LONG;
	if (again(helper)) {
		c->noted.page = vcpu_page_of(EIP);
		c->noted.data = c->seg[c->help[AT] >> X87_AT_SEG & 7];
		c->noted.linear = next_random() & 1;
		x->fcs = c->seg[CS].sel;
	}
}

static val from_help(unsigned n)
{
	return put((struct ir_insn){ .op = IR_LDSTATE, .type = T_I64, .x = M_64,
				     .k = help_field(n) });
}

/* What the C helper knows of registers is true. */
static bool marks_right(const struct x87 *x)
{
	for (unsigned n = 0; n < 8; n++)
		if (x->valid >> (8 + n) & 1 &&
		    !(x->valid >> n & 1 && x->r[n].mant >> 63 &&
		      (x->r[n].se & 0x7fffu) - 1 < 0x7ffe && (x->cw & 0xf20) == 0x320))
			return false;
	return true;
}

static bool test_helper(unsigned helper, const char *name)
{
	val a, b, at;

	block_begin();
	a = from_help(0);
	b = from_help(1);
	at = from_help(AT);
	put((struct ir_insn){ .op = IR_HELPER, .x = 1, .a = a, .b = b, .c = at, .k = helper });
	block_end(0, NEXT);
	for (unsigned n = 0; n < ROUNDS; n++) {
		operands_set(0, 0);
		random_unit(helper);
		if (!(n ? check_again : check)(name, n, (s64)cpu()->help[0], (s64)cpu()->help[1]))
			return false;
		if (!marks_right(&t.want.x87))
			return verdict("marks", name, n, (s64)cpu()->help[0], 0);
	}
	return true;
}

bool emit_test_x87(void)
{
	static const struct { u16 helper; const char *name; } leaves[] = {
#define LEAF(name)
#define LEAF_OF(name)
#define LEAF_OF_X87(name) { HELPER_##name, #name },
#include "dbt/ir/leaves.def"
	};

	for (unsigned n = 0; n < ARRAY_LEN(leaves); n++)
		if (!test_helper(leaves[n].helper, leaves[n].name))
			return false;
	return true;
}
