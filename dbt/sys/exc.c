/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivery of exceptions and interrupts. The pseudo-code is that of INT n in
 * SDM vol. 2; double faults are SDM vol. 3, 6.15, interrupt 8. See exc.h.
 */
#include "dbt/sys/exc.h"

#include "dbt/sys/exc_long.h"
#include "dbt/sys/guestmem.h"
#include "dbt/sys/seen.h"
#include "dbt/sys/stack.h"
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"
#include "dbt/sys/task.h"
#include "kernel/printk.h"

enum { GATE_TASK = 5, GATE_INT16 = 6, GATE_TRAP16 = 7, GATE_INT32 = 14, GATE_TRAP32 = 15 };
/* The gate, and the code segment it names. */
struct entry {
	u64 gate;		/* its bytes */
	struct desc code;
	u32 off;
	u16 sel;
	unsigned size;		/* of pushes: 2 or 4 */
	bool clears_if;
};

static struct event make_event(const struct vcpu *c, const struct fault *f, enum exc_kind kind)
{
	bool next = exc_is_software(kind) || kind == EV_INT1;
	struct event e = {
		.vector = f->vector,
		.kind = kind,
		.has_error = f->has_error && kind == EV_FAULT,
		.error = f->error,
		.ext = !exc_is_software(kind),
		.eip = next ? c->next_eip : c->eip,
		.eflags = eflags_get(c),
	};

	if (kind == EV_FAULT && f->vector != EXC_DB)	/* SDM vol. 3, 17.3.1.1 */
		e.eflags |= FL_RF;
	return e;
}

/* -- Real mode ------------------------------------------------------------ */

static struct fault deliver_real(struct vcpu *c, const struct event *e)
{
	struct stack s = stack_current(c);
	u32 at = e->vector * 4u;
	u64 vec;

	if (at + 3 > c->idtr.limit)
		return fault_code(EXC_GP, at | ERR_IDT | e->ext);
	TRY(g_ld(c, linear32(c->idtr.base + at), 4, G_SYSTEM, &vec));
	TRY(stack_probe_push(c, &s, 3, 2, fault_code(EXC_SS, e->ext)));
	if ((vec & 0xffff) > c->seg[CS].limit)
		return fault_code(EXC_GP, e->ext);
	TRY(stack_push(c, &s, 2, e->eflags));
	TRY(stack_push(c, &s, 2, c->seg[CS].sel));
	TRY(stack_push(c, &s, 2, e->eip));
	stack_commit(c, &s);
	seg_set_real(&c->seg[CS], (u16)(vec >> 16));
	c->eip = vec & 0xffff;
	c->eflags &= ~(u32)(FL_IF | FL_TF | FL_AC | FL_RF);
	return fault_none();
}

/* -- Protected mode ------------------------------------------------------- */

static struct fault push_all(struct vcpu *c, struct stack *s, unsigned size, const u64 *v,
			     unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		TRY(stack_push(c, s, size, v[k]));
	return fault_none();
}

/* The frame's common end: EFLAGS, CS, EIP and the error code. Returns how many. */
static unsigned frame_tail(const struct vcpu *c, const struct event *e, u64 *v)
{
	v[0] = e->eflags;
	v[1] = c->seg[CS].sel;
	v[2] = e->eip;
	v[3] = e->error;
	return e->has_error ? 4 : 3;
}

static void enter_handler(struct vcpu *c, struct entry *g, u8 cpl)
{
	desc_set_accessed(c, &g->code);
	c->seg[CS] = desc_segment(&g->code, (u16)((g->sel & ~3u) | cpl));
	c->cpl = cpl;
	c->eip = g->off;
	c->eflags &= ~(u32)(FL_TF | FL_VM | FL_RF | FL_NT | (g->clears_if ? FL_IF : 0));
}

static bool off_fits(const struct entry *g)
{
	return g->off <= desc_segment(&g->code, 0).limit;
}

static struct fault deliver_same(struct vcpu *c, const struct event *e, struct entry *g)
{
	struct stack s = stack_current(c);
	u64 v[4];
	unsigned n = frame_tail(c, e, v);

	TRY(stack_probe_push(c, &s, n, g->size, fault_code(EXC_SS, e->ext)));
	if (!off_fits(g))
		return fault_code(EXC_GP, e->ext);
	TRY(push_all(c, &s, g->size, v, n));
	stack_commit(c, &s);
	enter_handler(c, g, c->cpl);
	return fault_none();
}

/* To an inner level, from virtual-8086 mode too: the stack is in the TSS. */
static struct fault deliver_inner(struct vcpu *c, const struct event *e, struct entry *g)
{
	static const enum sreg v86_regs[] = { GS, FS, DS, ES };
	bool v86 = vcpu_v86(c);
	struct stack s = { .super = true };
	struct desc sd;
	u8 dpl = desc_dpl(&g->code);
	u64 v[10];
	unsigned n = 0;
	u16 ss;

	TRY(task_stack(c, dpl, e->ext, &ss, &s.sp));
	TRY(seg_check_stack(c, ss, dpl, EXC_TS, e->ext, &sd));
	s.ss = desc_segment(&sd, ss);
	s.ss.attr |= SEG_ACCESSED;
	for (unsigned k = 0; v86 && k < 4; k++)
		v[n++] = c->seg[v86_regs[k]].sel;
	v[n++] = c->seg[SS].sel;
	v[n++] = reg32(c, ESP);
	n += frame_tail(c, e, v + n);
	TRY(stack_probe_push(c, &s, n, g->size, fault_sel(EXC_SS, ss, e->ext)));
	if (!off_fits(g))
		return fault_code(EXC_GP, e->ext);
	TRY(push_all(c, &s, g->size, v, n));
	desc_set_accessed(c, &sd);
	seen_note(c, SEEN_STACK, dpl, &sd);
	stack_commit(c, &s);
	for (unsigned k = 0; v86 && k < 4; k++)
		seg_set_null(&c->seg[v86_regs[k]], 0);
	enter_handler(c, g, dpl);
	return fault_none();
}

/* This gate was taken from level `from`: it may be taken by deliver_seen. */
static void note_gate(struct vcpu *c, const struct event *e, const struct entry *g, u8 from)
{
	const struct segment *cs = &c->seg[CS];

	if (c->cpl == 3 || g->size != 4 || (g->sel & 4) || cs->limit != 0xffffffff ||
	    !(cs->attr & SEG_ACCESSED))
		return;
	c->seen_gate[e->vector % SEEN_GATES] = (struct seen_gate){
		.gate = g->gate, .code = (u64)g->code.hi << 32 | g->code.lo, .cs = *cs,
		.off = g->off, .from = from + 1, .gate_dpl = g->gate >> 45 & 3, .cpl = c->cpl,
		.clears_if = g->clears_if,
	};
}

static struct fault deliver_gate(struct vcpu *c, const struct event *e, struct entry *g)
{
	struct desc *d = &g->code;
	u8 from = c->cpl;
	bool inner;

	if (sel_null(g->sel))
		return fault_code(EXC_GP, e->ext);
	TRY(desc_fetch(c, g->sel, EXC_GP, e->ext, d));
	if (!desc_is_code(d) || desc_dpl(d) > c->cpl)
		return fault_sel(EXC_GP, g->sel, e->ext);
	if (!desc_present(d))
		return fault_sel(EXC_NP, g->sel, e->ext);
	inner = !desc_is_conforming(d) && desc_dpl(d) < c->cpl;
	if (vcpu_v86(c) && (!inner || desc_dpl(d)))
		return fault_sel(EXC_GP, g->sel, e->ext);
	TRY(desc_probe_accessed(c, d));
	if (vcpu_v86(c))
		return deliver_inner(c, e, g);
	TRY(inner ? deliver_inner(c, e, g) : deliver_same(c, e, g));
	note_gate(c, e, g, from);
	return fault_none();
}

static struct fault deliver_protected(struct vcpu *c, const struct event *e)
{
	u32 at = e->vector * 8u, code = at | ERR_IDT | e->ext;
	struct desc gd = { .addr = linear32(c->idtr.base + at) };
	struct task_req q = { .why = TASK_INT, .next = e->eip, .rf = e->eflags & FL_RF,
			      .ext = e->ext, .has_error = e->has_error, .error = e->error };
	struct entry g;
	unsigned type;
	u64 v;

	if (at + 7 > c->idtr.limit)
		return fault_code(EXC_GP, code);
	TRY(g_ld(c, gd.addr, 8, G_SYSTEM, &v));
	gd.lo = (u32)v;
	gd.hi = (u32)(v >> 32);
	type = desc_type(&gd);
	if (type != GATE_TASK && (type & ~9u) != GATE_INT16)
		return fault_code(EXC_GP, code);
	if (exc_is_software(e->kind) && desc_dpl(&gd) < c->cpl)
		return fault_code(EXC_GP, code);
	if (!desc_present(&gd))
		return fault_code(EXC_NP, code);
	g = (struct entry){
		.gate = v,
		.sel = (u16)(gd.lo >> 16),
		.off = (gd.lo & 0xffff) | (type & 8 ? gd.hi & 0xffff0000 : 0),
		.size = type & 8 ? 4 : 2,
		.clears_if = !(type & 1),
	};
	return type == GATE_TASK ? task_gate(c, g.sel, &q) : deliver_gate(c, e, &g);
}

struct fault exc_deliver(struct vcpu *c, const struct fault *f, enum exc_kind kind)
{
	struct event e = make_event(c, f, kind);

	if (vcpu_v86(c) && kind == EV_INT && vcpu_iopl(c) < 3)
		return fault_gp0();
	if (vcpu_long(c))
		TRY(exc_deliver_long(c, &e));
	else
		TRY(c->cr0 & CR0_PE ? deliver_protected(c, &e) : deliver_real(c, &e));
	if (e.vector == EXC_DB && (kind == EV_FAULT || kind == EV_TRAP))
		c->dr[7] &= ~(u64)DR7_GD;
	c->inhibit = 0;
	c->halted = false;
	sys_mode_changed(c);
	return fault_none();
}

/* -- What was delivered before --------------------------------------------- */

/* The stack of level cpl, ESP in *sp, if the TSS names one that was taken before. */
static const struct segment *seen_stack(struct vcpu *c, u8 cpl, u32 *sp)
{
	u32 off = cpl * 8u + 4;

	if ((c->tr.attr & (SEG_P | 8)) != (SEG_P | 8) || off + 5 > c->tr.limit)
		return NULL;
	*sp = g_try_ld4(linear32(c->tr.base + off));
	return seen_find(c, SEEN_STACK, cpl,
			 (u16)g_try_ld4(linear32(c->tr.base + off + 4)));
}

/* May this event take gate g again, if the tables' bytes are still the same? */
static bool gate_fits(const struct vcpu *c, const struct seen_gate *g, u8 vector,
		      enum exc_kind kind)
{
	return g->from == c->cpl + 1 && vcpu_protected(c) && vector != EXC_DB &&
	       !(c->dr[7] & DR7_ENABLED) && vector * 8u + 7 <= c->idtr.limit &&
	       (g->cs.sel | 7u) <= c->gdtr.limit &&
	       !(exc_is_software(kind) && g->gate_dpl < c->cpl);
}

/* On one page of the stack: if the first word can be stored, all can. */
static bool push_frame(struct vcpu *c, u32 sp, const u32 *v, unsigned n)
{
	if (((sp - 4 * n) & 0xfff) + 4 * n > 0x1000)
		return false;
	g_try_st4(linear32(sp - 4), v[0]);
	if (!g_try_end(c))
		return false;
	for (unsigned k = 1; k < n; k++)
		g_try_st4(linear32(sp - 4 * (k + 1)), v[k]);
	return g_try_end(c);
}

/* Through the gate: nothing can go wrong any more. */
static void enter_seen(struct vcpu *c, const struct seen_gate *g, const struct segment *ss, u32 sp)
{
	bool same = g->cpl == c->cpl && !c->inhibit && !(c->eflags & (FL_TF | FL_RF)) &&
		    segment_same(&g->cs, &c->seg[CS]);

	c->seg[SS] = *ss;
	set_reg32(c, ESP, sp);
	c->seg[CS] = g->cs;
	c->cpl = g->cpl;
	c->eip = g->off;
	c->eflags &= ~(u32)(FL_TF | FL_RF | FL_NT | (g->clears_if ? FL_IF : 0));
	c->inhibit = 0;
	c->halted = false;
	if (!same)
		sys_level_changed(c);
}

static u64 narrow(u64 linear) { return (u64)(s64)(s32)linear; }

/*
 * For glue.S: INT n and #PF of flat code, to level 0, go by gate g again. ss: from level 3, the
 * stack that the TSS names; else NULL.
 */
static void note_for_glue(struct vcpu *c, const struct seen_gate *g, u8 vector,
			  const struct segment *ss)
{
	struct seen_gate64 *n = &c->seen_gate64[vector % SEEN_GATES];
	struct seen_word code = { narrow(c->gdtr.base + (g->cs.sel & 0xfff8)), g->code };
	struct seen_word stack = ss ? seen_word_of(c, ss) : code;

	if (g->cpl || (g->from != 1 && g->from != 4) || !seen_flat_code(&g->cs))
		return;
	*n = (struct seen_gate64){
		.word = {
			{ narrow(c->idtr.base + vector * 8u), g->gate }, code,
			{ narrow(stack.at), stack.value },
		},
		.cs = g->cs, .off = g->off, .from = g->from, .vector = vector, .plain = true,
		.software = g->gate_dpl >= g->from - 1, .clears_if = g->clears_if,
		.stack = ss ? narrow(c->tr.base + 4) : 0,
		.keep = ~(u64)(g->clears_if ? FL_IF : 0),
	};
	if (ss)
		n->ss = *ss;
}

/*
 * By a 32-bit interrupt or trap gate that was taken before, to a flat stack that is not the
 * user's; nothing of tasks, virtual-8086 mode or breakpoints. False: no register has changed.
 */
static __attribute__((noinline)) bool deliver_seen(struct vcpu *c, const struct fault *f,
						   enum exc_kind kind)
{
	const struct seen_gate *g = &c->seen_gate[f->vector % SEEN_GATES];
	const struct segment *ss = &c->seg[SS];
	u32 v[6], sp = reg32(c, ESP);
	unsigned n = 0;
	u64 gate, code;

	if (!gate_fits(c, g, f->vector, kind))
		return false;
	g_try_begin(c, G_SYSTEM);
	gate = g_try_ld8(linear32(c->idtr.base + f->vector * 8u));
	code = g_try_ld8(linear32(c->gdtr.base + (g->cs.sel & 0xfff8)));
	if (g->cpl != c->cpl) {
		v[n++] = ss->sel;
		v[n++] = sp;
		ss = seen_stack(c, g->cpl, &sp);
	}
	if (!g_try_end(c) || gate != g->gate || code != g->code || !ss || !seen_flat_stack(ss))
		return false;
	v[n] = eflags_get(c);
	if (kind == EV_FAULT)
		v[n] |= FL_RF;
	v[n + 1] = c->seg[CS].sel;
	v[n + 2] = (u32)(exc_is_software(kind) || kind == EV_INT1 ? c->next_eip : c->eip);
	n += 3;
	if (f->has_error && kind == EV_FAULT)
		v[n++] = f->error;
	if (!push_frame(c, sp, v, n))
		return false;
	if (kind == EV_INT || (kind == EV_FAULT && f->vector == EXC_PF))
		note_for_glue(c, g, f->vector, g->cpl != c->cpl ? ss : NULL);
	enter_seen(c, g, ss, sp - 4 * n);
	return true;
}

/* -- Nested faults -------------------------------------------------------- */

enum fault_class { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT };

static enum fault_class classify(u8 vector)
{
	switch (vector) {
	case EXC_DE: case EXC_TS: case EXC_NP: case EXC_SS: case EXC_GP: return CONTRIBUTORY;
	case EXC_PF: return PAGE_FAULT;
	case EXC_DF: return DOUBLE_FAULT;
	default: return BENIGN;
	}
}

/* SDM vol. 3, table 6-5: does `second`, raised while `first` was delivered, make a double fault? */
static bool is_double(enum fault_class first, enum fault_class second)
{
	switch (first) {
	case CONTRIBUTORY: return second == CONTRIBUTORY;
	case PAGE_FAULT:
	case DOUBLE_FAULT: return second == CONTRIBUTORY || second == PAGE_FAULT;
	default: return false;
	}
}

static void shut_down(struct vcpu *c)
{
	trace(EXC, "exc: triple fault at %04x:%08lx\n", c->seg[CS].sel, c->eip);
	c->shutdown = true;
	c->halted = false;
}

static __attribute__((noinline)) void exc_event(struct vcpu *c, struct fault f, enum exc_kind kind)
{
	for (;;) {
		enum fault_class first = kind == EV_FAULT ? classify(f.vector) : BENIGN;
		struct fault second;

		if (kind == EV_FAULT && f.vector == EXC_PF)
			c->cr2 = f.cr2;
		trace(EXC, "exc: vector %u error %x kind %d at %04x:%08lx\n", f.vector, f.error,
		      (int)kind, c->seg[CS].sel, c->eip);
		if (deliver_seen(c, &f, kind) ||
		    (vcpu_code64(c) && exc_deliver_long_seen(c, &f, kind)))
			return;
		second = exc_deliver(c, &f, kind);
		if (!second.raised)
			return;
		if (second.vector == EXC_PF)
			c->cr2 = second.cr2;
		if (is_double(first, classify(second.vector))) {
			if (first == DOUBLE_FAULT)
				return shut_down(c);
			second = fault_code(EXC_DF, 0);
		}
		f = second;
		kind = EV_FAULT;
	}
}

bool exc_raise_seen(struct vcpu *c, const struct fault *f)
{
	if (f->vector == EXC_PF)
		c->cr2 = f->cr2;
	trace(EXC, "exc: vector %u error %x at %04x:%08lx\n", f->vector, f->error,
	      c->seg[CS].sel, c->eip);
	return exc_deliver_long_seen(c, f, EV_FAULT);
}

bool exc_int_seen(struct vcpu *c, u8 vector)
{
	struct fault f = fault_plain(vector);

	trace(EXC, "exc: int %02x at %04x:%08lx\n", vector, c->seg[CS].sel, c->eip);
	return exc_deliver_long_seen(c, &f, EV_INT);
}

void exc_raise(struct vcpu *c, struct fault f)
{
	exc_event(c, f, EV_FAULT);
}

void exc_interrupt(struct vcpu *c, u8 vector)
{
	struct fault f = fault_plain(vector);

	c->halted = false;
	/* nearly always; exc_event asks again */
	if (vcpu_code64(c) ? !exc_deliver_long_seen(c, &f, EV_INTR) : !deliver_seen(c, &f, EV_INTR))
		exc_event(c, f, EV_INTR);
}

void exc_nmi(struct vcpu *c)
{
	c->halted = false;
	c->nmi_blocked = true;
	exc_event(c, fault_plain(EXC_NMI), EV_NMI);
}

void exc_debug_trap(struct vcpu *c)
{
	if (c->inhibit & INHIBIT_SS)
		return;
	vcpu_settle(c, PENDING_DEBUG);
	if (!c->debug_hits)
		return;
	c->dr[6] |= c->debug_hits;
	c->debug_hits = 0;
	exc_event(c, fault_plain(EXC_DB), EV_TRAP);
}

void exc_software(struct vcpu *c, u8 vector, enum exc_kind kind)
{
	exc_event(c, fault_plain(vector), kind);
}
