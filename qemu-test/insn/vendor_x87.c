/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of qemu-test/vendor.h about the x87: its pointers in images of the environment, stores
 * that fault or do not, and the MMX state at a fault. See vendor.h.
 */
#include "qemu-test/insn/vendor.h"

#include "qemu-test/vendor.h"

#include <string.h>

enum { SW_ES = 0x80, SW_TOP = 0x3800, SW_B = 0x8000, SW_C1 = 0x200, SW_EXC = 0x7f };

static u32 get(const u8 *p, unsigned size)
{
	u32 r = 0;

	memcpy(&r, p, size);
	return r;
}

static bool is_x87(const struct vendor_insn *i) { return !i->map && (i->op & 0xf8) == 0xd8; }
static unsigned reg_of(const struct vendor_insn *i) { return i->modrm >> 3 & 7; }

/* -- Pointers ---------------------------------------------------------------------- */

struct pointers {
	u32 fdp;
	u16 fop, fcs, fds;
};

/* What is known at one place of the case. */
struct walk {
	struct vendor_case *v;
	unsigned rules, used;
	struct pointers all;		/* noted by every instruction: SDM vol. 1, 8.1.8 */
	struct pointers few;		/* as this CPU notes them */
	struct pointers few2;		/* or so: FNCLEX hid whether there was an exception */
	struct pointers if_raised;	/* `few` if the last instruction has raised one */
	bool may_have_raised;
};

/* No pointers: FNINIT, FNSAVE. */
static void forget(struct walk *w)
{
	memset(&w->all, 0, sizeof w->all);
	w->few = w->few2 = w->all;
	w->may_have_raised = false;
}

/* Not FIP, which all CPUs note alike. SDM vol. 1, figures 8-9 and 8-11. */
static void load_image(struct pointers *p, const u8 *image, bool wide)
{
	p->fcs = (u16)get(image + (wide ? 16 : 8), 2);
	p->fop = wide ? get(image + 18, 2) & 0x7ff : 0;
	p->fdp = get(image + (wide ? 20 : 10), wide ? 4 : 2);
	p->fds = (u16)get(image + (wide ? 24 : 12), 2);
}

static void store_image(const struct pointers *p, u8 *image, bool wide)
{
	memcpy(image + (wide ? 16 : 8), &p->fcs, 2);
	if (wide)
		memcpy(image + 18, &p->fop, 2);
	memcpy(image + (wide ? 20 : 10), &p->fdp, wide ? 4 : 2);
	memcpy(image + (wide ? 24 : 12), &p->fds, 2);
}

/* Are the image's pointers those of p, as the CPU's rules have them? */
static bool image_is(const struct pointers *p, const u8 *image, bool wide)
{
	u8 want[28];

	memcpy(want, image, sizeof want);
	store_image(p, want, wide);
	return !memcmp(want, image, wide ? 28 : 14);
}

static void raised(struct walk *w)
{
	w->few = w->few2 = w->if_raised;
	w->may_have_raised = false;
}

/* FNSTENV and FNSAVE have stored an image: if it is this CPU's, put in what `all` has. */
static void image_stored(struct walk *w, const struct vendor_insn *i)
{
	u32 off = vendor_base(w->v, i->seg) + i->ea - DATA_BASE;
	u8 *image = w->v->data + off;
	bool wide = i->osize32;
	struct pointers cpu, all;

	if (off > DATA_RW - 28)
		return;
	if (w->may_have_raised && (get(image + (wide ? 4 : 2), 2) & SW_ES))
		raised(w);
	if (!image_is(&w->few, image, wide) && !image_is(&w->few2, image, wide))
		return;
	load_image(&cpu, image, wide);
	store_image(&w->all, image, wide);
	load_image(&all, image, wide);
	w->used |= cpu.fcs != all.fcs || cpu.fds != all.fds ? VENDOR_NO_FCS_FDS : 0u;
	w->used |= cpu.fdp != all.fdp ? VENDOR_FDP_ON_ERROR : 0u;
	w->used |= cpu.fop != all.fop ? VENDOR_FOP_ON_ERROR : 0u;
}

/* FLDENV, FRSTOR. */
static void image_loaded(struct walk *w, const struct vendor_insn *i)
{
	u32 off = vendor_base(w->v, i->seg) + i->ea - DATA_BASE;

	if (off > DATA_RW - 28)
		return;
	load_image(&w->all, w->v->before + off, i->osize32);
	w->few = w->all;
	if (w->rules & VENDOR_NO_FCS_FDS)
		w->few.fcs = w->few.fds = 0;
	w->few2 = w->few;
	w->may_have_raised = false;
}

/* What this CPU notes without an exception. */
static void note_few(const struct walk *w, struct pointers *few)
{
	if (!(w->rules & VENDOR_NO_FCS_FDS)) {
		few->fcs = w->all.fcs;
		few->fds = w->all.fds;
	}
	if (!(w->rules & VENDOR_FDP_ON_ERROR))
		few->fdp = w->all.fdp;
	if (!(w->rules & VENDOR_FOP_ON_ERROR))
		few->fop = w->all.fop;
}

/* Any other than a control instruction: notes itself and its operand. */
static void noted(struct walk *w, const struct vendor_insn *i)
{
	w->all.fop = (u16)((i->op & 7) << 8 | i->modrm);
	w->all.fcs = vendor_selector(w->v->c, 1);
	if (i->mem) {
		w->all.fdp = i->ea;
		w->all.fds = vendor_selector(w->v->c, i->seg);
	}
	note_few(w, &w->few);
	note_few(w, &w->few2);
	w->if_raised = w->few;
	w->if_raised.fop = w->all.fop;
	if (i->mem)
		w->if_raised.fdp = i->ea;
	w->may_have_raised = true;
}

/* FNENI, FNDISI, FNSETPM, which do nothing; FNCLEX, FNINIT. */
static bool control_db(struct walk *w, u8 modrm)
{
	if (modrm == 0xe3)
		forget(w);
	if (modrm == 0xe2 && w->may_have_raised) {
		w->few2 = w->if_raised;
		w->may_have_raised = false;
	}
	return modrm >= 0xe0 && modrm <= 0xe4;
}

static void x87_done(struct walk *w, const struct vendor_insn *i)
{
	unsigned reg = reg_of(i);

	if (i->op == 0xdf && i->modrm == 0xe0)
		return;				/* FNSTSW AX */
	if (i->op == 0xdb && !i->mem && control_db(w, i->modrm))
		return;
	if (!i->mem || (i->op != 0xd9 && i->op != 0xdd) || reg < 4) {
		noted(w, i);
		return;
	}
	if (reg == 4) {
		image_loaded(w, i);
	} else if (reg == 6) {
		image_stored(w, i);
		if (i->op == 0xdd)
			forget(w);
	} else if (reg == 5) {			/* FLDCW waits, so nothing was raised before it */
		w->may_have_raised = false;
	}
}

unsigned vendor_pointers(unsigned rules, struct vendor_case *v)
{
	struct walk w = { .v = v, .rules = rules };
	u32 start = insn_slot(v->n) + v->c->start - insn_cs_base(v->n, v->c->segs);
	struct vendor_insn i;

	if (!(rules & (VENDOR_NO_FCS_FDS | VENDOR_FDP_ON_ERROR | VENDOR_FOP_ON_ERROR)))
		return 0;
	for (unsigned at = 0; vendor_scan(v, at, &i) && start + at + i.len <= v->o->eip;
	     at += i.len) {
		if (is_x87(&i))
			x87_done(&w, &i);
		else if (i.op == 0x9b)
			w.may_have_raised = false;
	}
	return w.used;
}

/* -- Stores ------------------------------------------------------------------------- */

/* Size of the number that the instruction stores to memory, or 0. */
static unsigned stored_size(const struct vendor_insn *i)
{
	unsigned reg = reg_of(i);

	if (!is_x87(i) || !i->mem)
		return 0;
	switch (i->op) {
	case 0xd9: return reg == 2 || reg == 3 ? 4 : 0;
	case 0xdb: return reg == 7 ? 10 : reg >= 1 && reg <= 3 ? 4 : 0;
	case 0xdd: return reg >= 1 && reg <= 3 ? 8 : 0;
	case 0xdf: return reg == 6 ? 10 : reg == 7 ? 8 : reg >= 1 && reg <= 3 ? 2 : 0;
	default: return 0;
	}
}

/* The case is one store. */
static unsigned only_store(const struct vendor_case *v, struct vendor_insn *i)
{
	if (!v->fx_before || !vendor_scan(v, 0, i) || i->len != v->c->len)
		return 0;
	return stored_size(i);
}

/*
 * The store has raised an unmasked exception and changed nothing but the status word, where it
 * cannot access its operand.
 */
bool vendor_store_error(struct vendor_case *v)
{
	struct insn_result f;
	struct vendor_insn i;
	unsigned size = only_store(v, &i);
	u32 cw, sw, before;

	if (!size || v->o->vector != 3 || vendor_reach(v, i.seg, i.ea, size, true, &f))
		return false;
	cw = get(v->fx, 2);
	sw = get(v->fx + 2, 2);
	before = get(v->fx_before + 2, 2);
	if ((before & SW_ES) || (sw & (SW_ES | SW_B)) != (SW_ES | SW_B) ||
	    ((sw ^ before) & ~(u32)(SW_ES | SW_B | SW_C1 | SW_EXC)) ||
	    !(sw & ~cw & 0x1b) || cw != get(v->fx_before, 2) ||	/* I, D, O or U */
	    memcmp(v->fx + 4, v->fx_before + 4, FX_SIZE - 4) ||
	    memcmp(v->data, v->before, DATA_RW))
		return false;
	vendor_restart(v, &i, &f);
	return true;
}

/* FBSTP's ten bytes, on this CPU: rounded as the control word says. */
static void bcd_of(const u8 *image, u8 out[10])
{
	u16 cw = (u16)(get(image, 2) | 0x3f), home;

	__asm__ volatile("fnstcw %1\n\tfldcw %2\n\tfldt %3\n\tfbstp %0\n\tfldcw %1"
			 : "=m"(*(u8 (*)[10])out), "=m"(home)
			 : "m"(cw), "m"(*(const u8 (*)[10])(image + 32)) : "memory");
}

/* The first eight bytes that the store writes; of an empty register the indefinite. */
static void first_eight(const struct vendor_case *v, bool bcd, u8 out[10])
{
	static const u8 indefinite[10] = { [7] = 0xc0, [8] = 0xff, [9] = 0xff };
	unsigned top = get(v->fx_before + 2, 2) >> 11 & 7;

	if (!(v->fx_before[4] >> top & 1))
		memcpy(out, indefinite, 10);	/* its first eight bytes are a QNaN's too */
	else if (bcd)
		bcd_of(v->fx_before, out);
	else
		memcpy(out, v->fx_before + 32, 10);
}

/* A fault at the last two bytes, after the first eight were stored. */
bool vendor_store_split(struct vendor_case *v)
{
	struct insn_result f;
	struct vendor_insn i;
	u32 off;
	u8 want[10];

	if (only_store(v, &i) != 10 || vendor_reach(v, i.seg, i.ea, 10, true, &f) ||
	    v->o->vector != f.vector || !memcmp(v->data, v->before, DATA_RW))
		return false;
	off = vendor_base(v, i.seg) + i.ea - DATA_BASE;
	if (off > DATA_RW - 8 || !vendor_reach(v, i.seg, i.ea, 8, true, &f))
		return false;
	first_eight(v, i.op == 0xdf, want);
	if (memcmp(v->data + off, want, 8))
		return false;
	memcpy(v->data + off, v->before + off, 8);
	return true;
}

/* -- MMX ------------------------------------------------------------------------------ */

/* TOP after the instruction, where it was `top`. -1: not one of those that we know. */
static int top_after(const struct vendor_insn *i, unsigned top)
{
	bool xmm = i->p66 || (i->map && (i->op == 0x2a || i->op == 0x2c) && (i->f2 || i->f3));

	if (i->map)
		return xmm ? -1 : 0;
	if (!is_x87(i) || i->op != 0xd9)
		return -1;
	switch (i->modrm) {
	case 0xe8: return (int)((top - 1) & 7);	/* FLD1 */
	case 0xf7: return (int)((top + 1) & 7);	/* FINCSTP */
	case 0xcb: case 0xe1: return (int)top;	/* FXCH, FABS */
	default: return -1;
	}
}

/* TOP is 0 at the fault of an MMX store: turn the registers back to where they were. */
bool vendor_mmx_top(struct vendor_case *v)
{
	u32 start = insn_slot(v->n) + v->c->start - insn_cs_base(v->n, v->c->segs);
	u16 sw = (u16)get(v->fx + 2, 2);
	struct vendor_insn i;
	unsigned at = 0;
	u8 st[8 * 16];
	int top;

	if (!v->fx_before || v->o->vector < 12 || v->o->vector > 14 || (sw & SW_TOP))
		return false;
	top = (int)(get(v->fx_before + 2, 2) >> 11 & 7);
	for (; vendor_scan(v, at, &i) && start + at != v->o->eip; at += i.len) {
		top = top_after(&i, (unsigned)top);
		if (top < 0)
			return false;
	}
	if (start + at != v->o->eip || !i.map || (i.op != 0x7f && i.op != 0xe7) || !i.mem ||
	    i.p66 || i.f3 || !top)
		return false;
	memcpy(st, v->fx + 32, sizeof st);
	for (unsigned k = 0; k < 8; k++)
		memcpy(v->fx + 32 + 16 * k, st + 16 * ((k + (unsigned)top) & 7), 16);
	sw = (u16)(sw | (unsigned)top << 11);
	memcpy(v->fx + 2, &sw, 2);
	return true;
}
