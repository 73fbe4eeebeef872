/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks of one instruction (KEY_SINGLE): the shadows of STI and MOV SS, RF, and single steps begin
 * and end with them. Not the evaluator's steps (step.c).
 */
#include "dbt/exec.h"

#include "dbt/backend/glue.h"
#include "dbt/cache/cache.h"
#include "dbt/ir/helpers.h"
#include "dbt/sys/sysops.h"
#include "dbt/x86/mode.h"

/* INT n and its kin have cleared TF on their way: no trap after them (SDM vol. 3, 17.3.1.4). */
static bool was_software_interrupt(const struct vcpu *c, u32 why)
{
	return why == EXIT_SYSTEM && (c->exit_arg == HELPER_int || c->exit_arg == HELPER_int3 ||
				      c->exit_arg == HELPER_int1 || c->exit_arg == HELPER_into);
}

/* SYSCALL traps by the TF that it leaves (SYSRET, too: far_sysret), others by what was there. */
static bool traps(const struct vcpu *c, u32 flags, u32 why)
{
	if (why == EXIT_SYSTEM && (c->exit_arg == HELPER_syscall || c->exit_arg == HELPER_sysret))
		return c->eflags & FL_TF;
	return flags & KEY_TF;
}

static void step_trap(struct dbt *d, u32 flags, u32 why)
{
	struct vcpu *c = d->c;

	if (traps(c, flags, why) && why != EXIT_FAULT && !c->fault.raised &&
	    !was_software_interrupt(c, why) && !(c->inhibit & INHIBIT_SS))
		sys_note_hits(c, DR6_BS);
}

/*
 * The shadow of STI or MOV SS ends with it, and RF with its beginning (INT n pushes RF = 0); but RF
 * stays while a repeated string instruction is not done, and is set for a trap in the middle of it
 * (SDM vol. 3, 17.3.1.1).
 */
void single_begin(struct dbt *d, const u32 *code, struct single *s)
{
	struct vcpu *c = d->c;

	*s = (struct single){ code, c->eip, c->key_flags, c->eflags & FL_RF, c->inhibit };
	if (!(s->flags & KEY_INHIBIT))
		return;
	c->inhibit = 0;
	c->eflags &= ~(u32)FL_RF;
	d->mode_dirty = true;
}

/* The block's guest bytes have changed: nothing has been run. */
static void undo(struct dbt *d, const struct single *s)
{
	d->c->inhibit = s->inhibit;
	d->c->eflags |= s->rf;
	d->mode_dirty = true;
}

void single_end(struct dbt *d, const struct single *s, u32 why)
{
	struct vcpu *c = d->c;

	if (why == EXIT_STALE) {
		undo(d, s);
		return;
	}
	step_trap(d, s->flags, why);
	if (c->fault.raised || c->eip != s->eip || !(s->rf || c->debug_hits) ||
	    !cache_block_at((u64)(uintptr_t)(s->code + HOST_ENTRY_WORDS))->rep)
		return;
	c->eflags |= FL_RF;
	d->mode_dirty = true;
}
