/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lowering of integer operations. I32 values are sign-extended in host registers, as word
 * instructions leave them and want them; AND, OR and XOR keep that by themselves.
 */
#include "dbt/backend/mips64/lower.h"

#include "dbt/backend/uses.h"
#include "kernel/panic.h"

/* Register forms by operation, for I32 and I64: d = s op t. */
static const emit_r3 reg_form[IR_OP_COUNT][2] = {
	[IR_ADD] = { mi_addu, mi_daddu }, [IR_SUB] = { mi_subu, mi_dsubu },
	[IR_MUL] = { mi_mul, NULL },
	[IR_AND] = { mi_and, mi_and }, [IR_OR] = { mi_or, mi_or }, [IR_XOR] = { mi_xor, mi_xor },
	[IR_SHL] = { mi_sllv, mi_dsllv }, [IR_SHR] = { mi_srlv, mi_dsrlv },
	[IR_SAR] = { mi_srav, mi_dsrav }, [IR_ROTR] = { mi_rotrv, mi_drotrv },
};

/* Those whose result comes out of HI or LO. */
static void divide_u(struct code *c, int a, int b) { mi_divu(c, 0, a, b); }
static void divide_s(struct code *c, int a, int b) { mi_div(c, 0, a, b); }
static void divide_ud(struct code *c, int a, int b) { mi_ddivu(c, 0, a, b); }
static void divide_sd(struct code *c, int a, int b) { mi_ddiv(c, 0, a, b); }

static const struct { emit_r2 emit[2]; bool hi; } hilo_form[IR_OP_COUNT] = {
	[IR_MUL] = { { NULL, mi_dmult }, false },
	[IR_MULHU] = { { mi_multu, mi_dmultu }, true },
	[IR_MULHS] = { { mi_mult, mi_dmult }, true },
	[IR_DIVU] = { { divide_u, divide_ud }, false },
	[IR_DIVS] = { { divide_s, divide_sd }, false },
	[IR_REMU] = { { divide_u, divide_ud }, true },
	[IR_REMS] = { { divide_s, divide_sd }, true },
};

static void shift_imm(struct code *c, unsigned op, bool is64, int d, int a, unsigned n)
{
	switch (op) {
	case IR_SHL: is64 ? mi_dsll(c, d, a, n) : mi_sll(c, d, a, n); return;
	case IR_SHR: is64 ? mi_dsrl(c, d, a, n) : mi_srl(c, d, a, n); return;
	case IR_SAR: is64 ? mi_dsra(c, d, a, n) : mi_sra(c, d, a, n); return;
	case IR_ROTR: is64 ? mi_drotr(c, d, a, n) : mi_rotr(c, d, a, n); return;
	}
	panic("alu: shift %u", op);
}

/* Does the operation take this constant as an immediate? */
static bool takes_imm(unsigned op, s64 k)
{
	switch (op) {
	case IR_ADD: return mi_ok_si16(k);
	case IR_SUB: return mi_ok_si16(-k);
	case IR_AND: case IR_OR: case IR_XOR: return mi_ok_ui16(k);
	case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROTR: return true;
	}
	return false;
}

static void imm_form(struct code *c, unsigned op, bool is64, int d, int a, s64 k)
{
	switch (op) {
	case IR_SUB: k = -k; /* fall through */
	case IR_ADD: is64 ? mi_daddiu(c, d, a, k) : mi_addiu(c, d, a, k); return;
	case IR_AND: mi_andi(c, d, a, k); return;
	case IR_OR: mi_ori(c, d, a, k); return;
	case IR_XOR: mi_xori(c, d, a, k); return;
	}
	shift_imm(c, op, is64, d, a, k & (is64 ? 63 : 31));
}

/* -- Folds -- */

/* ADD of a value shifted left by 1 … 4 that nobody else wants: one lsa (of MSA). */
void host_find_folds(struct emit *e)
{
	struct ir_insn *const v = e->ir->v;
	const unsigned n = e->ir->n;

	for (unsigned i = 1; i < n; i++) {
		struct ir_insn *in = &v[i], *shl;

		if (in->op == IR_TRUNC)
			uses_fold_upper(e, i);
		if (in->op != IR_ADD || !e->of[i].uses || in->type != T_I32)
			continue;
		if (v[in->b].op == IR_SHL) {
			val t = in->a;

			in->a = in->b;
			in->b = t;
		}
		shl = &v[in->a];
		if (shl->op != IR_SHL || e->of[in->a].uses != 1 ||
		    v[shl->b].op != IR_CONST || !mi_ok_lsl(v[shl->b].k))
			continue;
		e->of[in->a].folded = true;
		if (e->of[shl->a].last_use < i)
			e->of[shl->a].last_use = i;
	}
}

static void lower_lsa(struct emit *e, const struct ir_insn *in)
{
	const struct ir_insn *shl = &e->ir->v[in->a];
	int a = ra_use(e, shl->a), b = ra_use(e, in->b);

	mi_lsa(&e->c, ra_def(e, e->i), a, b, e->ir->v[shl->b].k);
}

/* -- One operation each -- */

static bool commutes(unsigned op)
{
	return op == IR_ADD || op == IR_AND || op == IR_OR || op == IR_XOR;
}

static void lower_registers(struct emit *e, const struct ir_insn *in, int a, int b)
{
	bool is64 = in->type == T_I64;

	int d;

	if (reg_form[in->op][is64]) {
		reg_form[in->op][is64](&e->c, ra_def(e, e->i), a, b);
		return;
	}
	hilo_form[in->op].emit[is64](&e->c, a, b);
	d = ra_def(e, e->i);
	hilo_form[in->op].hi ? mi_mfhi(&e->c, d) : mi_mflo(&e->c, d);
}

static void lower_binary(struct emit *e, const struct ir_insn *in)
{
	bool is64 = in->type == T_I64;
	val va = in->a, vb = in->b;
	int a;
	s64 k;

	if (in->op == IR_ADD && e->of[va].folded) {
		lower_lsa(e, in);
		return;
	}
	if (ra_const(e, va, &k) && commutes(in->op)) {
		va = in->b;
		vb = in->a;
	}
	a = ra_use(e, va);
	if (ra_const(e, vb, &k) && takes_imm(in->op, k)) {
		imm_form(&e->c, in->op, is64, ra_def(e, e->i), a, k);
		return;
	}
	if (in->op == IR_XOR && ra_const(e, vb, &k) && k == -1) {
		mi_nor(&e->c, ra_def(e, e->i), a, R_ZERO);
		return;
	}
	lower_registers(e, in, a, ra_use(e, vb));
}

/* The width less the leading zeros of what is below the lowest one: ~a & (a - 1). */
static void count_trailing(struct code *c, bool is64, int d, int a)
{
	mi_nor(c, R_RA, a, R_ZERO);
	is64 ? mi_daddiu(c, R_AT, a, -1) : mi_addiu(c, R_AT, a, -1);
	mi_and(c, R_AT, R_AT, R_RA);
	is64 ? mi_dclz(c, R_AT, R_AT) : mi_clz(c, R_AT, R_AT);
	mi_addiu(c, d, R_ZERO, is64 ? 64 : 32);
	mi_subu(c, d, d, R_AT);
}

/* Word instructions want a sign-extended operand: an I64 is shifted up and down. */
static void sign_extension(struct code *c, bool from64, int d, int a, unsigned width)
{
	if (width == 32) {
		mi_sll(c, d, a, 0);
	} else if (from64) {
		mi_dsll(c, d, a, 64 - width);
		mi_dsra(c, d, d, 64 - width);
	} else if (width == 8) {
		mi_seb(c, d, a);
	} else {
		mi_seh(c, d, a);
	}
}

static void zero_extension(struct code *c, int d, int a, unsigned width)
{
	if (width <= 16)
		mi_andi(c, d, a, (1 << width) - 1);
	else
		mi_dext(c, d, a, 0, width);
}

static void byte_swap(struct code *c, bool is64, int d, int a)
{
	if (is64) {
		mi_dsbh(c, d, a);
		mi_dshd(c, d, d);
	} else {
		mi_wsbh(c, d, a);
		mi_rotr(c, d, d, 16);
	}
}

/* The low half, or the upper one of what a shift that is folded takes. */
static void lower_trunc(struct emit *e, const struct ir_insn *in)
{
	int a = ra_use(e, e->of[in->a].folded ? e->ir->v[in->a].a : in->a);

	if (e->of[in->a].folded)
		mi_dsra(&e->c, ra_def(e, e->i), a, 32);
	else
		mi_sll(&e->c, ra_def(e, e->i), a, 0);
}

static void lower_unary(struct emit *e, const struct ir_insn *in)
{
	bool is64 = in->type == T_I64, from64 = e->ir->v[in->a].type == T_I64;
	int a = ra_use(e, in->a), d = ra_def(e, e->i);
	struct code *c = &e->c;

	switch (in->op) {
	case IR_CLZ: is64 ? mi_dclz(c, d, a) : mi_clz(c, d, a); return;
	case IR_CTZ: count_trailing(c, is64, d, a); return;
	case IR_BSWAP: byte_swap(c, is64, d, a); return;
	case IR_SEXT: sign_extension(c, from64, d, a, in->k); return;
	case IR_EXTRACT:
		if (in->y == 64 || (in->y == 32 && !is64))
			mi_or(c, d, a, R_ZERO);
		else
			mi_dext(c, d, a, in->x, in->y);
		return;
	case IR_ZEXT:
		if (in->k == 32 && !is64)
			mi_or(c, d, a, R_ZERO);
		else
			zero_extension(c, d, a, in->k);
		return;
	}
	panic("alu: op %u", in->op);
}

/* A step of the table for each byte. */
static void lower_crc(struct emit *e, const struct ir_insn *in)
{
	int a = ra_use(e, in->a), b = ra_use(e, in->b), table = ra_scratch(e), d;
	struct code *c = &e->c;

	mi_li(c, table, (s64)(uintptr_t)mi_crc_table);
	if (in->y == 4) {
		mi_xor(c, R_RA, a, b);
	} else {
		mi_andi(c, R_RA, b, in->y == 2 ? 0xffff : 0xff);
		mi_xor(c, R_RA, a, R_RA);
	}
	for (unsigned n = 0; n < in->y; n++) {
		mi_andi(c, R_AT, R_RA, 0xff);
		mi_dlsa(c, R_AT, R_AT, table, 2);
		mi_lw(c, R_AT, 0, R_AT);
		mi_srl(c, R_RA, R_RA, 8);
		mi_xor(c, R_RA, R_RA, R_AT);
	}
	d = ra_def(e, e->i);
	mi_or(c, d, R_RA, R_ZERO);
}

static void lower_deposit(struct emit *e, const struct ir_insn *in)
{
	int a = ra_use(e, in->a), b = ra_use(e, in->b), d = ra_def(e, e->i);

	if (d == b && d != a) {
		/* The result's register holds b (both are one guest register): go through AT. */
		mi_or(&e->c, R_AT, b, R_ZERO);
		b = R_AT;
	}
	if (d != a)
		mi_or(&e->c, d, a, R_ZERO);
	if (in->type == T_I64)
		mi_dins(&e->c, d, b, in->x, in->y);
	else
		mi_ins(&e->c, d, b, in->x, in->y);
}

static void set_equal(struct code *c, unsigned cond, int d, int a, int b)
{
	if (b != R_ZERO) {
		mi_xor(c, d, a, b);
		a = d;
	}
	if (cond == IC_EQ)
		mi_sltiu(c, d, a, 1);
	else
		mi_sltu(c, d, R_ZERO, a);
}

static void lower_setcond(struct emit *e, const struct ir_insn *in)
{
	struct code *c = &e->c;
	int a = ra_use(e, in->a), b = R_ZERO, d;
	s64 k = 0;
	bool imm = ra_const(e, in->b, &k) && mi_ok_si16(k) && in->x > IC_NE;

	if (!imm)
		b = ra_use(e, in->b);
	d = ra_def(e, e->i);
	switch (in->x) {
	case IC_EQ: case IC_NE:
		set_equal(c, in->x, d, a, b);
		return;
	case IC_LT: case IC_GE:
		imm ? mi_slti(c, d, a, k) : mi_slt(c, d, a, b);
		break;
	default:
		imm ? mi_sltiu(c, d, a, k) : mi_sltu(c, d, a, b);
	}
	if (in->x == IC_GE || in->x == IC_GEU)
		mi_xori(c, d, d, 1);
}

/* d = s ? yes : no. A move under a condition keeps what d has, so one of them has to be there. */
static void lower_select(struct emit *e, const struct ir_insn *in)
{
	int s = ra_use(e, in->a), yes = ra_use(e, in->b), no = ra_use(e, in->c);
	int d = ra_def(e, e->i);
	struct code *c = &e->c;

	if (d == yes && d != s) {
		mi_movz(c, d, no, s);
	} else if (d != s) {
		if (d != no)
			mi_or(c, d, no, R_ZERO);
		mi_movn(c, d, yes, s);
	} else {
		mi_or(c, R_AT, no, R_ZERO);
		mi_movn(c, R_AT, yes, s);
		mi_or(c, d, R_AT, R_ZERO);
	}
}

void host_lower_alu(struct emit *e, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_DEPOSIT: lower_deposit(e, in); return;
	case IR_CRC: lower_crc(e, in); return;
	case IR_SETCOND: lower_setcond(e, in); return;
	case IR_SELECT: lower_select(e, in); return;
	case IR_TRUNC: lower_trunc(e, in); return;
	}
	if (ir_info[in->op].shape == SH_BIN)
		lower_binary(e, in);
	else
		lower_unary(e, in);
}
