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
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"
#include "dbt/sys/task.h"

enum { GATE_INT64 = 14, GATE_TRAP64 = 15, IST_SLOT = 3 };

/* The gate, and the code segment it names. */
struct entry {
	u64 low, high;		/* its bytes */
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
	TRY(g_ld(c, addr, 8, G_SYSTEM, &v));
	TRY(g_ld(c, gva(addr.a + 8), 8, G_SYSTEM, &high));
	gd = (struct desc){ .lo = (u32)v, .hi = (u32)(v >> 32) };
	if (desc_type(&gd) != GATE_INT64 && desc_type(&gd) != GATE_TRAP64)
		return fault_code(EXC_GP, code);
	if (exc_is_software(e->kind) && desc_dpl(&gd) < c->cpl)
		return fault_code(EXC_GP, code);
	if (!desc_present(&gd))
		return fault_code(EXC_NP, code);
	*g = (struct entry){
		.low = v, .high = high, .sel = (u16)(gd.lo >> 16), .ist = gd.hi & 7,
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

/* Where the TSS has the stack pointer that this delivery takes; 0: it stays. */
static u8 stack_offset(const struct entry *g, u8 dpl, bool inner)
{
	unsigned slot = g->ist ? IST_SLOT + g->ist : dpl;

	return (u8)(g->ist || inner ? 4 + 8 * slot : 0);
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

/* This gate was taken from level `from`: it may be taken by exc_deliver_long_seen. */
static void note_gate(struct vcpu *c, const struct event *e, const struct entry *g, u8 from)
{
	u64 gate = c->idtr.base + e->vector * 16u;
	u8 stack = stack_offset(g, c->cpl, c->cpl != from);

	if (c->cpl == 3 || (g->sel & 4) || !(c->seg[CS].attr & SEG_ACCESSED) ||
	    e->vector == EXC_DB)
		return;
	c->seen_gate64[e->vector % SEEN_GATES] = (struct seen_gate64){
		.word = {
			{ gate, g->low }, { gate + 8, g->high },
			{ c->gdtr.base + (g->sel & 0xfff8),
			  (u64)g->code.hi << 32 | g->code.lo },
		},
		.cs = c->seg[CS], .off = g->off, .from = from + 1, .vector = e->vector,
		.software = (g->low >> 45 & 3) >= from, .cpl = c->cpl,
		.plain = !c->cpl && (!from || from == 3),
		.stack = stack ? c->tr.base + stack : 0, .clears_if = g->clears_if,
		.keep = ~(u64)(g->clears_if ? FL_IF : 0),
	};
}

struct fault exc_deliver_long(struct vcpu *c, const struct event *e)
{
	struct stack old = stack_current(c), s;
	const u64 frame[] = {
		old.ss.sel, old.sp, e->eflags, c->seg[CS].sel, e->eip, e->error,
	};
	unsigned n = e->has_error ? 6 : 5;
	u8 from = c->cpl;
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
	note_gate(c, e, &g, from);
	return fault_none();
}

/* -- What was delivered before --------------------------------------------- */

/* Through the gate: nothing can go wrong any more. */
static void enter_seen(struct vcpu *c, const struct seen_gate64 *g, u64 sp)
{
	bool same = g->cpl == c->cpl && !c->inhibit && !(c->eflags & (FL_TF | FL_RF));

	if (g->cpl != c->cpl)
		seg_set_null(&c->seg[SS], g->cpl);
	c->gpr[ESP] = sp;
	c->seg[CS] = g->cs;
	c->cpl = g->cpl;
	c->eip = g->off;
	c->eflags &= ~(u32)(FL_TF | FL_RF | FL_NT | (g->clears_if ? FL_IF : 0));
	c->inhibit = 0;
	c->halted = false;
	if (!same)
		sys_level_changed(c);
}

bool exc_deliver_long_seen(struct vcpu *c, const struct fault *f, enum exc_kind kind)
{
	const struct seen_gate64 *g = &c->seen_gate64[f->vector % SEEN_GATES];
	bool software = exc_is_software(kind), coded = f->has_error && kind == EV_FAULT;
	u64 sp = c->gpr[ESP];

	if (g->from != c->cpl + 1 || g->vector != f->vector || (c->dr[7] & DR7_ENABLED) ||
	    (software && !g->software))
		return false;
	g_try_begin(c, G_SYSTEM);
	if (g->stack)
		sp = g_try_ld8_wide(gva(g->stack));
	if (!g_try_same(g->word) || !g_try_end(c))
		return false;
	sp = (sp & ~15ull) - 40;
	if (((sp - 8) & 0xfff) > 0x1000 - 48 || !canonical(sp))	/* on one page: all or none */
		return false;
	if (coded)
		g_try_st8_wide(gva(sp - 8), f->error);
	if (!g_try_end(c) ||
	    !g_try_st_frame(gva(sp), software || kind == EV_INT1 ? c->next_eip : c->eip,
			    c->seg[CS].sel, eflags_get(c) | (kind == EV_FAULT ? FL_RF : 0),
			    c->gpr[ESP], c->seg[SS].sel))
		return false;
	enter_seen(c, g, sp - (coded ? 8 : 0));
	return true;
}
