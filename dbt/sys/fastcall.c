/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SYSENTER, SYSEXIT, SYSCALL, SYSRET (SDM vol. 2): into the kernel and out again without a
 * descriptor or a stack. See farxfer.h. Invariant: no guest memory is touched.
 */
#include "dbt/sys/farxfer.h"

#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"

#include <string.h>

/* RFLAGS that SYSRET takes from R11. */
#define SYSRET_FLAGS 0x3c7fd7u

enum { CODE32 = SEG_DB, CODE64 = SEG_L };

/* A flat segment that no descriptor stands behind. */
static struct segment flat(u16 sel, u16 type, u16 width, u8 dpl)
{
	return (struct segment){
		.limit = 0xffffffff,
		.attr = (u16)(SEG_G | width | SEG_P | dpl << SEG_DPL_SHIFT | SEG_S | type),
		.sel = (u16)((sel & ~3u) | dpl),
	};
}

static struct segment flat_code(u16 sel, u16 width, u8 dpl)
{
	return flat(sel, SEG_CODE | SEG_READABLE | SEG_ACCESSED, width, dpl);
}

static struct segment flat_stack(u16 sel, u8 dpl)
{
	return flat(sel, SEG_WRITABLE | SEG_ACCESSED, SEG_DB, dpl);
}

static void enter_flat(struct vcpu *c, u16 cs, u16 width, u16 ss, u8 cpl, u64 eip)
{
	c->seg[CS] = flat_code(cs, width, cpl);
	c->seg[SS] = flat_stack(ss, cpl);
	c->cpl = cpl;
	c->eip = eip;
	sys_mode_changed(c);
}

/* -- SYSENTER, SYSEXIT ---------------------------------------------------- */

/* After a change of SYSENTER_CS. */
void far_enter_changed(struct vcpu *c)
{
	u16 cs = (u16)(c->sysenter_cs & ~3u);

	memset(c->enter_seg, 0, sizeof(c->enter_seg));
	if (sel_null(cs))
		return;
	c->enter_seg[0][0] = flat_code(cs, CODE32, 0);
	c->enter_seg[0][1] = flat_stack((u16)(cs + 8), 0);
	c->enter_seg[1][0] = flat_code((u16)(cs + 16), CODE32, 3);
	c->enter_seg[1][1] = flat_stack((u16)(cs + 24), 3);
}

struct fault far_sysenter(struct vcpu *c)
{
	u16 cs = (u16)c->sysenter_cs;
	bool wide = vcpu_long(c);

	if (!(c->cr0 & CR0_PE) || sel_null(cs))
		return fault_gp0();
	c->eflags &= ~(u32)(FL_VM | FL_IF | FL_RF);
	enter_flat(c, cs, wide ? CODE64 : CODE32, (u16)((cs & ~3u) + 8), 0,
		   wide ? c->sysenter_eip : (u32)c->sysenter_eip);
	set_reg(c, ESP, c->sysenter_esp);
	return fault_none();
}

struct fault far_sysexit(struct vcpu *c, unsigned opsize)
{
	u16 cs = (u16)(c->sysenter_cs & ~3u);
	u64 rip = c->gpr[EDX], rsp = c->gpr[ECX];
	bool wide = opsize == 8;

	if (sel_null(cs) || !(c->cr0 & CR0_PE) || c->cpl)
		return fault_gp0();
	if (wide && (!canonical(rip) || !canonical(rsp)))
		return fault_gp0();
	cs = (u16)(cs + (wide ? 32 : 16));
	enter_flat(c, cs, wide ? CODE64 : CODE32, (u16)(cs + 8), 3, wide ? rip : (u32)rip);
	set_reg(c, ESP, rsp);
	return fault_none();
}

/* -- SYSCALL, SYSRET ------------------------------------------------------ */

/* After a change of EFER, STAR or FMASK. */
void far_calls_changed(struct vcpu *c)
{
	u16 cs = (u16)(c->star >> 32), base = (u16)(c->star >> 48);

	c->call_seg[0][0] = flat_code(cs, CODE64, 0);
	c->call_seg[0][1] = flat_stack((u16)((cs & ~3u) + 8), 0);
	c->call_seg[1][0] = flat_code((u16)(base + 16), CODE64, 3);
	c->call_seg[1][1] = flat_stack((u16)(base + 8), 3);
	c->call_keep = ((u32)~c->fmask & ~(u32)FL_RF) | FL_FIXED |
		       (c->efer & EFER_SCE ? CALL_ENABLED : 0);
	c->passage_not = ~0ull;
}

static bool has_syscall(const struct vcpu *c)
{
	return vcpu_code64(c) && (c->efer & EFER_SCE);
}

struct fault far_syscall(struct vcpu *c)
{
	u16 cs = (u16)(c->star >> 32);
	u32 flags = eflags_get(c);

	if (!has_syscall(c))
		return fault_plain(EXC_UD);
	c->gpr[ECX] = c->next_eip;
	c->gpr[11] = flags & ~(u32)FL_RF;
	eflags_set(c, flags & ~((u32)c->fmask | FL_RF));
	enter_flat(c, cs, CODE64, (u16)((cs & ~3u) + 8), 0, c->lstar);
	return fault_none();
}

struct fault far_sysret(struct vcpu *c, unsigned opsize)
{
	u16 base = (u16)(c->star >> 48);
	u64 rip = c->gpr[ECX];
	u32 old = c->eflags;
	bool wide = opsize == 8;

	if (!has_syscall(c))
		return fault_plain(EXC_UD);
	if (c->cpl || (wide && !canonical(rip)))
		return fault_gp0();
	eflags_set(c, (u32)c->gpr[11] & SYSRET_FLAGS);
	sys_note_hits(c, c->eflags & FL_TF ? DR6_BS : 0);	/* before its first instruction */
	enter_flat(c, (u16)(base + (wide ? 16 : 0)), wide ? CODE64 : CODE32, (u16)(base + 8), 3,
		   wide ? rip : (u32)rip);
	if (~old & c->eflags & FL_IF)
		sys_irq_unmasked(c);
	return fault_none();
}
