/* SPDX-License-Identifier: BSD-2-Clause */
/* From a block's IR to host code: the walk over the instructions. */
#include "dbt/backend/lower.h"

#include "dbt/backend/host.h"
#include "dbt/backend/regalloc.h"
#include "dbt/backend/uses.h"
#include "dbt/backend/vregs.h"
#include "dbt/ir/vec.h"
#include "kernel/lib/err.h"
#include "mm/arena.h"

/* Nobody wants its result, or that is there or will be. */
static inline bool skipped(const struct value *of, const struct ir_insn *in)
{
	return (!of->uses || of->folded || of->early) && ir_removable(in);
}

/* Rows that emit nothing here are noted; the others are the host's. */
static void lower_vec(struct emit *e, const struct ir_insn *in)
{
	switch (in->k) {
	case VEC_MERGE_W: va_merge(e, e->i, in->a, in->b, 32); return;
	case VEC_MERGE_D: va_merge(e, e->i, in->a, in->b, 64); return;
	case VEC_LOW_W: va_low(e, e->i, in->a, 32); return;
	case VEC_LOW_D: va_low(e, e->i, in->a, 64); return;
	}
	host_lower_vec(e, in);
}

static void put(struct emit *e, const struct ir_insn *in)
{
	if (in->x) {
		site_late(e, in);
		return;
	}
	ra_put(e, in->k, in->a);
	if (SITE_LATE_REG(e->late) == in->k)
		e->late = 0;
}

static void lower_add(struct emit *e, const struct ir_insn *in)
{
	if (in->x == ADD_HIGH) {
		int a = ra_use(e, in->a);

		host_add_high(e, ra_def(e, e->i), a, in->k);
	} else if (!ra_sum(e, e->i)) {
		host_lower_alu(e, in);
	}
}

static void lower_one(struct emit *e, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_GETREG: ra_get(e, e->i, in->k); break;
	case IR_PUTREG: put(e, in); break;
	case IR_GETXMM: va_get(e, e->i, in->k); break;
	case IR_PUTXMM: va_put(e, in->k, in->a); break;
	case IR_VEC: lower_vec(e, in); break;
	case IR_EIP: lower_eip(e, in); break;
	case IR_SETF: lower_setf(e, in); break;
	case IR_LD: case IR_ST: case IR_LDSTATE: case IR_STSTATE: lower_mem(e, in); break;
	case IR_AMO: case IR_CAS: case IR_ALONE: case IR_FENCE: lower_atomic(e, in); break;
	case IR_HELPER: lower_call(e, in); break;
	case IR_TICKS: host_ticks(e, ra_def(e, e->i)); break;
	case IR_EXIT: case IR_EXIT_IF: case IR_LEAVE_IF: case IR_EXIT_IND: case IR_SYS:
	case IR_RAISE: case IR_RAISE_IF: case IR_ENTRYCF: case IR_ENTRYF: case IR_FORM:
		lower_control(e, in);
		break;
	case IR_ADD: lower_add(e, in); break;
	default: host_lower_alu(e, in); break;
	}
}

/* Until some table is full: e->failed. */
static void lower_all(struct emit *e)
{
	const struct ir_insn *const v = e->ir->v;
	const unsigned n = e->ir->n;

	for (unsigned i = 1; i < n && !e->failed; i++) {
		const struct ir_insn *in = &v[i];

		if (in->op == IR_NOP)
			continue;
		if (in->op == IR_CONST) {
			e->of[i].place = AT_CONST;
			continue;
		}
		if (skipped(&e->of[i], in))
			continue;
		e->i = i;
		lower_one(e, in);
		if (e->vectors)
			va_done(e);
		ra_done(e);
	}
}

/* Sites have 16 bits for words; and anchors are on both pages of a block (block.h). */
static bool fits(const struct emit *e)
{
	uintptr_t first = (uintptr_t)e->out->code, last = (uintptr_t)(e->out->end - 1);

	if (backend_many_cores && !e->c.overflow && e->ir->guests > 1 &&
	    last / ANCHOR_PAGE - first / ANCHOR_PAGE > 1)
		return false;
	return e->out->end - e->start <= 0xffff;
}

int backend_emit(struct ir *ir, struct backend_out *out, struct arena *scratch, u32 link_base)
{
	struct emit *e = arena_get(scratch, sizeof(*e));	/* cleared only as far as used */

	e->ir = ir;
	e->out = out;
	e->link_base = link_base;
	e->wide = ir->key_flags & KEY_LONG;
	e->ordered = ir->ordered;
	e->relaxed = ir->relaxed;
	order_begin(e);
	e->gprs = e->xmms = e->wide ? 16 : 8;
	e->c = (struct code){ .p = out->code, .end = out->code_end, .fixed = out->code };
	e->setf = e->materialized = 0;
	e->late = 0;
	e->stubs = 0;
	e->failed = false;
	e->i = 0;
	out->links = out->sites = out->recipes = 0;
	forms_find(e);
	out->head = out->check[0].size ? (struct block_head){ 0 } : head_find(ir);
	halves_find(e);
	uses_find(e);
	disp_find(e);
	host_find_folds(e);
	ra_prepare(e);
	va_prepare(e);
	if (backend_many_cores)
		host_anchor(e);
	emit_entry(e);
	emit_self_check(e);
	lower_forms(e);
	lower_all(e);
	emit_stubs(e);
	emit_self_check_literals(e);
	if (backend_many_cores)
		host_anchor(e);
	out->start = e->start;
	out->end = e->c.p;
	if (e->failed || !fits(e))
		return -ERR_NOSPC;
	return e->c.overflow ? -ERR_NOMEM : 0;
}
