/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardware task switches, inner stacks, the I/O permission bitmap (SDM vol. 3,
 * chapter 7; table 7-1 for the faults). See task.h.
 *
 * Before the commit everything that can fail in the old task is read or
 * probed. After it the new selectors are in place with hidden parts that are
 * not usable, and become usable one by one: what fails then fails there.
 */
#include "dbt/sys/task.h"

#include "dbt/sys/guestmem.h"
#include "dbt/sys/seen.h"
#include "dbt/sys/stack.h"
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"

enum { DESC_LDT = 2 };

/* Where a TSS has its fields (SDM vol. 3, figures 7-2 and 7-10). The link is at 0. */
struct tss_layout {
	u8 ip, flags, gpr, seg, ldt;
	u8 word;		/* size of ip, flags, gpr */
	u8 segs, seg_step;	/* how many segment registers, bytes from one to the next */
	u8 limit;		/* smallest limit */
};

static const struct tss_layout tss16 = {
	.ip = 0x0e, .flags = 0x10, .gpr = 0x12, .seg = 0x22, .ldt = 0x2a,
	.word = 2, .segs = 4, .seg_step = 2, .limit = 0x2b,
};

static const struct tss_layout tss32 = {
	.ip = 0x20, .flags = 0x24, .gpr = 0x28, .seg = 0x48, .ldt = 0x60,
	.word = 4, .segs = 6, .seg_step = 4, .limit = 0x67,
};

enum { TSS32_CR3 = 0x1c, TSS32_TRAP = 0x64, TSS32_IOMAP = 0x66 };

static const struct tss_layout *tss_layout(u16 attr)
{
	return attr & 8 ? &tss32 : &tss16;
}

/* What the new TSS says. */
struct task_image {
	u32 eip, eflags, cr3;
	u32 gpr[8];
	u16 seg[SREG_COUNT], ldt;
	bool trap;
};

/* Byte `off` of the TSS at base; of the descriptor that a selector names in the GDT. */
static gva_t tss_at(const struct vcpu *c, u64 base, u32 off)
{
	return vcpu_sys_linear(c, base + off);
}


static gva_t gdt_at(const struct vcpu *c, u16 sel, u32 off)
{
	return vcpu_sys_linear(c, c->gdtr.base + (sel & 0xfff8) + off);
}

static struct fault read_new(struct vcpu *c, u32 base, const struct tss_layout *l,
			     struct task_image *t)
{
	u64 v;

	*t = (struct task_image){ 0 };
	TRY(g_ld(c, tss_at(c, base, l->ip), l->word, G_SYSTEM, &v));
	t->eip = (u32)v;
	TRY(g_ld(c, tss_at(c, base, l->flags), l->word, G_SYSTEM, &v));
	t->eflags = (u32)v;
	for (unsigned k = 0; k < 8; k++) {
		TRY(g_ld(c, tss_at(c, base, l->gpr + k * l->word), l->word, G_SYSTEM, &v));
		t->gpr[k] = (u32)v;
	}
	for (unsigned k = 0; k < l->segs; k++) {
		TRY(g_ld(c, tss_at(c, base, l->seg + k * l->seg_step), 2, G_SYSTEM, &v));
		t->seg[k] = (u16)v;
	}
	TRY(g_ld(c, tss_at(c, base, l->ldt), 2, G_SYSTEM, &v));
	t->ldt = (u16)v;
	if (l == &tss16)
		return fault_none();
	TRY(g_ld(c, tss_at(c, base, TSS32_CR3), 4, G_SYSTEM, &v));
	t->cr3 = (u32)v;
	TRY(g_ld(c, tss_at(c, base, TSS32_TRAP), 2, G_SYSTEM, &v));
	t->trap = v & 1;
	return fault_none();
}

/* The old TSS must take the state, and its descriptor a cleared busy bit. */
static struct fault probe_old(struct vcpu *c, const struct task_req *q)
{
	const struct tss_layout *l = tss_layout(c->tr.attr);
	u32 end = l->seg + l->segs * l->seg_step;

	if (!(c->tr.attr & SEG_P) || end - 1 > c->tr.limit)
		return fault_sel(EXC_TS, c->tr.sel, q->ext);
	TRY(g_probe(c, tss_at(c, c->tr.base, l->ip), end - l->ip, G_SYSTEM, true));
	if (q->why == TASK_JMP || q->why == TASK_IRET)
		TRY(g_probe(c, gdt_at(c, c->tr.sel, 5), 1, G_SYSTEM, true));
	return fault_none();
}

/* The descriptors that the new task names in the GDT must be there (SDM vol. 3, 7.3, step 5). */
static struct fault probe_descriptors(struct vcpu *c, const struct task_image *t)
{
	for (unsigned k = 0; k <= SREG_COUNT; k++) {
		u16 sel = k < SREG_COUNT ? t->seg[k] : t->ldt;

		if (!(sel & 4) && (sel | 7u) <= c->gdtr.limit && !(t->eflags & FL_VM))
			TRY(g_probe(c, gdt_at(c, sel, 0), 8, G_SYSTEM, false));
	}
	return fault_none();
}

static struct fault probe_new(struct vcpu *c, const struct desc *d, u32 base,
			      const struct task_req *q)
{
	if (q->why == TASK_CALL || q->why == TASK_INT)
		TRY(g_probe(c, vcpu_sys_linear(c, base), 2, G_SYSTEM, true));
	if (q->why != TASK_IRET)
		TRY(g_probe(c, vcpu_sys_linear(c, d->addr.a + 5), 1, G_SYSTEM, true));
	return fault_none();
}

static struct fault save_old(struct vcpu *c, const struct task_req *q)
{
	const struct tss_layout *l = tss_layout(c->tr.attr);
	u32 base = (u32)c->tr.base, flags = eflags_get(c);

	if (q->why == TASK_IRET)
		flags &= ~(u32)FL_NT;
	if (q->rf)
		flags |= FL_RF;
	TRY(g_st(c, tss_at(c, base, l->ip), l->word, G_SYSTEM, q->next));
	TRY(g_st(c, tss_at(c, base, l->flags), l->word, G_SYSTEM, flags));
	for (unsigned k = 0; k < 8; k++)
		TRY(g_st(c, tss_at(c, base, l->gpr + k * l->word), l->word, G_SYSTEM, reg32(c, k)));
	for (unsigned k = 0; k < l->segs; k++)
		TRY(g_st(c, tss_at(c, base, l->seg + k * l->seg_step), 2, G_SYSTEM, c->seg[k].sel));
	return fault_none();
}

/* Busy bits and the back link (SDM vol. 3, table 7-2). */
static struct fault change_links(struct vcpu *c, const struct desc *d, u32 base,
				 const struct task_req *q)
{
	if (q->why == TASK_JMP || q->why == TASK_IRET)
		TRY(g_rmw8(c, gdt_at(c, c->tr.sel, 5), TSS_BUSY, 0, NULL));
	if (q->why == TASK_CALL || q->why == TASK_INT)
		TRY(g_st(c, vcpu_sys_linear(c, base), 2, G_SYSTEM, c->tr.sel));
	if (q->why != TASK_IRET)
		TRY(g_rmw8(c, vcpu_sys_linear(c, d->addr.a + 5), 0, TSS_BUSY, NULL));
	return fault_none();
}

/* Everything of the new task that needs no check. */
static void enter(struct vcpu *c, const struct desc *d, const struct task_image *t,
		  const struct task_req *q)
{
	u32 flags = t->eflags;

	if (q->why == TASK_CALL || q->why == TASK_INT)
		flags |= FL_NT;
	c->tr = desc_segment(d, d->sel);
	c->tr.attr |= TSS_BUSY;
	seen_tables_changed(c);
	c->cr0 |= CR0_TS;
	c->dr[7] &= ~(u64)DR7_LOCAL;
	sys_debug_changed(c);
	c->eip = t->eip;
	eflags_set(c, flags);
	for (unsigned k = 0; k < 8; k++)
		set_reg32(c, k, t->gpr[k]);
	seg_set_null(&c->ldtr, t->ldt);
	for (unsigned k = 0; k < SREG_COUNT; k++) {
		if (flags & FL_VM)
			seg_set_v86(&c->seg[k], t->seg[k]);
		else
			seg_set_null(&c->seg[k], t->seg[k]);
	}
	c->cpl = flags & FL_VM ? 3 : t->seg[CS] & 3;
}

static struct fault load_ldt(struct vcpu *c, u16 sel, u32 ext)
{
	struct desc d;

	if (sel_null(sel))
		return fault_none();
	if (sel & 4)
		return fault_sel(EXC_TS, sel, ext);
	TRY(desc_fetch(c, sel, EXC_TS, ext, &d));
	if (desc_type(&d) != DESC_LDT || !desc_present(&d))
		return fault_sel(EXC_TS, sel, ext);
	c->ldtr = desc_segment(&d, sel);
	return fault_none();
}

static struct fault check_code(struct vcpu *c, u16 sel, u32 ext, struct desc *d)
{
	u8 rpl = sel & 3;

	if (sel_null(sel))
		return fault_sel(EXC_TS, sel, ext);
	TRY(desc_fetch(c, sel, EXC_TS, ext, d));
	if (!desc_is_code(d) ||
	    (desc_is_conforming(d) ? desc_dpl(d) > rpl : desc_dpl(d) != rpl))
		return fault_sel(EXC_TS, sel, ext);
	if (!desc_present(d))
		return fault_sel(EXC_NP, sel, ext);
	return fault_none();
}

static struct fault check_data(struct vcpu *c, u16 sel, u32 ext, struct desc *d)
{
	TRY(desc_fetch(c, sel, EXC_TS, ext, d));
	if (!desc_is_readable(d) ||
	    (!desc_is_conforming(d) && (desc_dpl(d) < c->cpl || desc_dpl(d) < (sel & 3))))
		return fault_sel(EXC_TS, sel, ext);
	if (!desc_present(d))
		return fault_sel(EXC_NP, sel, ext);
	return fault_none();
}

static struct fault load_segment(struct vcpu *c, enum sreg r, u16 sel, u32 ext)
{
	struct desc d;

	if (r == CS)
		TRY(check_code(c, sel, ext, &d));
	else if (r == SS)
		TRY(seg_check_stack(c, sel, c->cpl, EXC_TS, ext, &d));
	else if (sel_null(sel))
		return fault_none();
	else
		TRY(check_data(c, sel, ext, &d));
	TRY(desc_probe_accessed(c, &d));
	desc_set_accessed(c, &d);
	c->seg[r] = desc_segment(&d, sel);
	return fault_none();
}

/* After the commit: CR3, LDTR, segment registers, error code, EIP. */
static struct fault qualify(struct vcpu *c, const struct task_image *t, const struct task_req *q)
{
	static const enum sreg order[] = { CS, SS, DS, ES, FS, GS };
	unsigned size = c->tr.attr & 8 ? 4 : 2;

	if (size == 4 && (c->cr0 & CR0_PG) && t->cr3 != (u32)c->cr3)
		TRY(sys_load_cr3(c, t->cr3));
	TRY(load_ldt(c, t->ldt, q->ext));
	for (unsigned k = 0; k < SREG_COUNT && !vcpu_v86(c); k++)
		TRY(load_segment(c, order[k], t->seg[order[k]], q->ext));
	if (q->has_error) {
		struct stack s = stack_current(c);

		TRY(stack_probe_push(c, &s, 1, size, fault_code(EXC_SS, q->ext)));
		TRY(stack_push(c, &s, size, q->error));
		stack_commit(c, &s);
	}
	if (!seg_in_limit(&c->seg[CS], (u32)c->eip, 1))
		return fault_code(EXC_GP, q->ext);
	if (t->trap) {
		c->dr[6] |= DR6_BT;
		return fault_plain(EXC_DB);
	}
	return fault_none();
}

struct fault task_switch(struct vcpu *c, const struct desc *d, const struct task_req *q)
{
	const struct tss_layout *l = tss_layout(desc_attr(d));
	struct segment s = desc_segment(d, d->sel);
	struct task_image t;
	struct fault f;

	if (s.limit < l->limit)
		return fault_sel(EXC_TS, d->sel, q->ext);
	TRY(read_new(c, (u32)s.base, l, &t));
	TRY(probe_old(c, q));
	TRY(probe_new(c, d, (u32)s.base, q));
	TRY(probe_descriptors(c, &t));
	TRY(save_old(c, q));
	TRY(change_links(c, d, (u32)s.base, q));
	enter(c, d, &t, q);
	f = qualify(c, &t, q);
	sys_mode_changed(c);
	return f;
}

struct fault task_gate(struct vcpu *c, u16 sel, const struct task_req *q)
{
	struct desc d;

	if (sel_null(sel) || (sel & 4))
		return fault_sel(EXC_GP, sel, q->ext);
	TRY(desc_fetch(c, sel, EXC_GP, q->ext, &d));
	if (desc_type(&d) != TSS_AVAIL16 && desc_type(&d) != TSS_AVAIL32)
		return fault_sel(EXC_GP, sel, q->ext);
	if (!desc_present(&d))
		return fault_sel(EXC_NP, sel, q->ext);
	return task_switch(c, &d, q);
}

struct fault task_stack(struct vcpu *c, u8 dpl, u32 ext, u16 *ss, u64 *esp)
{
	unsigned word = c->tr.attr & 8 ? 4 : 2;
	u32 off = dpl * 2 * word + word;
	u64 sp, sel;

	if (!(c->tr.attr & SEG_P) || off + word + 1 > c->tr.limit)
		return fault_sel(EXC_TS, c->tr.sel, ext);
	TRY(g_ld(c, tss_at(c, c->tr.base, off), word, G_SYSTEM, &sp));
	TRY(g_ld(c, tss_at(c, c->tr.base, off + word), 2, G_SYSTEM, &sel));
	*esp = sp;
	*ss = (u16)sel;
	return fault_none();
}

struct fault task_stack_long(struct vcpu *c, unsigned slot, u32 ext, u64 *rsp)
{
	u32 off = 4 + 8 * slot;

	if (!(c->tr.attr & SEG_P) || off + 7 > c->tr.limit)
		return fault_sel(EXC_TS, c->tr.sel, ext);
	return g_ld(c, tss_at(c, c->tr.base, off), 8, G_SYSTEM, rsp);
}

struct fault task_io_allowed(struct vcpu *c, u16 port, unsigned size)
{
	u32 at, mask = (1u << size) - 1;
	u64 v;

	if (!(c->cr0 & CR0_PE) || (!vcpu_v86(c) && c->cpl <= vcpu_iopl(c)))
		return fault_none();
	if (!(c->tr.attr & SEG_P) || !(c->tr.attr & 8) || c->tr.limit < tss32.limit)
		return fault_gp0();
	TRY(g_ld(c, tss_at(c, c->tr.base, TSS32_IOMAP), 2, G_SYSTEM, &v));
	at = (u32)v + port / 8;
	if (at + 1 > c->tr.limit)	/* two bytes are always read (SDM vol. 1, 19.5.2) */
		return fault_gp0();
	TRY(g_ld(c, tss_at(c, c->tr.base, at), 2, G_SYSTEM, &v));
	return v >> (port & 7) & mask ? fault_gp0() : fault_none();
}
