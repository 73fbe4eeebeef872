/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SYSCALL and SYSRET from 64-bit code to 64-bit code, STAC and CLAC, with the general registers
 * and flag operands where translated code has them: what changes beside those, and where the guest
 * goes on. All that can fault was looked at before. Not the general way (dbt/sys/fastcall.c), which
 * single steps of SYSCALL and SYSRET take.
 */
#include "dbt/ir/helpers.h"
#include "dbt/sys/sysops.h"
#include "dbt/x86/mode.h"

enum { CODE = SEG_G | SEG_L | SEG_P | SEG_S | SEG_CODE | SEG_READABLE | SEG_ACCESSED };
enum { DATA = SEG_G | SEG_DB | SEG_P | SEG_S | SEG_WRITABLE | SEG_ACCESSED };

static inline struct segment flat(u32 sel, unsigned attr, unsigned dpl)
{
	return (struct segment){
		.limit = 0xffffffff, .attr = (u16)(attr | dpl << SEG_DPL_SHIFT),
		.sel = (u16)((sel & ~3u) | dpl),
	};
}

/* CPL, segments and flags are the new ones. */
static inline void go_on(struct vcpu *c)
{
	c->key_flags = vcpu_long_key(c);
	if (c->hooks->level_changed)
		c->hooks->level_changed(c);
}

/* Where it goes on. */
u64 helper_syscall_long(struct vcpu *c, u64 a, u64 b, u64 d)
{
	u32 cs = (u32)(c->star >> 32), mask = (u32)c->fmask;

	(void)a, (void)b, (void)d;
	c->seg[CS] = flat(cs, CODE, 0);
	c->seg[SS] = flat((cs & ~3u) + 8, DATA, 0);
	c->cpl = 0;
	c->eflags = (c->eflags & ~(mask | FL_RF)) | FL_FIXED;
	if (mask & FL_DF)
		c->df = 1;
	go_on(c);
	return c->lstar;
}

/* r11: the new RFLAGS. */
u64 helper_sysret_long(struct vcpu *c, u64 r11, u64 b, u64 d)
{
	enum { TAKEN = FL_TF | FL_IF | FL_IOPL | FL_NT | FL_AC | FL_VIF | FL_VIP | FL_ID };
	u32 base = (u32)(c->star >> 48), old = c->eflags;

	(void)b, (void)d;
	c->seg[CS] = flat(base + 16, CODE, 3);
	c->seg[SS] = flat(base + 8, DATA, 3);
	c->cpl = 3;
	c->eflags = ((u32)r11 & TAKEN) | FL_FIXED;
	c->df = r11 & FL_DF ? -1 : 1;
	sys_note_hits(c, c->eflags & FL_TF ? DR6_BS : 0);	/* before its first instruction */
	if (~old & c->eflags & FL_IF)
		sys_irq_unmasked(c);
	go_on(c);
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
