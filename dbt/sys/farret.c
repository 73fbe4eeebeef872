/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RETF and IRET (SDM vol. 2): same level, outer level, virtual-8086 mode, nested task, and in long
 * mode between 64-bit and compatibility code. Prototypes and rules in farxfer.h.
 */
#include "dbt/sys/farxfer.h"

#include "dbt/sys/guestmem.h"
#include "dbt/sys/seen.h"
#include "dbt/sys/stack.h"
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"
#include "dbt/sys/task.h"
#include "dbt/x86/cc.h"

/* What IRET may change besides the rules on IF and IOPL. VIF and VIP: no VME, so never. */
enum {
	FLAGS_IRET16 = FL_ARITH | FL_TF | FL_DF | FL_NT,
	FLAGS_IRET32 = FLAGS_IRET16 | FL_RF | FL_AC | FL_ID,
};

/* A return's new CS, checked; `outer` if it lowers the privilege. */
struct ret {
	struct desc code;
	u64 eip;
	u16 cs;
	unsigned size;
	bool outer;
};

static struct fault check_ret(struct vcpu *c, struct ret *r)
{
	struct desc *d = &r->code;
	u8 rpl = r->cs & 3;

	if (sel_null(r->cs))
		return fault_gp0();
	TRY(desc_fetch(c, r->cs, EXC_GP, 0, d));
	if (!desc_is_code(d) || rpl < c->cpl || desc_code_invalid(c, d) ||
	    (desc_is_conforming(d) ? desc_dpl(d) > rpl : desc_dpl(d) != rpl))
		return fault_sel(EXC_GP, r->cs, 0);
	if (!desc_present(d))
		return fault_sel(EXC_NP, r->cs, 0);
	r->outer = rpl > c->cpl;
	return desc_probe_accessed(c, d);
}

static void enter_cs(struct vcpu *c, struct ret *r)
{
	desc_set_accessed(c, &r->code);
	seen_note(c, SEEN_RETURN, c->cpl, &r->code);
	c->seg[CS] = desc_segment(&r->code, r->cs);
	c->cpl = r->cs & 3;
	c->eip = r->eip;
}

/*
 * Data segments that the outer level may not see become null (SDM vol. 3, 5.8.6). What is null
 * already keeps the base that an MSR gave it. True: one that was not null is now.
 */
static bool drop_inner_segments(struct vcpu *c)
{
	static const enum sreg regs[] = { ES, DS, FS, GS };
	bool dropped = false;

	if (vcpu_long(c) &&
	    !(c->seg[ES].attr | c->seg[DS].attr | c->seg[FS].attr | c->seg[GS].attr))
		return false;
	for (unsigned k = 0; k < 4; k++) {
		struct segment *s = &c->seg[regs[k]];
		bool conforming = (s->attr & (SEG_CODE | SEG_CONFORMING)) ==
				  (SEG_CODE | SEG_CONFORMING);

		if (!conforming && (s->attr >> SEG_DPL_SHIFT & 3) < c->cpl &&
		    (s->attr || !vcpu_long(c))) {
			dropped |= s->attr;
			seg_set_null(s, 0);
		}
	}
	return dropped;
}

/* The stack returned to, with selector sel; null is one for 64-bit code. */
static struct fault check_outer_stack(struct vcpu *c, const struct ret *r, u16 sel,
				      struct stack *out)
{
	u8 level = r->cs & 3;
	struct desc sd;

	out->wide = desc_is_code64(c, &r->code);
	if (out->wide && sel_null_stack(sel, level)) {
		seg_set_null(&out->ss, sel);
		return desc_reaches(c, &r->code, r->eip) ? fault_none() : fault_gp0();
	}
	TRY(seg_check_stack(c, sel, level, EXC_GP, 0, &sd));
	if (!desc_reaches(c, &r->code, r->eip))
		return fault_gp0();
	desc_set_accessed(c, &sd);
	seen_note(c, SEEN_STACK, level, &sd);
	out->ss = desc_segment(&sd, sel);
	return fault_none();
}

/*
 * Return to another stack: SS:ESP come from the inner stack `s`, then `drop` bytes of
 * parameters go from the outer one too. Registers change only if all is well; not the flags.
 */
static struct fault ret_outer(struct vcpu *c, struct ret *r, struct stack *s, u16 drop)
{
	struct stack out = { .ss = c->seg[SS] };
	u64 v[2];

	TRY(stack_pop(c, s, 2, r->size, v));
	TRY(check_outer_stack(c, r, (u16)v[1], &out));
	out.sp = v[0];
	if (!out.wide && !(out.ss.attr & SEG_DB))	/* a 16-bit stack gets SP only */
		out.sp = (reg32(c, ESP) & 0xffff0000) | (v[0] & 0xffff);
	stack_drop(&out, drop);
	enter_cs(c, r);
	stack_commit(c, &out);
	if (r->outer)
		drop_inner_segments(c);
	return fault_none();
}

/* -- RETF ----------------------------------------------------------------- */

static struct fault enter_real(struct vcpu *c, u16 cs, u64 eip)
{
	if (eip > c->seg[CS].limit)
		return fault_gp0();
	if (vcpu_v86(c))
		seg_set_v86(&c->seg[CS], cs);
	else
		seg_set_real(&c->seg[CS], cs);
	c->eip = eip;
	return fault_none();
}

struct fault far_ret(struct vcpu *c, unsigned opsize, u16 imm)
{
	struct stack s = stack_current(c);
	struct ret r = { .size = opsize };
	u64 v[2];

	TRY(stack_pop(c, &s, 2, opsize, v));
	r.eip = v[0];
	r.cs = (u16)v[1];
	stack_drop(&s, imm);
	if (!vcpu_protected(c)) {
		TRY(enter_real(c, r.cs, r.eip));
		stack_commit(c, &s);
		sys_mode_changed(c);
		return fault_none();
	}
	TRY(check_ret(c, &r));
	if (r.outer) {
		TRY(ret_outer(c, &r, &s, imm));
	} else {
		if (!desc_reaches(c, &r.code, r.eip))
			return fault_gp0();
		enter_cs(c, &r);
		stack_commit(c, &s);
	}
	sys_mode_changed(c);
	return fault_none();
}

/* -- IRET ----------------------------------------------------------------- */

/*
 * mask has DF and the arithmetic flags, whatever they were. RF lives for one instruction and
 * matters to instruction breakpoints alone; without an enabled one it is dropped here, so that
 * nobody has to clear it later.
 */
static void set_flags(struct vcpu *c, u64 v, u32 mask)
{
	u32 old = c->eflags, new = (old & ~mask) | ((u32)v & mask);

	if (!(c->dr[7] & DR7_ENABLED))
		new &= ~(u32)FL_RF;
	eflags_set(c, new);
	if (new & ~old & FL_IF)
		sys_irq_unmasked(c);
}

static struct fault iret_real(struct vcpu *c, struct stack *s, const u64 *v, unsigned size)
{
	u32 mask = (size == 4 ? FLAGS_IRET32 : FLAGS_IRET16) | FL_IF;

	if (!vcpu_v86(c))
		mask |= FL_IOPL;
	TRY(enter_real(c, (u16)v[1], v[0]));
	stack_commit(c, s);
	set_flags(c, v[2], mask);
	return fault_none();
}

/* CPL 0 and VM = 1 in the image: ESP SS ES DS FS GS follow. */
static struct fault iret_v86(struct vcpu *c, struct stack *s, const u64 *v)
{
	static const enum sreg regs[] = { SS, ES, DS, FS, GS };
	u64 w[6];

	TRY(stack_pop(c, s, 6, 4, w));
	if (v[0] > 0xffff)
		return fault_gp0();
	for (unsigned k = 0; k < 5; k++)
		seg_set_v86(&c->seg[regs[k]], (u16)w[k + 1]);
	seg_set_v86(&c->seg[CS], (u16)v[1]);
	c->cpl = 3;
	c->eip = v[0];
	set_reg32(c, ESP, (u32)w[0]);
	set_flags(c, v[2], FLAGS_IRET32 | FL_IF | FL_IOPL | FL_VM);
	return fault_none();
}

static struct fault iret_task(struct vcpu *c)
{
	struct task_req q = { .why = TASK_IRET, .next = (u32)c->next_eip };
	struct desc d;
	u64 link;
	u16 sel;

	TRY(g_ld(c, vcpu_sys_linear(c, c->tr.base), 2, G_SYSTEM, &link));
	sel = (u16)link;
	if (sel_null(sel) || (sel & 4))
		return fault_sel(EXC_TS, sel, 0);
	TRY(desc_fetch(c, sel, EXC_TS, 0, &d));
	if (desc_type(&d) != TSS_BUSY16 && desc_type(&d) != TSS_BUSY32)
		return fault_sel(EXC_TS, sel, 0);
	if (!desc_present(&d))
		return fault_sel(EXC_NP, sel, 0);
	return task_switch(c, &d, &q);
}

/* 64-bit code always takes SS and RSP too. */
static struct fault iret_protected(struct vcpu *c, struct stack *s, const u64 *v, unsigned size)
{
	struct ret r = { .size = size, .eip = v[0], .cs = (u16)v[1] };
	u32 mask = size == 2 ? FLAGS_IRET16 : FLAGS_IRET32;

	if (c->cpl <= vcpu_iopl(c))
		mask |= FL_IF;
	if (!c->cpl)
		mask |= FL_IOPL;
	TRY(check_ret(c, &r));
	if (r.outer || s->wide) {
		TRY(ret_outer(c, &r, s, 0));
	} else {
		if (!desc_reaches(c, &r.code, r.eip))
			return fault_gp0();
		enter_cs(c, &r);
		stack_commit(c, s);
	}
	set_flags(c, v[2], mask);
	return fault_none();
}

static struct fault iret(struct vcpu *c, unsigned size)
{
	struct stack s = stack_current(c);
	u64 v[3];

	if (vcpu_v86(c) && vcpu_iopl(c) < 3)
		return fault_gp0();
	if (vcpu_protected(c) && (c->eflags & FL_NT))
		return vcpu_long(c) ? fault_gp0() : iret_task(c);
	TRY(stack_pop(c, &s, 3, size, v));
	if (!vcpu_protected(c))
		return iret_real(c, &s, v, size);
	if (size == 4 && (v[2] & FL_VM) && !c->cpl && !vcpu_long(c))
		return iret_v86(c, &s, v);
	return iret_protected(c, &s, v, size);
}

/* EFLAGS that block keys know (dbt/x86/mode.h). */
enum { FLAGS_MODE = FL_TF | FL_DF | FL_IOPL | FL_RF | FL_VM | FL_AC };

static u32 mode_flags(const struct vcpu *c)
{
	return (c->eflags & FLAGS_MODE) | (c->df < 0 ? FL_DF : 0);
}

/* What IRET to a known place loads. */
struct known {
	const struct segment *cs, *ss;
	u64 eip, esp;
	u32 eflags;
};

/* False: something of it is not known, or cannot be read. */
static bool iret_read(struct vcpu *c, struct known *k)
{
	u32 sp = reg32(c, ESP);
	u16 cs;

	g_try_begin(c, G_SYSTEM);
	k->eip = g_try_ld4(linear32(sp));
	cs = (u16)g_try_ld4(linear32(sp + 4));
	k->eflags = g_try_ld4(linear32(sp + 8));
	k->cs = seen_find(c, SEEN_RETURN, c->cpl, cs);
	k->ss = &c->seg[SS];
	k->esp = sp + 12;
	if ((cs & 3) != c->cpl) {
		k->esp = g_try_ld4(linear32(sp + 12));
		k->ss = seen_find(c, SEEN_STACK, cs & 3,
				  (u16)g_try_ld4(linear32(sp + 16)));
	}
	return g_try_end(c) && k->cs && k->ss;
}

/* RFLAGS that take the longer way: before; in the frame, from which RF is dropped (set_flags). */
#define UNPLAIN_BEFORE (~(u32)(FL_ARITH | FL_IF | FL_ID | FL_FIXED))
#define UNPLAIN_AFTER (~(u32)(FL_ARITH | FL_IF | FL_ID | FL_RF | FL_FIXED))

static struct seen_return64 *return_place(struct vcpu *c, u16 cs)
{
	return &c->seen_return64[cs & 1];	/* to level 0, 3 */
}

static u64 return_sels(u16 cs, u16 ss) { return 1ull << 32 | cs | (u32)ss << 16; }

static struct seen_word narrow(struct seen_word w)
{
	return (struct seen_word){ (u64)(s64)(s32)w.at, w.value };
}

/* For glue.S: IRET from level 0 in flat code, which may go there again. */
static void note_short(struct vcpu *c, const struct known *k, bool outer)
{
	struct seen_word cs = narrow(seen_word_of(c, k->cs));
	struct seen_word ss = outer ? narrow(seen_word_of(c, k->ss)) : cs;
	u8 level = k->cs->sel & 3;

	if (!c->cpl && (!level || level == 3) && seen_flat_code(k->cs))
		*return_place(c, level) = (struct seen_return64){
			.word = { cs, ss, ss }, .cs = *k->cs, .ss = *k->ss,
			.sels = return_sels(k->cs->sel, outer ? k->ss->sel : 0),
			.not_with = UNPLAIN_AFTER | FL_ID,
		};
}

/*
 * IRET to code, and to a stack, that have been returned to before, from a flat stack that is not
 * the user's; nothing of tasks, virtual-8086 mode, steps or breakpoints. False: nothing changed.
 */
static bool iret_seen(struct vcpu *c)
{
	u32 mask = FLAGS_IRET32, flags = mode_flags(c);
	bool outer, dropped = false;
	struct known k;

	if (!vcpu_protected(c) || c->cpl == 3 || (c->eflags & FL_NT) ||
	    (c->dr[7] & DR7_ENABLED) || !seen_flat_stack(&c->seg[SS]) || !iret_read(c, &k) ||
	    (k.eflags & (FL_VM | FL_TF)))
		return false;
	mask |= (c->cpl <= vcpu_iopl(c) ? FL_IF : 0) | (c->cpl ? 0 : FL_IOPL);
	outer = (k.cs->sel & 3) != c->cpl;
	if (outer || !segment_same(k.cs, &c->seg[CS]))
		flags = ~0u;		/* not those of any mode */
	note_short(c, &k, outer);
	c->seg[CS] = *k.cs;
	c->seg[SS] = *k.ss;
	c->cpl = k.cs->sel & 3;
	c->eip = k.eip;
	set_reg32(c, ESP, (u32)k.esp);
	if (outer)
		dropped = drop_inner_segments(c);
	set_flags(c, k.eflags, mask);
	if (dropped)
		sys_mode_changed(c);
	else if (flags != mode_flags(c))
		sys_level_changed(c);
	return true;
}

/* The same by IRETQ, to 64-bit code. */
static void note_return(struct vcpu *c, const struct known *k, const struct segment *null);

static bool iret_read_long(struct vcpu *c, struct known *k, struct segment *null)
{
	u64 sp = c->gpr[ESP];
	u16 cs, ss;

	g_try_begin(c, G_SYSTEM);
	k->eip = g_try_ld8_wide(gva(sp));
	cs = (u16)g_try_ld8_wide(gva(sp + 8));
	k->eflags = (u32)g_try_ld8_wide(gva(sp + 16));
	k->esp = g_try_ld8_wide(gva(sp + 24));
	ss = (u16)g_try_ld8_wide(gva(sp + 32));
	k->cs = seen_find_long(c, SEEN_RETURN, c->cpl, cs);
	if (sel_null_stack(ss, cs & 3)) {
		seg_set_null(null, ss);
		k->ss = null;
	} else {
		k->ss = seen_find_long(c, SEEN_STACK, cs & 3, ss);
	}
	return g_try_end(c) && k->cs && k->ss && (k->cs->attr & SEG_L) && canonical(k->eip);
}

static bool iret_seen_long(struct vcpu *c)
{
	u32 mask = FLAGS_IRET32, flags = mode_flags(c);
	struct segment null = c->seg[SS];
	struct known k;
	bool outer;

	if (!vcpu_code64(c) || c->cpl == 3 || (c->eflags & FL_NT) || (c->dr[7] & DR7_ENABLED) ||
	    !iret_read_long(c, &k, &null) || (k.eflags & FL_TF))
		return false;
	mask |= (c->cpl <= vcpu_iopl(c) ? FL_IF : 0) | (c->cpl ? 0 : FL_IOPL);
	outer = (k.cs->sel & 3) != c->cpl;
	note_return(c, &k, &null);
	c->seg[CS] = *k.cs;
	c->seg[SS] = *k.ss;
	c->cpl = k.cs->sel & 3;
	c->eip = k.eip;
	c->gpr[ESP] = k.esp;
	if (outer)
		drop_inner_segments(c);
	set_flags(c, k.eflags, mask);
	if (outer || flags != mode_flags(c))
		sys_mode_changed(c);
	return true;
}

/* -- IRETQ from CPL 0 to where it went before -- */

static void note_return(struct vcpu *c, const struct known *k, const struct segment *null)
{
	struct seen_word cs = seen_word_of(c, k->cs);
	struct seen_word ss = k->ss == null ? cs : seen_word_of(c, k->ss);

	if (!c->cpl)
		*return_place(c, k->cs->sel) = (struct seen_return64){
			.word = { cs, ss, ss }, .cs = *k->cs, .ss = *k->ss,
			.sels = return_sels(k->cs->sel, k->ss->sel),
			.not_with = UNPLAIN_AFTER | FL_ID,
		};
}

bool far_iretq_seen(struct vcpu *c)
{
	u64 sp = c->gpr[ESP], v[5];
	const struct seen_return64 *r;
	u32 old = c->eflags, new;

	if (c->cpl || (old & UNPLAIN_BEFORE) || c->df < 0 || (c->dr[7] & DR7_ENABLED) ||
	    (sp & 0xfff) > 0x1000 - 40 || !canonical(sp))
		return false;
	g_try_begin(c, G_SYSTEM);
	if (!g_try_ld_frame(gva(sp), v))
		return false;
	r = return_place(c, (u16)v[1]);
	new = (u32)v[2];
	if (r->sels != return_sels((u16)v[1], (u16)v[4]) || (new & UNPLAIN_AFTER) ||
	    !canonical(v[0]) || !g_try_same(r->word))
		return false;
	c->seg[CS] = r->cs;
	c->seg[SS] = r->ss;
	c->eip = v[0];
	c->gpr[ESP] = v[3];
	c->eflags = (new & (FL_IF | FL_ID)) | FL_FIXED;
	c->cc_op = CC_OP(CC_EFLAGS, 0);
	c->cc_a = new & FL_ARITH;
	c->cc_b = 0;
	c->nmi_blocked = false;
	if (r->cs.sel & 3) {
		c->cpl = r->cs.sel & 3;
		drop_inner_segments(c);
		sys_level_changed(c);
	}
	if (new & ~old & FL_IF)
		sys_irq_unmasked(c);
	return true;
}

static bool known_iret(struct vcpu *c, unsigned opsize)
{
	return opsize == 4 ? iret_seen(c) :
	       opsize == 8 && ((vcpu_code64(c) && far_iretq_seen(c)) || iret_seen_long(c));
}

struct fault far_iret(struct vcpu *c, unsigned opsize)
{
	if (!known_iret(c, opsize)) {
		TRY(iret(c, opsize));
		sys_mode_changed(c);
	}
	c->nmi_blocked = false;
	return fault_none();
}
