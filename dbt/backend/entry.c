/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is in front of a block: its entries (block.h), looks at registers that hold addresses. Not
 * here: which registers those are (forms.c), and who may pass by (chain.c, control.c).
 */
#include "dbt/backend/lower.h"

#include "dbt/backend/host.h"
#include "dbt/x86/cpu.h"
#include "dbt/x86/mode.h"
#include "kernel/panic.h"

/* If it is no address, the evaluator goes on. */
static struct stub *look(struct emit *e, unsigned g)
{
	struct stub *s = raise_stub(e, SITE_STEP);

	s->site = host_branch_form(e, R_GPR(g));
	return s;
}

void entry_page(struct emit *e)
{
	s64 offset = (s64)(e->ir->guest[0].eip & 0xfff);

	host_entry(e, key_relocatable(e->ir->key_flags), 2048 - offset);
}

/* In front of the entry of 64-bit code. Returns the jump to the block's code, or NULL. */
static u32 *look_at_rsp(struct emit *e)
{
	struct stub *s;
	u32 *over;

	if (!(e->out->need & NEED_RSP)) {
		host_move(e, R_ZERO, R_ZERO);
		return NULL;
	}
	s = look(e, ESP);
	over = host_jump(e);
	s->outside = host_branch_form(e, R_GPR(ESP));
	return over;
}

void emit_entry(struct emit *e)
{
	u32 *over = e->wide ? look_at_rsp(e) : NULL;

	entry_page(e);
	e->start = code_here(&e->c);
	if (over)
		host_patch(e, over);
}

void lower_forms(struct emit *e)
{
	const u32 *first = e->c.p;
	u32 need = e->out->need & ~NEED_RSP;

	for (u32 left = need; left; left &= left - 1)
		look(e, (unsigned)__builtin_ctz(left));
	must(e->c.overflow || e->c.p - first == (long)count_ones(need));
}
