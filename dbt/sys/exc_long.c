/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivery in long mode (SDM vol. 3, 6.14; vol. 2, INT n): gates of 16 bytes, stacks of the IST,
 * frames of 8-byte values that always hold SS and RSP, and begin at a multiple of 16. Invariant:
 * as in exc.h; handlers are 64-bit code.
 *
 *    15           12  11       8  7                             0
 *   | 0 …                        | offset 63 … 32                |
 *   | offset 31 … 16 | P DPL type | IST | selector | offset 15 … 0 |
 */
#include "dbt/sys/exc_long.h"

#include "dbt/sys/guestmem.h"
#include "dbt/sys/seen.h"
#include "dbt/sys/stack.h"
#include "dbt/sys/sysutil.h"
#include "dbt/sys/task.h"

enum { GATE_INT64 = 14, GATE_TRAP64 = 15, IST_SLOT = 3 };

/* The gate, and the code segment it names. */
struct entry {
	struct desc code;
	u64 off;
	u16 sel;
	u8 ist;			/* 0: none */
	bool clears_if;
};

static struct fault read_gate(struct vcpu *c, const struct event *e, struct entry *g)
{
	u32 at = e->vector * 16u, code = e->vector * 8u | ERR_IDT | e->ext;
	gva_t addr = gva(c->idtr.base + at);
	struct desc gd;
	u64 v, high;

	if (at + 15 > c->idtr.limit)
		return fault_code(EXC_GP, code);
	TRY(g_ld(c, addr, 8, true, &v));
	TRY(g_ld(c, gva(addr.a + 8), 8, true, &high));
	gd = (struct desc){ .lo = (u32)v, .hi = (u32)(v >> 32) };
	if (desc_type(&gd) != GATE_INT64 && desc_type(&gd) != GATE_TRAP64)
		return fault_code(EXC_GP, code);
	if (exc_is_software(e->kind) && desc_dpl(&gd) < c->cpl)
		return fault_code(EXC_GP, code);
	if (!desc_present(&gd))
		return fault_code(EXC_NP, code);
	*g = (struct entry){
		.sel = (u16)(gd.lo >> 16), .ist = gd.hi & 7,
		.off = (gd.lo & 0xffff) | (gd.hi & 0xffff0000) | high << 32,
		.clears_if = desc_type(&gd) == GATE_INT64,
	};
	return fault_none();
}

static struct fault check_code(struct vcpu *c, const struct event *e, struct entry *g)
{
	struct desc *d = &g->code;

	if (sel_null(g->sel))
		return fault_code(EXC_GP, e->ext);
	TRY(desc_fetch(c, g->sel, EXC_GP, e->ext, d));
	if (!desc_is_code(d) || desc_dpl(d) > c->cpl || !desc_is_code64(c, d) ||
	    desc_code_invalid(c, d))
		return fault_sel(EXC_GP, g->sel, e->ext);
	if (!desc_present(d))
		return fault_sel(EXC_NP, g->sel, e->ext);
	return desc_probe_accessed(c, d);
}

/* Where the frame goes. *inner: a new privilege level, whose SS is null. */
static struct fault choose_stack(struct vcpu *c, const struct event *e, const struct entry *g,
				 struct stack *s, bool *inner)
{
	u8 dpl = desc_dpl(&g->code);

	*inner = !desc_is_conforming(&g->code) && dpl < c->cpl;
	*s = stack_current(c);
	if (g->ist)
		TRY(task_stack_long(c, IST_SLOT + g->ist, e->ext, &s->sp));
	else if (*inner)
		TRY(task_stack_long(c, dpl, e->ext, &s->sp));
	s->sp &= ~15ull;
	s->wide = true;
	if (*inner) {
		s->super = true;
		seg_set_null(&s->ss, dpl);
	}
	return fault_none();
}

static void enter_handler(struct vcpu *c, struct entry *g, u8 cpl)
{
	desc_set_accessed(c, &g->code);
	c->seg[CS] = desc_segment(&g->code, (u16)((g->sel & ~3u) | cpl));
	c->cpl = cpl;
	c->eip = g->off;
	c->eflags &= ~(u32)(FL_TF | FL_VM | FL_RF | FL_NT | (g->clears_if ? FL_IF : 0));
}

struct fault exc_deliver_long(struct vcpu *c, const struct event *e)
{
	struct stack old = stack_current(c), s;
	const u64 frame[] = {
		old.ss.sel, old.sp, e->eflags, c->seg[CS].sel, e->eip, e->error,
	};
	unsigned n = e->has_error ? 6 : 5;
	struct entry g;
	bool inner;

	TRY(read_gate(c, e, &g));
	TRY(check_code(c, e, &g));
	TRY(choose_stack(c, e, &g, &s, &inner));
	TRY(stack_probe_push(c, &s, n, 8, fault_code(EXC_SS, e->ext)));
	if (!canonical(g.off))
		return fault_code(EXC_GP, e->ext);
	for (unsigned k = 0; k < n; k++)
		TRY(stack_push(c, &s, 8, frame[k]));
	enter_handler(c, &g, inner ? desc_dpl(&g.code) : c->cpl);
	stack_commit(c, &s);
	return fault_none();
}
