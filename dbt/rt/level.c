/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SYSCALL and SYSRET from 64-bit code to 64-bit code, STAC and CLAC, with the general registers
 * and flag operands where translated code has them: what changes beside those. The host's level.S
 * does the first two itself with plain flags, once the passage is known. Not the general way
 * (dbt/sys/fastcall.c), which single steps of SYSCALL and SYSRET take.
 */
#include "dbt/ir/helpers.h"
#include "dbt/sys/sysops.h"

/* RFLAGS as they were, but for DF and the arithmetic flags; 0: #UD. */
u64 helper_syscall_long(struct vcpu *c, u64 a, u64 b, u64 d)
{
	u32 old = c->eflags;

	(void)a, (void)b, (void)d;
	if (!(c->efer & EFER_SCE))
		return 0;
	c->seg[CS] = c->call_seg[0][0];
	c->seg[SS] = c->call_seg[0][1];
	c->cpl = 0;
	c->eflags = old & (u32)c->call_keep;
	if (c->fmask & FL_DF)
		c->df = 1;
	sys_level_changed(c);
	return old;
}

/* r11: the new RFLAGS. 1: c->fault is to be raised. */
u64 helper_sysret_long(struct vcpu *c, u64 r11, u64 rip, u64 d)
{
	enum { TAKEN = FL_TF | FL_IF | FL_IOPL | FL_NT | FL_AC | FL_VIF | FL_VIP | FL_ID };
	u32 old = c->eflags;

	(void)d;
	if (!(c->efer & EFER_SCE) || !canonical(rip)) {
		c->fault = c->efer & EFER_SCE ? fault_code(EXC_GP, 0) : fault_plain(EXC_UD);
		return 1;
	}
	c->seg[CS] = c->call_seg[1][0];
	c->seg[SS] = c->call_seg[1][1];
	c->cpl = 3;
	c->eflags = ((u32)r11 & TAKEN) | FL_FIXED;
	c->df = r11 & FL_DF ? -1 : 1;
	sys_note_hits(c, c->eflags & FL_TF ? DR6_BS : 0);	/* before its first instruction */
	if (~old & c->eflags & FL_IF)
		sys_irq_unmasked(c);
	sys_level_changed(c);
	return 0;
}

/* STAC, CLAC at CPL 0, where block keys do not have AC. ac: FL_AC or 0. */
u64 helper_set_ac(struct vcpu *c, u64 ac, u64 b, u64 d)
{
	(void)b, (void)d;
	c->eflags = (c->eflags & ~(u32)FL_AC) | (u32)ac;
	if (c->hooks->ac_changed)
		c->hooks->ac_changed(c);
	return 0;
}
