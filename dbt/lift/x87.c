/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x87 data movement, arithmetic and comparison (SDM vol. 1, 5.2.1 … 5.2.5): one
 * call of the x87 unit (dbt/fp/x87.h) for each instruction. Not its control
 * (x87_control.c). Law: memory operands are read, and results are in memory,
 * before the call that changes the unit; a store whose exception forbids it
 * touches no memory.
 */
#include "dbt/lift/lift.h"

#include "kernel/panic.h"

/* ES is the sign of the status word's low byte. */
void lift_x87_wait(struct lift *t)
{
	val sw = lift_ldstate(t, offsetof(struct vcpu, x87.sw), M_S8, T_I32);

	_Static_assert(X87_SW_ES == 0x80, "the sign of a byte");
	lift_raise_if(t, IC_LT, sw, lift_const(t, 0), EXC_MF, -1);
}

/* -- The call -- */

/* The low three bits of the escape opcode, and ModR/M. No prefix looks like an escape opcode. */
static u64 opcode(const struct ir1 *i)
{
	unsigned n = 0;

	while ((i->bytes[n] & 0xf8) != 0xd8)
		n++;
	must(n + 1 < i->len);
	return (i->bytes[n] & 7u) << 8 | i->bytes[n + 1];
}

/* What the unit notes as last instruction and operand, and pop as store_done and fcom take it. */
static val at(struct lift *t, bool pop)
{
	const struct ir1_op *o = &t->i->ops[0];
	u64 seg = t->i->nops && o->kind == IR1_MEM ? o->seg : 0;
	bool relative = key_relocatable(t->key), wide = lift_long(t);
	u64 page = relative ? t->ir->guest[0].eip & ~0xfffull : 0;	/* the block's first */
	u64 eip = (u32)(t->i->eip - page);

	if (wide && !relative)
		lift_ststate(t, offsetof(struct vcpu, help[X87_HELP_RIP]), M_64,
			     lift_const64(t, (s64)t->i->eip));
	return lift_const64(t, (s64)(eip | opcode(t->i) << X87_AT_FOP | seg << X87_AT_SEG |
				     (u64)pop << X87_AT_POP | (u64)relative << X87_AT_RELATIVE |
				     (u64)wide << X87_AT_LONG | 1ull << X87_AT_THERE));
}

/*
 * lift.x87_noted: 0; or page and CS of the block's instructions are noted, and segment register
 * n - 1, if n is not X87_NOTED_PLACE.
 */
enum { X87_NOTED_PLACE = 16 };

/* The helper that notes no more of where this instruction and its operand are than it must. */
static unsigned noting(struct lift *t, unsigned helper)
{
	static const u16 again[HELPER_COUNT] = {
#define AGAIN(name) [HELPER_x87_##name] = HELPER_x87_##name##_again,
#include "dbt/ir/x87_again.def"
	};
	const struct ir1_op *o = &t->i->ops[0];
	bool mem = t->i->nops && o->kind == IR1_MEM;
	u8 was = t->x87_noted, now = mem ? (u8)(o->seg + 1) : was ? was : X87_NOTED_PLACE;

	t->x87_noted = now;
	return now == was && again[helper] ? again[helper] : helper;
}

static void call(struct lift *t, unsigned helper, val a, val b)
{
	lift_helper(t, noting(t, helper), T_NONE, a, b, at(t, false));
}

static void call_k(struct lift *t, unsigned helper, unsigned k)
{
	call(t, helper, lift_const(t, k), 0);
}

/* -- Memory operands -- */

/* Linear address of the operand; later accesses at it need no displacement. */
static val address(struct lift *t, bool write)
{
	s32 disp;
	val a = lift_mem_addr(t, &t->i->ops[0], t->i->ops[0].size, write, &disp);

	if (disp) {
		t->addr = a = lift_op2k(t, IR_ADD, a, disp);
		t->disp = 0;
	}
	return a;
}

static enum ir_mem signed_mem(unsigned size) { return size == 2 ? M_S16 : size == 4 ? M_32 : M_64; }

/* helper(operand, address): the bits of a float, or the integer sign-extended. */
static void call_mem(struct lift *t, unsigned helper, bool pop)
{
	val a = address(t, false);
	val v = lift_ld(t, a, 0, signed_mem(t->i->ops[0].size), T_I64, INTENT_READ);

	lift_helper(t, noting(t, helper), T_NONE, v, a, at(t, pop));
}

/* The same for ten bytes. */
static void call_mem80(struct lift *t, unsigned helper)
{
	val a = address(t, false);
	val lo = lift_ld(t, a, 0, M_64, T_I64, INTENT_READ);
	val hi = lift_ld(t, a, 8, M_U16, T_I64, INTENT_READ);

	lift_ststate(t, offsetof(struct vcpu, help[X87_HELP_HI]), M_64, hi);
	call(t, helper, lo, a);
}

static val result(struct lift *t, unsigned slot)
{
	return lift_ldstate(t, offsetof(struct vcpu, help) + slot * sizeof(u64), M_64, T_I64);
}

/*
 * helper(address, how) takes the value, or faults. If its exception forbids the store, it has done
 * all there is to do. Of ten bytes it has tried both pages, so that no half is written.
 */
static void store(struct lift *t, unsigned helper, unsigned how, bool pop)
{
	unsigned size = t->i->ops[0].size;
	val a;

	lift_x87_wait(t);
	a = address(t, true);
	how |= t->i->ops[0].seg == SS ? X87_STORE_BY_SS : 0;
	lift_helper_fault(t, helper, a, lift_const(t, how), at(t, pop));
	lift_exit_if(t, IC_NE, result(t, X87_HELP_BLOCKED), lift_const64(t, 0), t->next);
	lift_st(t, a, 0, size == 10 ? M_64 : lift_mem_of(size), result(t, X87_HELP_LO));
	if (size == 10)
		lift_st(t, a, 8, M_U16, result(t, X87_HELP_HI));
	lift_helper(t, noting(t, HELPER_x87_store_done), T_NONE, a, 0, at(t, pop));
}

/* -- Loads and stores -- */

static bool is_mem(const struct ir1 *i) { return i->ops[0].kind == IR1_MEM; }

void lift_fld(struct lift *t, const struct ir1 *i)
{
	lift_x87_wait(t);
	if (!is_mem(i))
		call_k(t, HELPER_x87_fld_st, i->ops[0].reg);
	else if (i->ops[0].size == 10)
		call_mem80(t, HELPER_x87_fld_f80);
	else
		call_mem(t, i->ops[0].size == 4 ? HELPER_x87_fld_f32 : HELPER_x87_fld_f64, false);
}

void lift_fild(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_x87_wait(t);
	call_mem(t, HELPER_x87_fild, false);
}

void lift_fbld(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_x87_wait(t);
	call_mem80(t, HELPER_x87_fbld);
}

void lift_fldconst(struct lift *t, const struct ir1 *i)
{
	static const u16 rows[] = {
		[X87_1] = X86_FLD1, [X87_L2T] = X86_FLDL2T, [X87_L2E] = X86_FLDL2E,
		[X87_PI] = X86_FLDPI, [X87_LG2] = X86_FLDLG2, [X87_LN2] = X86_FLDLN2,
		[X87_Z] = X86_FLDZ,
	};
	unsigned k = 0;

	while (rows[k] != i->op)
		k++;
	lift_x87_wait(t);
	call_k(t, HELPER_x87_fld_const, k);
}

/* Register forms: k is the register, and above it whether to pop. */
static void fst(struct lift *t, const struct ir1 *i, bool pop)
{
	if (is_mem(i)) {
		store(t, i->ops[0].size == 4 ? HELPER_x87_store_f32 : HELPER_x87_store_f64, 0, pop);
		return;
	}
	lift_x87_wait(t);
	call(t, HELPER_x87_fst_st, lift_const(t, i->ops[0].reg), lift_const(t, pop));
}

void lift_fst(struct lift *t, const struct ir1 *i) { fst(t, i, false); }

void lift_fstp(struct lift *t, const struct ir1 *i)
{
	if (is_mem(i) && i->ops[0].size == 10) {
		store(t, HELPER_x87_store_f80, 0, true);
	} else if (i->subop == 1) {
		lift_x87_wait(t);
		call_k(t, HELPER_x87_fstpnce, i->ops[0].reg);
	} else {
		fst(t, i, true);
	}
}

/* Argument of store_int: width in bits, bit 8: truncate. */
void lift_fist(struct lift *t, const struct ir1 *i)
{
	store(t, HELPER_x87_store_int, i->ops[0].size * 8, false);
}

void lift_fistp(struct lift *t, const struct ir1 *i)
{
	store(t, HELPER_x87_store_int, i->ops[0].size * 8, true);
}

void lift_fisttp(struct lift *t, const struct ir1 *i)
{
	store(t, HELPER_x87_store_int, i->ops[0].size * 8 | 0x100, true);
}

void lift_fbstp(struct lift *t, const struct ir1 *i)
{
	(void)i;
	store(t, HELPER_x87_store_bcd, 0, true);
}

void lift_fxch(struct lift *t, const struct ir1 *i)
{
	lift_x87_wait(t);
	call_k(t, HELPER_x87_fxch, i->ops[0].reg);
}

void lift_ffree(struct lift *t, const struct ir1 *i)
{
	lift_x87_wait(t);
	call_k(t, HELPER_x87_ffree, i->ops[0].reg);
}

void lift_ffreep(struct lift *t, const struct ir1 *i)
{
	lift_x87_wait(t);
	call_k(t, HELPER_x87_ffreep, i->ops[0].reg);
}

/* The condition is in the flags as they are; the instruction changes none. */
void lift_fcmovcc(struct lift *t, const struct ir1 *i)
{
	lift_x87_wait(t);
	call(t, HELPER_x87_fcmov, lift_const(t, i->ops[1].reg), lift_cc(t, i->cond));
}

/* -- Arithmetic -- */

enum { ST0, STI, STP, F32, F64, INT };	/* forms, in the order of helpers.def */

static unsigned arith(unsigned op, unsigned form)
{
	static const struct { u16 plain, pop, integer, helper; } rows[] = {
		{ X86_FADD, X86_FADDP, X86_FIADD, HELPER_x87_fadd_st0 },
		{ X86_FMUL, X86_FMULP, X86_FIMUL, HELPER_x87_fmul_st0 },
		{ X86_FSUB, X86_FSUBP, X86_FISUB, HELPER_x87_fsub_st0 },
		{ X86_FSUBR, X86_FSUBRP, X86_FISUBR, HELPER_x87_fsubr_st0 },
		{ X86_FDIV, X86_FDIVP, X86_FIDIV, HELPER_x87_fdiv_st0 },
		{ X86_FDIVR, X86_FDIVRP, X86_FIDIVR, HELPER_x87_fdivr_st0 },
	};

	for (unsigned n = 0; n < sizeof(rows) / sizeof(rows[0]); n++)
		if (op == rows[n].plain || op == rows[n].pop || op == rows[n].integer)
			return rows[n].helper + form;
	panic("x87: op %u is no arithmetic", op);
}

void lift_farith(struct lift *t, const struct ir1 *i)
{
	lift_x87_wait(t);
	if (is_mem(i))
		call_mem(t, arith(i->op, i->ops[0].size == 4 ? F32 : F64), false);
	else if (i->ops[0].reg == 0)
		call_k(t, arith(i->op, ST0), i->ops[1].reg);
	else
		call_k(t, arith(i->op, STI), i->ops[0].reg);
}

void lift_farith_pop(struct lift *t, const struct ir1 *i)
{
	lift_x87_wait(t);
	call_k(t, arith(i->op, STP), i->ops[0].reg);
}

void lift_farith_int(struct lift *t, const struct ir1 *i)
{
	lift_x87_wait(t);
	call_mem(t, arith(i->op, INT), false);
}

static void unary(struct lift *t, unsigned helper)
{
	lift_x87_wait(t);
	call(t, helper, 0, 0);
}

#define UNARY(name) \
	void lift_##name(struct lift *t, const struct ir1 *i) \
	{ \
		(void)i; \
		unary(t, HELPER_x87_##name); \
	}
UNARY(fnop)
UNARY(fincstp)
UNARY(fdecstp)
UNARY(ftst)
UNARY(fxam)
UNARY(fchs)
UNARY(fabs)
UNARY(fsqrt)
UNARY(frndint)
UNARY(fscale)
UNARY(fprem)
UNARY(fprem1)
UNARY(fxtract)

void lift_ftrans(struct lift *t, const struct ir1 *i)
{
	switch (i->op) {
	case X86_F2XM1: unary(t, HELPER_x87_f2xm1); return;
	case X86_FYL2X: unary(t, HELPER_x87_fyl2x); return;
	case X86_FYL2XP1: unary(t, HELPER_x87_fyl2xp1); return;
	case X86_FPTAN: unary(t, HELPER_x87_fptan); return;
	case X86_FPATAN: unary(t, HELPER_x87_fpatan); return;
	case X86_FSIN: unary(t, HELPER_x87_fsin); return;
	case X86_FCOS: unary(t, HELPER_x87_fcos); return;
	case X86_FSINCOS: unary(t, HELPER_x87_fsincos); return;
	}
	panic("x87: op %u is no function", i->op);
}

/* -- Comparison -- */

static unsigned pops(unsigned op)
{
	switch (op) {
	case X86_FCOMP: case X86_FUCOMP: case X86_FICOMP: case X86_FCOMIP: case X86_FUCOMIP:
		return 1;
	case X86_FCOMPP: case X86_FUCOMPP:
		return 2;
	}
	return 0;
}

static bool quiet(unsigned op)
{
	return op == X86_FUCOM || op == X86_FUCOMP || op == X86_FUCOMPP || op == X86_FUCOMI ||
	       op == X86_FUCOMIP;
}

/* Second argument of the register forms: the pops, bit 8: quiet. */
static val compare_how(struct lift *t, unsigned op)
{
	return lift_const(t, pops(op) | (quiet(op) ? 0x100 : 0));
}

/* FCOMPP and FUCOMPP have no operand: they compare with ST(1). */
void lift_fcom(struct lift *t, const struct ir1 *i)
{
	unsigned reg = i->nops ? i->ops[0].reg : 1;

	lift_x87_wait(t);
	if (i->nops && is_mem(i))
		call_mem(t, i->ops[0].size == 4 ? HELPER_x87_fcom_f32 : HELPER_x87_fcom_f64,
			 pops(i->op));
	else
		call(t, HELPER_x87_fcom_st, lift_const(t, reg), compare_how(t, i->op));
}

void lift_fcom_int(struct lift *t, const struct ir1 *i)
{
	lift_x87_wait(t);
	call_mem(t, HELPER_x87_fcom_int, pops(i->op));
}

void lift_fcomi(struct lift *t, const struct ir1 *i)
{
	val f;

	lift_x87_wait(t);
	f = lift_helper(t, HELPER_x87_fcomi, T_I32, lift_const(t, i->ops[1].reg),
			compare_how(t, i->op), at(t, false));
	lift_flags_mask(t, f, FL_ARITH);
}
