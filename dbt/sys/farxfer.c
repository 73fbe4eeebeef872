/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JMP FAR and CALL FAR (SDM vol. 2). Returns are in farret.c, SYSENTER and its kin in
 * fastcall.c. Each function follows one branch of the manual's pseudo-code: all
 * checks and probes, then pushes, then registers. See farxfer.h.
 */
#include "dbt/sys/farxfer.h"

#include "dbt/sys/stack.h"
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"
#include "dbt/sys/task.h"

enum { GATE_CALL16 = 4, GATE_TASK = 5, GATE_CALL32 = 12, GATE_CALL64 = 12 };

/* A call gate's contents (SDM vol. 3, 5.8.3; 5.8.3.1). */
struct gate {
	u16 sel;
	u64 off;
	unsigned size;		/* 2, 4 or 8: of pushes */
	unsigned params;
};

static struct fault gate_read(struct vcpu *c, const struct desc *d, struct gate *g)
{
	bool wide = desc_type(d) & 8;
	u32 high;

	*g = (struct gate){
		.sel = (u16)(d->lo >> 16),
		.off = (d->lo & 0xffff) | (wide ? d->hi & 0xffff0000 : 0),
		.size = wide ? 4 : 2,
		.params = d->hi & 0x1f,
	};
	if (!vcpu_long(c))
		return fault_none();
	TRY(desc_fetch_high(c, d, &high));
	g->off |= (u64)high << 32;
	g->size = 8;
	g->params = 0;
	return fault_none();
}

static void enter_code(struct vcpu *c, struct desc *d, u16 sel, u8 cpl, u64 off)
{
	desc_set_accessed(c, d);
	c->seg[CS] = desc_segment(d, (u16)((sel & ~3u) | cpl));
	c->cpl = cpl;
	c->eip = off;
	sys_mode_changed(c);
}

/* The code segment of a direct transfer, RPL of the selector included. */
static struct fault check_direct(struct vcpu *c, const struct desc *d)
{
	bool bad = desc_is_conforming(d) ? desc_dpl(d) > c->cpl
					 : (d->sel & 3) > c->cpl || desc_dpl(d) != c->cpl;

	if (bad || desc_code_invalid(c, d))
		return fault_sel(EXC_GP, d->sel, 0);
	if (!desc_present(d))
		return fault_sel(EXC_NP, d->sel, 0);
	return desc_probe_accessed(c, d);
}

/* Gates and TSS descriptors: DPL against CPL and RPL; `present` for gates. */
static struct fault check_system(struct vcpu *c, const struct desc *d)
{
	if (desc_dpl(d) < c->cpl || desc_dpl(d) < (d->sel & 3))
		return fault_sel(EXC_GP, d->sel, 0);
	if (!desc_present(d))
		return fault_sel(EXC_NP, d->sel, 0);
	return fault_none();
}

/* The code segment that a call gate names, before its privilege is compared. */
static struct fault fetch_gated(struct vcpu *c, const struct gate *g, struct desc *d)
{
	if (sel_null(g->sel))
		return fault_gp0();
	TRY(desc_fetch(c, g->sel, EXC_GP, 0, d));
	if (!desc_is_code(d) || desc_dpl(d) > c->cpl)
		return fault_sel(EXC_GP, g->sel, 0);
	if (vcpu_long(c) && (!desc_is_code64(c, d) || desc_code_invalid(c, d)))
		return fault_sel(EXC_GP, g->sel, 0);
	return fault_none();
}

static struct fault present_code(struct vcpu *c, const struct desc *d)
{
	if (!desc_present(d))
		return fault_sel(EXC_NP, d->sel, 0);
	return desc_probe_accessed(c, d);
}

/* TSS descriptors and task gates, for JMP and CALL. */
static struct fault to_task(struct vcpu *c, const struct desc *d, enum task_why why)
{
	struct task_req q = { .why = why, .next = (u32)c->next_eip };

	if (desc_type(d) == GATE_TASK) {
		TRY(check_system(c, d));
		return task_gate(c, (u16)(d->lo >> 16), &q);
	}
	if (desc_dpl(d) < c->cpl || desc_dpl(d) < (d->sel & 3) || (d->sel & 4))
		return fault_sel(EXC_GP, d->sel, 0);
	return task_gate(c, d->sel, &q);
}

/* -- JMP ------------------------------------------------------------------ */

static struct fault jmp_real(struct vcpu *c, u16 sel, u64 off)
{
	if (off > c->seg[CS].limit)
		return fault_gp0();
	if (vcpu_v86(c))
		seg_set_v86(&c->seg[CS], sel);
	else
		seg_set_real(&c->seg[CS], sel);
	c->eip = off;
	sys_mode_changed(c);
	return fault_none();
}

static struct fault jmp_code(struct vcpu *c, struct desc *d, u64 off)
{
	TRY(check_direct(c, d));
	if (!desc_reaches(c, d, off))
		return fault_gp0();
	enter_code(c, d, d->sel, c->cpl, off);
	return fault_none();
}

static struct fault jmp_gate(struct vcpu *c, const struct desc *gd)
{
	struct gate g;
	struct desc d;

	TRY(check_system(c, gd));
	TRY(gate_read(c, gd, &g));
	TRY(fetch_gated(c, &g, &d));
	if (!desc_is_conforming(&d) && desc_dpl(&d) != c->cpl)
		return fault_sel(EXC_GP, g.sel, 0);
	TRY(present_code(c, &d));
	if (!desc_reaches(c, &d, g.off))
		return fault_gp0();
	enter_code(c, &d, g.sel, c->cpl, g.off);
	return fault_none();
}

/* An offset as an operand of this size holds it. */
static u64 far_offset(u64 off, unsigned opsize)
{
	return opsize == 8 ? off : opsize == 4 ? (u32)off : (u16)off;
}

struct fault far_jmp(struct vcpu *c, u16 sel, u64 off, unsigned opsize)
{
	struct desc d;

	off = far_offset(off, opsize);
	if (!vcpu_protected(c))
		return jmp_real(c, sel, off);
	if (sel_null(sel))
		return fault_gp0();
	TRY(desc_fetch(c, sel, EXC_GP, 0, &d));
	if (desc_is_code(&d))
		return jmp_code(c, &d, off);
	if (vcpu_long(c))
		return desc_type(&d) == GATE_CALL64 ? jmp_gate(c, &d) : fault_sel(EXC_GP, sel, 0);
	switch (desc_type(&d)) {
	case GATE_CALL16:
	case GATE_CALL32: return jmp_gate(c, &d);
	case GATE_TASK:
	case TSS_AVAIL16:
	case TSS_AVAIL32: return to_task(c, &d, TASK_JMP);
	}
	return fault_sel(EXC_GP, sel, 0);
}

/* -- CALL ----------------------------------------------------------------- */

/*
 * Push CS and the return address on the current stack. A target beyond the new code segment's limit
 * is found after the stores and before ESP moves: the CPU leaves the two values below the stack.
 */
static struct fault push_return(struct vcpu *c, unsigned size, bool fits, struct stack *out)
{
	struct stack s = stack_current(c);

	TRY(stack_probe_push(c, &s, 2, size, fault_code(EXC_SS, 0)));
	TRY(stack_push(c, &s, size, c->seg[CS].sel));
	TRY(stack_push(c, &s, size, c->next_eip));
	if (!fits)
		return fault_gp0();
	*out = s;
	return fault_none();
}

static struct fault call_real(struct vcpu *c, u16 sel, u64 off, unsigned size)
{
	struct stack s;

	TRY(push_return(c, size, off <= c->seg[CS].limit, &s));
	stack_commit(c, &s);
	return jmp_real(c, sel, off);
}

/* Same privilege, directly or through a gate: *d is checked, present and probed. */
static struct fault call_same(struct vcpu *c, struct desc *d, u64 off, unsigned size)
{
	struct stack s;

	TRY(push_return(c, size, desc_reaches(c, d, off), &s));
	enter_code(c, d, d->sel, c->cpl, off);
	stack_commit(c, &s);
	return fault_none();
}

/* The inner frame: old SS:ESP, parameters, CS and return address. */
static struct fault push_inner(struct vcpu *c, struct stack *in, const struct gate *g,
			       const u64 *params)
{
	TRY(stack_push(c, in, g->size, c->seg[SS].sel));
	TRY(stack_push(c, in, g->size, reg32(c, ESP)));
	for (unsigned k = g->params; k-- > 0;)
		TRY(stack_push(c, in, g->size, params[k]));
	TRY(stack_push(c, in, g->size, c->seg[CS].sel));
	return stack_push(c, in, g->size, c->next_eip);
}

static struct fault call_inner(struct vcpu *c, struct desc *d, const struct gate *g)
{
	struct stack old = stack_current(c), in = { .super = true };
	struct desc sd;
	u8 dpl = desc_dpl(d);
	u64 params[31];
	u16 ss;

	TRY(task_stack(c, dpl, 0, &ss, &in.sp));
	TRY(seg_check_stack(c, ss, dpl, EXC_TS, 0, &sd));
	in.ss = desc_segment(&sd, ss);
	TRY(stack_probe_push(c, &in, g->params + 4, g->size, fault_sel(EXC_SS, ss, 0)));
	if (!desc_reaches(c, d, g->off))
		return fault_gp0();
	TRY(stack_pop(c, &old, g->params, g->size, params));
	TRY(push_inner(c, &in, g, params));
	desc_set_accessed(c, &sd);
	in.ss.attr |= SEG_ACCESSED;
	stack_commit(c, &in);
	enter_code(c, d, g->sel, dpl, g->off);
	return fault_none();
}

/* In long mode: RSP from the TSS, a null SS, four values of 8 bytes. */
static struct fault call_inner_long(struct vcpu *c, struct desc *d, const struct gate *g)
{
	struct stack old = stack_current(c), in = { .super = true, .wide = true };
	u8 dpl = desc_dpl(d);
	const u64 frame[] = { old.ss.sel, old.sp, c->seg[CS].sel, c->next_eip };

	TRY(task_stack_long(c, dpl, 0, &in.sp));
	TRY(stack_probe_push(c, &in, 4, 8, fault_code(EXC_SS, 0)));
	if (!desc_reaches(c, d, g->off))
		return fault_gp0();
	for (unsigned k = 0; k < 4; k++)
		TRY(stack_push(c, &in, 8, frame[k]));
	seg_set_null(&in.ss, dpl);
	enter_code(c, d, g->sel, dpl, g->off);
	stack_commit(c, &in);
	return fault_none();
}

static struct fault call_gate(struct vcpu *c, const struct desc *gd)
{
	struct gate g;
	struct desc d;

	TRY(check_system(c, gd));
	TRY(gate_read(c, gd, &g));
	TRY(fetch_gated(c, &g, &d));
	TRY(present_code(c, &d));
	if (!desc_is_conforming(&d) && desc_dpl(&d) < c->cpl)
		return vcpu_long(c) ? call_inner_long(c, &d, &g) : call_inner(c, &d, &g);
	return call_same(c, &d, g.off, g.size);
}

struct fault far_call(struct vcpu *c, u16 sel, u64 off, unsigned opsize)
{
	struct desc d;

	off = far_offset(off, opsize);
	if (!vcpu_protected(c))
		return call_real(c, sel, off, opsize);
	if (sel_null(sel))
		return fault_gp0();
	TRY(desc_fetch(c, sel, EXC_GP, 0, &d));
	if (desc_is_code(&d)) {
		TRY(check_direct(c, &d));
		return call_same(c, &d, off, opsize);
	}
	if (vcpu_long(c))
		return desc_type(&d) == GATE_CALL64 ? call_gate(c, &d) : fault_sel(EXC_GP, sel, 0);
	switch (desc_type(&d)) {
	case GATE_CALL16:
	case GATE_CALL32: return call_gate(c, &d);
	case GATE_TASK:
	case TSS_AVAIL16:
	case TSS_AVAIL32: return to_task(c, &d, TASK_CALL);
	}
	return fault_sel(EXC_GP, sel, 0);
}
