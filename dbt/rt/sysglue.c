/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System helpers: from the two arguments that the lifter passes to the calls of
 * sysops, segload, farxfer and exc. On success eip moves on (or is what the
 * transfer made it); a fault is left in c->fault, with eip at the instruction.
 */
#include "dbt/core/core.h"
#include "dbt/sys/exc.h"
#include "dbt/sys/farxfer.h"
#include "dbt/sys/guestmem.h"
#include "dbt/ir/helpers.h"
#include "dbt/sys/msr.h"
#include "dbt/sys/seen.h"
#include "dbt/sys/segload.h"
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"
#include "dbt/sys/task.h"
#include "dbt/x86/ir1.h"
#include "dbt/x86/mode.h"
#include "kernel/printk.h"
#include "mm/bus.h"

#define UNUSED2 (void)b, (void)d
#define UNUSED3 (void)a, (void)b, (void)d

/* The end of most helpers: a fault stays, success goes on behind the instruction. */
static u64 finish(struct vcpu *c, struct fault f)
{
	if (f.raised)
		c->fault = f;
	else
		c->eip = c->next_eip;
	return 0;
}

/* The end of a transfer, which has set eip itself. */
static u64 finish_transfer(struct vcpu *c, struct fault f)
{
	if (f.raised)
		c->fault = f;
	return 0;
}

/* At most 32 bits of a register outside 64-bit code; there 4 bytes clear the upper half. */
static void write_sized(struct vcpu *c, unsigned reg, u64 v, unsigned size)
{
	if (size == 2)
		v = (c->gpr[reg] & ~0xffffull) | (v & 0xffff);
	else if (size == 1)
		v = (c->gpr[reg] & ~0xffull) | (v & 0xff);
	else if (size == 4)
		v = (u32)v;
	set_reg(c, reg, v);
}

static void set_zf(struct vcpu *c, bool zf)
{
	u32 f = eflags_get(c);

	eflags_set(c, zf ? f | FL_ZF : f & ~(u32)FL_ZF);
}

static unsigned stack_width(const struct vcpu *c)
{
	return vcpu_code64(c) ? 8 : c->seg[SS].attr & SEG_DB ? 4 : 2;
}

/* SP += n, at the stack's width. */
static void pop_stack(struct vcpu *c, s64 n)
{
	write_sized(c, ESP, c->gpr[ESP] + n, stack_width(c));
}

/* -- What is not there yet -- */

u64 helper_unimplemented(struct vcpu *c, u64 a, u64 b, u64 d)
{
	struct dbt *dbt = c->owner;

	UNUSED2;
	dbt->count.unimplemented++;
	if (!dbt->unimplemented[a]++)
		printk("dbt: %s is not implemented: #UD at %08lx\n", x86_rows[a].name, c->eip);
	c->fault = fault_plain(EXC_UD);
	return 0;
}

/* -- Flags -- */

u64 helper_cld(struct vcpu *c, u64 a, u64 b, u64 d)
{
	UNUSED3;
	c->df = 1;
	sys_mode_changed(c);
	return finish(c, fault_none());
}

u64 helper_std(struct vcpu *c, u64 a, u64 b, u64 d)
{
	UNUSED3;
	c->df = -1;
	sys_mode_changed(c);
	return finish(c, fault_none());
}

u64 helper_popf(struct vcpu *c, u64 v, u64 size, u64 d)
{
	struct fault f = sys_popf(c, (u32)v, (unsigned)size);

	(void)d;
	if (!f.raised)
		pop_stack(c, (s64)size);
	return finish(c, f);
}

/* What translated code has made of ESP and EFLAGS is undone; b: the size, old EFLAGS << 32. */
u64 helper_popf_again(struct vcpu *c, u64 v, u64 b, u64 d)
{
	unsigned size = (u8)b;

	c->eflags = (u32)(b >> 32);
	pop_stack(c, -(s64)size);
	return helper_popf(c, v, size, d);
}

u64 helper_sti(struct vcpu *c, u64 a, u64 b, u64 d)
{
	UNUSED3;
	c->eflags &= ~(u32)FL_IF;	/* the inline part has set it; this is the 0 → 1 step */
	return finish(c, sys_sti(c));
}

u64 helper_hlt(struct vcpu *c, u64 a, u64 b, u64 d) { UNUSED3; return finish(c, sys_hlt(c)); }

/* -- Ports -- */

u64 helper_in(struct vcpu *c, u64 port, u64 size, u64 d)
{
	struct dbt *dbt = c->owner;
	struct fault f = task_io_allowed(c, (u16)port, (unsigned)size);

	(void)d;
	if (f.raised)
		return finish(c, f);
	sys_note_hits(c, sys_breakpoints_io(c, (u16)port, (unsigned)size));
	write_sized(c, EAX, (u32)bus_read(dbt->platform.bus, BUS_IO, port, (unsigned)size),
		    (unsigned)size);
	return finish(c, f);
}

u64 helper_out(struct vcpu *c, u64 port, u64 size, u64 d)
{
	struct dbt *dbt = c->owner;
	struct fault f = task_io_allowed(c, (u16)port, (unsigned)size);
	u32 v = reg32(c, EAX);

	(void)d;
	if (f.raised)
		return finish(c, f);
	sys_note_hits(c, sys_breakpoints_io(c, (u16)port, (unsigned)size));
	bus_write(dbt->platform.bus, BUS_IO, port,
		  size == 4 ? v : v & ((1u << (size * 8)) - 1), (unsigned)size);
	return finish(c, f);
}

/* -- Interrupts and far transfers -- */

static u64 software(struct vcpu *c, u8 vector, enum exc_kind kind)
{
	exc_software(c, vector, kind);
	return 0;
}

u64 helper_int(struct vcpu *c, u64 key, u64 b, u64 d)
{
	UNUSED2;
	return software(c, INT_KEY_VECTOR(key), EV_INT);
}

u64 helper_int3(struct vcpu *c, u64 a, u64 b, u64 d)
{
	UNUSED3;
	return software(c, EXC_BP, EV_INT3);
}

u64 helper_int1(struct vcpu *c, u64 a, u64 b, u64 d)
{
	UNUSED3;
	return software(c, EXC_DB, EV_INT1);
}

u64 helper_into(struct vcpu *c, u64 a, u64 b, u64 d)
{
	UNUSED3;
	return software(c, EXC_OF, EV_INT3);
}

/* off: all 64 bits count if the operand has them; b: selector, operand size << 16. */
u64 helper_jmpf(struct vcpu *c, u64 off, u64 b, u64 d)
{
	(void)d;
	return finish_transfer(c, far_jmp(c, (u16)b, off, (u8)(b >> 16)));
}

u64 helper_callf(struct vcpu *c, u64 off, u64 b, u64 d)
{
	(void)d;
	return finish_transfer(c, far_call(c, (u16)b, off, (u8)(b >> 16)));
}

u64 helper_retf(struct vcpu *c, u64 size, u64 imm, u64 d)
{
	(void)d;
	return finish_transfer(c, far_ret(c, (unsigned)size, (u16)imm));
}

u64 helper_iret(struct vcpu *c, u64 size, u64 b, u64 d)
{
	UNUSED2;
	return finish_transfer(c, far_iret(c, (unsigned)size));
}

u64 helper_sysenter(struct vcpu *c, u64 a, u64 b, u64 d)
{
	UNUSED3;
	return finish_transfer(c, far_sysenter(c));
}

u64 helper_sysexit(struct vcpu *c, u64 size, u64 b, u64 d)
{
	UNUSED2;
	return finish_transfer(c, far_sysexit(c, (unsigned)size));
}

u64 helper_syscall(struct vcpu *c, u64 a, u64 b, u64 d)
{
	UNUSED3;
	return finish_transfer(c, far_syscall(c));
}

u64 helper_sysret(struct vcpu *c, u64 size, u64 b, u64 d)
{
	UNUSED2;
	return finish_transfer(c, far_sysret(c, (unsigned)size));
}

/* -- Segments and descriptors -- */

/* Segment register r becomes s, unless blocks depend on the difference. */
static bool becomes(struct vcpu *c, enum sreg r, const struct segment *s)
{
	return segment_same(s, &c->seg[r]) || vcpu_mode_keep(c, r, s);
}

/*
 * A data segment that was loaded before, or none, from translated code of a supervisor in protected
 * mode. 1: it is loaded, and nothing has changed that blocks depend on; 0: nothing has happened.
 */
u64 helper_sreg_seen(struct vcpu *c, u64 sel, u64 sreg, u64 d)
{
	const struct segment *found = NULL;
	struct segment s = c->seg[sreg];

	(void)d;
	if (c->dr[7] & DR7_ENABLED)
		return 0;
	seg_set_null(&s, (u16)sel);
	if (!sel_null((u16)sel)) {
		g_try_begin(c, G_SYSTEM);
		found = seen_find(c, SEEN_DATA, c->cpl, (u16)sel);
		if (!found || !g_try_end(c))
			return 0;
		s = *found;
	}
	if (!becomes(c, (enum sreg)sreg, &s))
		return 0;
	seen_note_load(c, (enum sreg)sreg, found);
	return 1;
}

static struct fault load_sreg(struct vcpu *c, unsigned sreg, u16 sel, bool shadow)
{
	return sreg == SS && shadow ? seg_load_ss(c, sel) : seg_load(c, sreg, sel);
}

u64 helper_mov_to_sreg(struct vcpu *c, u64 sel, u64 sreg, u64 d)
{
	(void)d;
	return finish(c, load_sreg(c, (unsigned)sreg, (u16)sel, true));
}

u64 helper_pop_sreg(struct vcpu *c, u64 sel, u64 b, u64 d)
{
	unsigned width = stack_width(c);
	struct fault f = load_sreg(c, b & 0xff, (u16)sel, true);

	(void)d;
	if (!f.raised)		/* SP moves at the width that the stack had */
		write_sized(c, ESP, c->gpr[ESP] + (b >> 8), width);
	return finish(c, f);
}

/* b: segment register, general register << 4, its size << 8, selector << 16. */
u64 helper_load_far(struct vcpu *c, u64 off, u64 b, u64 d)
{
	struct fault f = load_sreg(c, b & 7, (u16)(b >> 16), false);

	(void)d;
	if (!f.raised)
		write_sized(c, b >> 4 & 0xf, off, b >> 8 & 0xf);
	return finish(c, f);
}

u64 helper_lar(struct vcpu *c, u64 sel, u64 b, u64 d)
{
	u32 out = 0;
	bool zf = false;
	struct fault f = seg_lar(c, (u16)sel, &out, &zf);

	(void)d;
	if (!f.raised && zf)
		write_sized(c, b & 0xff, out, b >> 8 & 0xff);
	if (!f.raised)
		set_zf(c, zf);
	return finish(c, f);
}

u64 helper_lsl(struct vcpu *c, u64 sel, u64 b, u64 d)
{
	u32 out = 0;
	bool zf = false;
	struct fault f = seg_lsl(c, (u16)sel, &out, &zf);

	(void)d;
	if (!f.raised && zf)
		write_sized(c, b & 0xff, out, b >> 8 & 0xff);
	if (!f.raised)
		set_zf(c, zf);
	return finish(c, f);
}

/* a: linear address, the word there << 32; b: the other selector, the segment register << 16. */
u64 helper_arpl(struct vcpu *c, u64 a, u64 b, u64 d)
{
	unsigned seg = b >> 16 & 7, rpl = b & 3;
	u16 old = (u16)(a >> 32);
	bool less = (old & 3u) < rpl;
	struct fault f = fault_none();

	(void)d;
	if (less && c->seg_span[1][seg] < 0)
		f = fault_code(seg == SS ? EXC_SS : EXC_GP, 0);
	else if (less)
		f = g_st(c, vcpu_linear(c, a), 2, g_own(c), (old & ~3u) | rpl);
	if (!f.raised)
		set_zf(c, less);
	return finish(c, f);
}

u64 helper_verr(struct vcpu *c, u64 sel, u64 b, u64 d)
{
	bool zf = false;
	struct fault f = seg_verr(c, (u16)sel, &zf);

	UNUSED2;
	if (!f.raised)
		set_zf(c, zf);
	return finish(c, f);
}

u64 helper_verw(struct vcpu *c, u64 sel, u64 b, u64 d)
{
	bool zf = false;
	struct fault f = seg_verw(c, (u16)sel, &zf);

	UNUSED2;
	if (!f.raised)
		set_zf(c, zf);
	return finish(c, f);
}

u64 helper_lldt(struct vcpu *c, u64 a, u64 b, u64 d)
{
	UNUSED2;
	return finish(c, seg_lldt(c, (u16)a));
}

u64 helper_ltr(struct vcpu *c, u64 a, u64 b, u64 d)
{
	UNUSED2;
	return finish(c, seg_ltr(c, (u16)a));
}

static unsigned base_size(const struct vcpu *c) { return vcpu_code64(c) ? 8 : 4; }

/* What g_* says of an address that is not canonical, if it came by SS: size has bit 8 for that. */
static struct fault by_segment(struct fault f, u64 size)
{
	if (f.raised && f.vector == EXC_GP && (size & 0x100))
		f.vector = EXC_SS;
	return f;
}

/* SGDT and SIDT write the whole base whatever the operand size (SDM vol. 2). */
static struct fault store_table(struct vcpu *c, u64 at, const struct dtable *t)
{
	enum g_rights own = g_own(c);
	unsigned size = base_size(c);

	TRY(g_probe(c, vcpu_linear(c, at), 2 + size, own, true));
	TRY(g_st(c, vcpu_linear(c, at), 2, own, t->limit));
	return g_st(c, vcpu_linear(c, at + 2), size, own, t->base);
}

u64 helper_sgdt(struct vcpu *c, u64 at, u64 size, u64 d)
{
	(void)d;
	return finish(c, by_segment(store_table(c, at, &c->gdtr), size));
}

u64 helper_sidt(struct vcpu *c, u64 at, u64 size, u64 d)
{
	(void)d;
	return finish(c, by_segment(store_table(c, at, &c->idtr), size));
}

static struct fault load_table(struct vcpu *c, u64 at, u64 *limit, u64 *base)
{
	enum g_rights own = g_own(c);
	unsigned size = base_size(c);

	TRY(g_probe(c, vcpu_linear(c, at), 2 + size, own, false));
	TRY(g_ld(c, vcpu_linear(c, at), 2, own, limit));
	return g_ld(c, vcpu_linear(c, at + 2), size, own, base);
}

u64 helper_lgdt(struct vcpu *c, u64 at, u64 size, u64 d)
{
	u64 limit, base;
	struct fault f = by_segment(load_table(c, at, &limit, &base), size);

	(void)d;
	if (!f.raised)
		f = sys_lgdt(c, (u16)limit, base, (u8)size);
	return finish(c, f);
}

u64 helper_lidt(struct vcpu *c, u64 at, u64 size, u64 d)
{
	u64 limit, base;
	struct fault f = by_segment(load_table(c, at, &limit, &base), size);

	(void)d;
	if (!f.raised)
		f = sys_lidt(c, (u16)limit, base, (u8)size);
	return finish(c, f);
}

/* -- Control registers, MSRs, the rest -- */

u64 helper_clts(struct vcpu *c, u64 a, u64 b, u64 d) { UNUSED3; return finish(c, sys_clts(c)); }

u64 helper_lmsw(struct vcpu *c, u64 a, u64 b, u64 d)
{
	UNUSED2;
	return finish(c, sys_lmsw(c, (u16)a));
}

/* Values of control and debug registers: zero-extended. */
u64 helper_mov_to_cr(struct vcpu *c, u64 v, u64 n, u64 d)
{
	(void)d;
	return finish(c, sys_write_cr(c, (unsigned)n, v));
}

u64 helper_mov_to_dr(struct vcpu *c, u64 v, u64 n, u64 d)
{
	(void)d;
	return finish(c, sys_write_dr(c, (unsigned)n, v));
}

u64 helper_mov_from_cr(struct vcpu *c, u64 reg, u64 n, u64 d)
{
	u64 v = 0;
	struct fault f = sys_read_cr(c, (unsigned)n, &v);

	(void)d;
	if (!f.raised)
		set_reg(c, (enum gpr)reg, v);
	return finish(c, f);
}

u64 helper_mov_from_dr(struct vcpu *c, u64 reg, u64 n, u64 d)
{
	u64 v = 0;
	struct fault f = sys_read_dr(c, (unsigned)n, &v);

	(void)d;
	if (!f.raised)
		set_reg(c, (enum gpr)reg, v);
	return finish(c, f);
}

/* b: in 64-bit code, where other addresses than canonical ones do nothing (SDM vol. 2). */
u64 helper_invlpg(struct vcpu *c, u64 a, u64 b, u64 d)
{
	(void)d;
	return finish(c, b && !canonical(a) ? fault_none() : sys_invlpg(c, gva(a)));
}

u64 helper_rdmsr(struct vcpu *c, u64 a, u64 b, u64 d) { UNUSED3; return finish(c, sys_rdmsr(c)); }
u64 helper_wrmsr(struct vcpu *c, u64 a, u64 b, u64 d) { UNUSED3; return finish(c, sys_wrmsr(c)); }

static u64 finish_edx_eax(struct vcpu *c, struct fault f, u64 v)
{
	if (!f.raised) {
		set_reg(c, EAX, (u32)v);
		set_reg(c, EDX, v >> 32);
	}
	return finish(c, f);
}

u64 helper_rdpmc(struct vcpu *c, u64 a, u64 b, u64 d)
{
	u64 v = 0;
	struct fault f = sys_rdpmc(c, reg32(c, ECX), &v);

	UNUSED3;
	return finish_edx_eax(c, f, v);
}
