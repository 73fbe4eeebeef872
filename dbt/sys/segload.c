/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptor fetch, segment register loads, LLDT and LTR. The pseudo-code is
 * that of MOV, LLDT and LTR in SDM vol. 2. See segload.h.
 */
#include "dbt/sys/segload.h"

#include "dbt/sys/guestmem.h"
#include "dbt/sys/seen.h"
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"
#include "dbt/sys/task.h"

#define DESC_HI_ACCESSED 0x100u
#define DESC_TYPE_LDT 2

struct fault desc_fetch(struct vcpu *c, u16 sel, u8 vector, u32 ext, struct desc *d)
{
	u64 v, base = c->gdtr.base;
	u32 limit = c->gdtr.limit;

	if (sel & 4) {
		base = c->ldtr.base;
		limit = c->ldtr.limit;
		if (!(c->ldtr.attr & SEG_P))
			return fault_sel(vector, sel, ext);
	}
	if ((sel | 7u) > limit)
		return fault_sel(vector, sel, ext);
	d->addr = vcpu_sys_linear(c, base + (sel & 0xfff8));
	d->sel = sel;
	TRY(g_ld(c, d->addr, 8, G_SYSTEM, &v));
	d->lo = (u32)v;
	d->hi = (u32)(v >> 32);
	return fault_none();
}

struct fault desc_fetch_high(struct vcpu *c, const struct desc *d, u32 *high)
{
	u32 limit = d->sel & 4 ? c->ldtr.limit : c->gdtr.limit;
	u64 v;

	if ((d->sel & 0xfff8u) + 15 > limit)
		return fault_sel(EXC_GP, d->sel, 0);
	TRY(g_ld(c, vcpu_sys_linear(c, d->addr.a + 8), 8, G_SYSTEM, &v));
	if (v >> 40 & 0x1f)
		return fault_sel(EXC_GP, d->sel, 0);
	*high = (u32)v;
	return fault_none();
}

bool desc_reaches(const struct vcpu *c, const struct desc *d, u64 off)
{
	if (desc_is_code64(c, d))
		return canonical(off);
	return off <= desc_segment(d, 0).limit;
}

struct segment desc_segment(const struct desc *d, u16 sel)
{
	u32 limit = (d->lo & 0xffff) | (d->hi & 0xf0000);

	if (desc_attr(d) & SEG_G)
		limit = limit << 12 | 0xfff;
	return (struct segment){
		.base = d->lo >> 16 | (d->hi & 0xff) << 16 | (d->hi & 0xff000000),
		.limit = limit,
		.attr = desc_attr(d),
		.sel = sel,
	};
}

struct fault desc_probe_accessed(struct vcpu *c, const struct desc *d)
{
	if (d->hi & DESC_HI_ACCESSED)
		return fault_none();
	return g_probe(c, vcpu_sys_linear(c, d->addr.a + 5), 1, G_SYSTEM, true);
}

void desc_set_accessed(struct vcpu *c, struct desc *d)
{
	if (d->hi & DESC_HI_ACCESSED)
		return;
	d->hi |= DESC_HI_ACCESSED;
	/* was probed */
	(void)g_rmw8(c, vcpu_sys_linear(c, d->addr.a + 5), 0, SEG_ACCESSED, NULL);
}

/*
 * Real mode writes selector and base; the limit and D/B stay, which is what makes "unreal"
 * mode (SDM vol. 3, 9.9.2 asks for 64 KiB limits before leaving protected mode).
 */
void seg_set_real(struct segment *s, u16 sel)
{
	s->sel = sel;
	s->base = (u32)sel << 4;
	s->attr = (s->attr & (SEG_DB | SEG_G)) | SEG_P | SEG_S | SEG_WRITABLE | SEG_ACCESSED;
}

void seg_set_v86(struct segment *s, u16 sel)
{
	*s = (struct segment){
		.base = (u32)sel << 4,
		.limit = 0xffff,
		.attr = SEG_P | 3 << SEG_DPL_SHIFT | SEG_S | SEG_WRITABLE | SEG_ACCESSED,
		.sel = sel,
	};
}

void seg_set_null(struct segment *s, u16 sel)
{
	s->sel = sel;
	s->base = 0;
	s->attr = 0;		/* the limit stays, for whoever enters real mode next */
}

bool seg_in_limit(const struct segment *s, u32 off, u32 size)
{
	u64 last = (u64)off + size - 1;

	if ((s->attr & (SEG_S | SEG_CODE | SEG_EXPAND_DOWN)) == (SEG_S | SEG_EXPAND_DOWN))
		return off > s->limit && last <= (s->attr & SEG_DB ? 0xffffffff : 0xffff);
	return last <= s->limit;
}

struct fault seg_check_stack(struct vcpu *c, u16 sel, u8 dpl, u8 vector, u32 ext, struct desc *d)
{
	if (sel_null(sel))
		return fault_code(vector, ext);
	TRY(desc_fetch(c, sel, vector, ext, d));
	if ((sel & 3) != dpl || !desc_is_wdata(d) || desc_dpl(d) != dpl)
		return fault_sel(vector, sel, ext);
	if (!desc_present(d))
		return fault_sel(EXC_SS, sel, ext);
	return desc_probe_accessed(c, d);
}

static struct fault check_data(struct vcpu *c, u16 sel, struct desc *d)
{
	u8 rpl = sel & 3;

	TRY(desc_fetch(c, sel, EXC_GP, 0, d));
	if (!desc_is_readable(d))
		return fault_sel(EXC_GP, sel, 0);
	if (!desc_is_conforming(d) && (rpl > desc_dpl(d) || c->cpl > desc_dpl(d)))
		return fault_sel(EXC_GP, sel, 0);
	if (!desc_present(d))
		return fault_sel(EXC_NP, sel, 0);
	return desc_probe_accessed(c, d);
}

/* MOV and its kin by the descriptors themselves. */
static struct fault load_checked(struct vcpu *c, enum sreg r, u16 sel)
{
	struct desc d;

	if (r == SS && vcpu_code64(c) && sel_null_stack(sel, c->cpl)) {
		seg_set_null(&c->seg[SS], sel);
		return fault_none();
	}
	if (r == SS) {
		TRY(seg_check_stack(c, sel, c->cpl, EXC_GP, 0, &d));
	} else if (sel_null(sel)) {
		seg_set_null(&c->seg[r], sel);
		return fault_none();
	} else {
		TRY(check_data(c, sel, &d));
	}
	desc_set_accessed(c, &d);
	c->seg[r] = desc_segment(&d, sel);
	seen_note(c, r == SS ? SEEN_STACK : SEEN_DATA, c->cpl, &d);
	return fault_none();
}

static struct fault load_protected(struct vcpu *c, enum sreg r, u16 sel)
{
	const struct segment *seen;

	g_try_begin(c, G_SYSTEM);
	seen = seen_find(c, r == SS ? SEEN_STACK : SEEN_DATA, c->cpl, sel);
	if (seen && g_try_end(c)) {
		c->seg[r] = *seen;
		return fault_none();
	}
	return load_checked(c, r, sel);
}

struct fault seg_load(struct vcpu *c, enum sreg r, u16 sel)
{
	struct segment old;

	if (r == CS || r >= SREG_COUNT)
		return fault_plain(EXC_UD);
	old = c->seg[r];
	if (vcpu_protected(c))
		TRY(load_protected(c, r, sel));
	else if (vcpu_v86(c))
		seg_set_v86(&c->seg[r], sel);
	else
		seg_set_real(&c->seg[r], sel);
	if (!segment_same(&old, &c->seg[r]))
		sys_mode_changed(c);
	return fault_none();
}

struct fault seg_load_ss(struct vcpu *c, u16 sel)
{
	TRY(seg_load(c, SS, sel));
	c->inhibit |= INHIBIT_SS;
	sys_mode_changed(c);
	return fault_none();
}

/* The image of an LDT or TSS: its base has 64 bits in long mode. */
static struct fault system_segment(struct vcpu *c, const struct desc *d, struct segment *s)
{
	u32 high;

	*s = desc_segment(d, d->sel);
	if (!vcpu_long(c))
		return fault_none();
	TRY(desc_fetch_high(c, d, &high));
	s->base |= (u64)high << 32;
	return canonical(s->base) ? fault_none() : fault_sel(EXC_GP, d->sel, 0);
}

struct fault seg_lldt(struct vcpu *c, u16 sel)
{
	struct segment s;
	struct desc d;

	if (!vcpu_protected(c))
		return fault_plain(EXC_UD);
	if (c->cpl)
		return fault_gp0();
	if (sel_null(sel)) {
		seg_set_null(&c->ldtr, sel);
		return fault_none();
	}
	if (sel & 4)
		return fault_sel(EXC_GP, sel, 0);
	TRY(desc_fetch(c, sel, EXC_GP, 0, &d));
	if (desc_type(&d) != DESC_TYPE_LDT)
		return fault_sel(EXC_GP, sel, 0);
	if (!desc_present(&d))
		return fault_sel(EXC_NP, sel, 0);
	TRY(system_segment(c, &d, &s));
	c->ldtr = s;
	return fault_none();
}

struct fault seg_ltr(struct vcpu *c, u16 sel)
{
	struct segment s;
	struct desc d;

	if (!vcpu_protected(c))
		return fault_plain(EXC_UD);
	if (c->cpl || sel_null(sel))
		return fault_gp0();
	if (sel & 4)
		return fault_sel(EXC_GP, sel, 0);
	TRY(desc_fetch(c, sel, EXC_GP, 0, &d));
	if ((desc_type(&d) != TSS_AVAIL16 || vcpu_long(c)) && desc_type(&d) != TSS_AVAIL32)
		return fault_sel(EXC_GP, sel, 0);
	if (!desc_present(&d))
		return fault_sel(EXC_NP, sel, 0);
	TRY(system_segment(c, &d, &s));
	TRY(g_rmw8(c, vcpu_sys_linear(c, d.addr.a + 5), 0, TSS_BUSY, NULL));
	c->tr = s;
	c->tr.attr |= TSS_BUSY;
	seen_tables_changed(c);
	return fault_none();
}
