/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lowering of integer operations. I32 values are sign-extended in host
 * registers, as .w instructions leave them; AND, OR and XOR keep that by
 * themselves.
 */
#include "dbt/backend/loongarch64/lower.h"

#include "dbt/backend/uses.h"
#include "kernel/panic.h"

typedef void (*emit3)(struct code *c, int rd, int rj, int rk);

/* Register forms by operation, for I32 and I64. */
static const emit3 reg_form[IR_OP_COUNT][2] = {
	[IR_ADD] = { la_add_w, la_add_d }, [IR_SUB] = { la_sub_w, la_sub_d },
	[IR_MUL] = { la_mul_w, la_mul_d }, [IR_MULHU] = { la_mulh_wu, la_mulh_du },
	[IR_MULHS] = { la_mulh_w, la_mulh_d },
	[IR_DIVU] = { la_div_wu, la_div_du }, [IR_DIVS] = { la_div_w, la_div_d },
	[IR_REMU] = { la_mod_wu, la_mod_du }, [IR_REMS] = { la_mod_w, la_mod_d },
	[IR_AND] = { la_and, la_and }, [IR_OR] = { la_or, la_or }, [IR_XOR] = { la_xor, la_xor },
	[IR_SHL] = { la_sll_w, la_sll_d }, [IR_SHR] = { la_srl_w, la_srl_d },
	[IR_SAR] = { la_sra_w, la_sra_d }, [IR_ROTR] = { la_rotr_w, la_rotr_d },
};

static bool shift_imm(struct code *c, unsigned op, bool is64, int rd, int rj, unsigned n)
{
	switch (op) {
	case IR_SHL: is64 ? la_slli_d(c, rd, rj, n) : la_slli_w(c, rd, rj, n); return true;
	case IR_SHR: is64 ? la_srli_d(c, rd, rj, n) : la_srli_w(c, rd, rj, n); return true;
	case IR_SAR: is64 ? la_srai_d(c, rd, rj, n) : la_srai_w(c, rd, rj, n); return true;
	case IR_ROTR: is64 ? la_rotri_d(c, rd, rj, n) : la_rotri_w(c, rd, rj, n); return true;
	}
	return false;
}

/* Does the operation take this constant as an immediate? */
static bool takes_imm(unsigned op, bool is64, s64 k)
{
	switch (op) {
	case IR_ADD: return la_ok_si12(k);
	case IR_SUB: return la_ok_si12(-k);
	case IR_AND: case IR_OR: case IR_XOR: return la_ok_ui12(k);
	case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROTR: return true;
	}
	(void)is64;
	return false;
}

static void imm_form(struct code *c, unsigned op, bool is64, int rd, int rj, s64 k)
{
	switch (op) {
	case IR_SUB: k = -k; /* fall through */
	case IR_ADD: is64 ? la_addi_d(c, rd, rj, k) : la_addi_w(c, rd, rj, k); return;
	case IR_AND: la_andi(c, rd, rj, k); return;
	case IR_OR: la_ori(c, rd, rj, k); return;
	case IR_XOR: la_xori(c, rd, rj, k); return;
	}
	shift_imm(c, op, is64, rd, rj, k & (is64 ? 63 : 31));
}

/* -- Folds -- */

static bool small(const struct emit *e, val v)
{
	return e->ir->v[v].op == IR_CONST && la_ok_si12(e->ir->v[v].k);
}

/*
 * An address that is the sum of two registers, for one access: the access adds them. What comes
 * out is within 33 bits, of which the walk takes 32: it is one of the two forms that a page has
 * (paging_hva).
 */
static void fold_address(struct emit *e, unsigned i)
{
	const struct ir_insn *in = &e->ir->v[i], *sum = &e->ir->v[in->a];
	bool vector = in->type == T_V128 ||
		      (in->op == IR_ST && e->ir->v[in->b].type == T_V128);

	if (vector || in->k || sum->op != IR_ADD || sum->x == ADD_HIGH || e->of[in->a].uses != 1 ||
	    e->of[sum->a].folded || e->of[sum->b].folded || small(e, sum->a) || small(e, sum->b))
		return;
	e->of[in->a].folded = true;
	if (e->of[sum->a].last_use < i)
		e->of[sum->a].last_use = i;
	if (e->of[sum->b].last_use < i)
		e->of[sum->b].last_use = i;
}

/* ADD of a value shifted left by 1 … 4 that nobody else wants: one alsl. */
void host_find_folds(struct emit *e)
{
	struct ir_insn *const v = e->ir->v;
	const unsigned n = e->ir->n;

	for (unsigned i = 1; i < n; i++) {
		struct ir_insn *in = &v[i], *shl;

		if (in->op == IR_LD || in->op == IR_ST)
			fold_address(e, i);
		if (in->op == IR_TRUNC)
			uses_fold_upper(e, i);
		if (in->op != IR_ADD || !e->of[i].uses || in->type == T_V128 || in->x == ADD_HIGH)
			continue;
		if (v[in->b].op == IR_SHL) {
			val t = in->a;

			in->a = in->b;
			in->b = t;
		}
		shl = &v[in->a];
		if (shl->op != IR_SHL || e->of[in->a].uses != 1 ||
		    v[shl->b].op != IR_CONST || v[shl->b].k < 1 ||
		    v[shl->b].k > 4)
			continue;
		e->of[in->a].folded = true;
		if (e->of[shl->a].last_use < i)
			e->of[shl->a].last_use = i;
	}
}

static void lower_alsl(struct emit *e, const struct ir_insn *in)
{
	const struct ir_insn *shl = &e->ir->v[in->a];
	int a = ra_use(e, shl->a), b = ra_use(e, in->b);

	if (in->type == T_I64)
		la_alsl_d(&e->c, ra_def(e, e->i), a, b, e->ir->v[shl->b].k);
	else
		la_alsl_w(&e->c, ra_def(e, e->i), a, b, e->ir->v[shl->b].k);
}

/* -- One operation each -- */

/*
 * Is k all ones but for bits *lsb … *msb, the sign among the ones? For I32, so that the result is
 * sign-extended.
 */
static bool is_hole(s64 k, unsigned *msb, unsigned *lsb)
{
	u64 hole = ~(u64)k;

	if (k >= 0 || k == -1)
		return false;
	*lsb = (unsigned)__builtin_ctzll(hole);
	*msb = 63 - (unsigned)__builtin_clzll(hole);
	hole >>= *lsb;
	return !(hole & (hole + 1));
}

/* AND with such a mask. */
static void lower_clear(struct emit *e, int a, unsigned msb, unsigned lsb)
{
	int d = ra_def(e, e->i);

	if (d != a)
		la_or(&e->c, d, a, R_ZERO);
	la_bstrins_d(&e->c, d, R_ZERO, msb, lsb);
}

static void lower_binary(struct emit *e, const struct ir_insn *in)
{
	bool is64 = in->type == T_I64;
	val va = in->a, vb = in->b;
	unsigned msb, lsb;
	int a, b;
	s64 k;

	if (in->op == IR_ADD && e->of[va].folded) {
		lower_alsl(e, in);
		return;
	}
	if (ra_const(e, va, &k) && (in->op == IR_ADD || in->op == IR_AND || in->op == IR_OR ||
				    in->op == IR_XOR)) {
		va = in->b;
		vb = in->a;
	}
	a = ra_use(e, va);
	if (ra_const(e, vb, &k) && takes_imm(in->op, is64, k)) {
		imm_form(&e->c, in->op, is64, ra_def(e, e->i), a, k);
		return;
	}
	if (in->op == IR_XOR && ra_const(e, vb, &k) && k == -1) {
		la_nor(&e->c, ra_def(e, e->i), a, R_ZERO);
		return;
	}
	if (in->op == IR_AND && ra_const(e, vb, &k) && is_hole(k, &msb, &lsb)) {
		lower_clear(e, a, msb, lsb);
		return;
	}
	b = ra_use(e, vb);
	reg_form[in->op][is64](&e->c, ra_def(e, e->i), a, b);
}

/* The low half, or the upper one of what a shift that is folded takes. */
static void lower_trunc(struct emit *e, const struct ir_insn *in)
{
	int a = ra_use(e, e->of[in->a].folded ? e->ir->v[in->a].a : in->a);

	if (e->of[in->a].folded)
		la_srai_d(&e->c, ra_def(e, e->i), a, 32);
	else
		la_slli_w(&e->c, ra_def(e, e->i), a, 0);
}

static void lower_unary(struct emit *e, const struct ir_insn *in)
{
	bool is64 = in->type == T_I64;
	int a = ra_use(e, in->a), d = ra_def(e, e->i);
	struct code *c = &e->c;

	switch (in->op) {
	case IR_CLZ: is64 ? la_clz_d(c, d, a) : la_clz_w(c, d, a); break;
	case IR_CTZ: is64 ? la_ctz_d(c, d, a) : la_ctz_w(c, d, a); break;
	case IR_BSWAP:
		if (is64) {
			la_revb_d(c, d, a);
		} else {
			la_revb_2w(c, d, a);
			la_slli_w(c, d, d, 0);
		}
		break;
	case IR_EXTRACT:
		if (in->y == 64 || (in->y == 32 && !is64))
			la_or(c, d, a, R_ZERO);
		else
			la_bstrpick_d(c, d, a, in->x + in->y - 1, in->x);
		break;
	case IR_ZEXT:
		if (in->k <= 12)
			la_andi(c, d, a, (1 << in->k) - 1);
		else if (in->k == 32 && !is64)
			la_or(c, d, a, R_ZERO);
		else
			la_bstrpick_d(c, d, a, in->k - 1, 0);
		break;
	case IR_SEXT:
		if (in->k == 8)
			la_ext_w_b(c, d, a);
		else if (in->k == 16)
			la_ext_w_h(c, d, a);
		else
			la_slli_w(c, d, a, 0);
		break;
	}
}

static void lower_deposit(struct emit *e, const struct ir_insn *in)
{
	int a = ra_use(e, in->a), b = ra_use(e, in->b), d = ra_def(e, e->i);
	unsigned msb = in->x + in->y - 1;

	if (d == b && d != a) {
		/* The result's register holds b (both are one guest register): go through RA. */
		la_or(&e->c, R_RA, b, R_ZERO);
		b = R_RA;
	}
	if (d != a)
		la_or(&e->c, d, a, R_ZERO);
	if (in->type == T_I64)
		la_bstrins_d(&e->c, d, b, msb, in->x);
	else
		la_bstrins_w(&e->c, d, b, msb, in->x);
}

static void lower_crc(struct emit *e, const struct ir_insn *in)
{
	int a = ra_use(e, in->a), b = ra_use(e, in->b), d = ra_def(e, e->i);

	switch (in->y) {
	case 1: la_crcc_w_b_w(&e->c, d, b, a); return;
	case 2: la_crcc_w_h_w(&e->c, d, b, a); return;
	default: la_crcc_w_w_w(&e->c, d, b, a); return;
	}
}

static void lower_setcond(struct emit *e, const struct ir_insn *in)
{
	struct code *c = &e->c;
	int a = ra_use(e, in->a), b = R_ZERO, d;
	s64 k = 0;
	bool imm = ra_const(e, in->b, &k) && la_ok_si12(k) && in->x > IC_NE;

	if (!imm)
		b = ra_use(e, in->b);
	d = ra_def(e, e->i);
	switch (in->x) {
	case IC_EQ: case IC_NE:
		if (b != R_ZERO)
			la_xor(c, d, a, b);
		if (in->x == IC_EQ)
			la_sltui(c, d, b != R_ZERO ? d : a, 1);
		else
			la_sltu(c, d, R_ZERO, b != R_ZERO ? d : a);
		break;
	case IC_LT: case IC_GE:
		imm ? la_slti(c, d, a, k) : la_slt(c, d, a, b);
		break;
	case IC_LTU: case IC_GEU:
		imm ? la_sltui(c, d, a, k) : la_sltu(c, d, a, b);
		break;
	}
	if (in->x == IC_GE || in->x == IC_GEU)
		la_xori(c, d, d, 1);
}

static void lower_select(struct emit *e, const struct ir_insn *in)
{
	int s = ra_use(e, in->a), yes = ra_use(e, in->b), no = ra_use(e, in->c);
	int d = ra_def(e, e->i);

	if (no == R_ZERO) {
		la_maskeqz(&e->c, d, yes, s);
	} else if (yes == R_ZERO) {
		la_masknez(&e->c, d, no, s);
	} else {
		la_masknez(&e->c, R_RA, no, s);
		la_maskeqz(&e->c, d, yes, s);
		la_or(&e->c, d, d, R_RA);
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
