/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EFLAGS as a whole and the instructions on it, the time stamp counter. Prototypes in sysops.h.
 * Invariant: IF, IOPL and VM change only as IOPL and CPL allow.
 */
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"
#include "dbt/x86/cc.h"

/* What POPF may write at any privilege; VIF and VIP are absent, as VME is. */
enum {
	FLAGS_POPF16 = FL_ARITH | FL_TF | FL_DF | FL_NT,
	FLAGS_POPF32 = FLAGS_POPF16 | FL_AC | FL_ID,
};

void eflags_set(struct vcpu *c, u32 v)
{
	static const u32 known = FL_TF | FL_IF | FL_IOPL | FL_NT | FL_RF | FL_VM | FL_AC | FL_ID;

	c->eflags = (v & known) | FL_FIXED;
	c->cc_op = CC_OP(CC_EFLAGS, 0);
	c->cc_a = v & FL_ARITH;
	c->cc_b = 0;
	c->df = v & FL_DF ? -1 : 1;
}

/* May IF be changed? Real mode runs at CPL 0. */
static bool may_change_if(const struct vcpu *c)
{
	return c->cpl <= vcpu_iopl(c);
}

struct fault sys_sti(struct vcpu *c)
{
	if (!may_change_if(c))
		return fault_gp0();
	if (c->eflags & FL_IF)
		return fault_none();
	c->eflags |= FL_IF;
	c->inhibit |= INHIBIT_STI;
	sys_mode_changed(c);
	sys_irq_unmasked(c);
	return fault_none();
}

struct fault sys_popf(struct vcpu *c, u32 v, unsigned opsize)
{
	u32 mask = opsize == 2 ? FLAGS_POPF16 : FLAGS_POPF32, old = eflags_get(c);

	if (vcpu_v86(c) && vcpu_iopl(c) < 3)
		return fault_gp0();
	if (may_change_if(c))
		mask |= FL_IF;
	if (!c->cpl)
		mask |= FL_IOPL;
	eflags_set(c, ((old & ~mask) | (v & mask)) & ~(u32)FL_RF);
	sys_mode_changed(c);
	if (~old & c->eflags & FL_IF)
		sys_irq_unmasked(c);
	return fault_none();
}

u64 sys_tsc(const struct vcpu *c)
{
	return c->hooks->read_ticks() * c->tsc_mul + c->tsc_offset;
}
