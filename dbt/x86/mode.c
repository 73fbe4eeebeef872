/* SPDX-License-Identifier: BSD-2-Clause */
/* The block key's flags and the segment checks, from the CPU's state. */
#include "dbt/x86/mode.h"

#include "dbt/fp/softsse.h"

static bool is_real(const struct vcpu *c)
{
	return !(c->cr0 & CR0_PE) || (c->eflags & FL_VM);
}

/*
 * In real and V86 mode every segment can be written; a hidden part left from protected mode keeps
 * its limit.
 */
static bool writable(const struct vcpu *c, const struct segment *g)
{
	return is_real(c) || (g->attr & (SEG_CODE | SEG_WRITABLE)) == SEG_WRITABLE;
}

static bool readable(const struct vcpu *c, const struct segment *g)
{
	return is_real(c) || !(g->attr & SEG_CODE) || (g->attr & SEG_READABLE);
}

static bool expand_down(const struct segment *g)
{
	return (g->attr & (SEG_S | SEG_CODE | SEG_EXPAND_DOWN)) == (SEG_S | SEG_EXPAND_DOWN);
}

static bool usable(const struct vcpu *c, const struct segment *g)
{
	return is_real(c) || (g->attr & SEG_P);
}

static void vcpu_seg_update(struct vcpu *c, enum sreg s)
{
	const struct segment *g = &c->seg[s];
	s64 span = g->limit;

	c->seg_lo[s] = 0;
	if (expand_down(g)) {
		u32 top = g->attr & SEG_DB ? 0xffffffff : 0xffff;

		c->seg_lo[s] = g->limit + 1;
		span = g->limit >= top ? -1 : (s64)top - g->limit - 1;
	}
	if (!usable(c, g))
		span = -1;
	c->seg_span[0][s] = readable(c, g) ? span : -1;
	c->seg_span[1][s] = writable(c, g) ? span : -1;
}

static u32 seg_key(const struct vcpu *c, enum sreg s)
{
	const struct segment *g = &c->seg[s];
	u32 k = 0;

	if (expand_down(g))
		k |= KEY_EXPAND_DOWN;
	else if (!g->base && g->limit == 0xffffffff && usable(c, g) && readable(c, g) &&
		 (s == CS || writable(c, g)))
		k |= 1u << (KEY_FLAT_SHIFT + s);
	return k;
}

static void vcpu_update_key(struct vcpu *c)
{
	unsigned iopl = (c->eflags & FL_IOPL) >> 12;
	u32 k = c->cpl;

	for (int s = 0; s < SREG_COUNT; s++)
		k |= seg_key(c, s);
	if (c->seg[CS].attr & SEG_DB)
		k |= KEY_CS32;
	if (c->seg[SS].attr & SEG_DB)
		k |= KEY_SS32;
	k |= c->seg[CS].limit >= 0xffff ? KEY_CS_64K : 0;
	k |= c->cr0 & CR0_PE ? KEY_PE : 0;
	k |= c->eflags & FL_VM ? KEY_VM : 0;
	k |= c->cpl <= iopl ? KEY_IO_OK : 0;
	k |= c->eflags & FL_TF ? KEY_TF : 0;
	k |= c->cr0 & CR0_TS ? KEY_TS : 0;
	k |= c->cr0 & CR0_EM ? KEY_EM : 0;
	k |= c->cr0 & CR0_MP ? KEY_MP : 0;
	k |= c->cr0 & CR0_NE ? KEY_NE : 0;
	k |= c->cr4 & CR4_OSFXSR ? KEY_OSFXSR : 0;
	k |= c->cr4 & CR4_OSXMMEXCPT ? KEY_XMMEXCPT : 0;
	k |= c->inhibit | (c->eflags & FL_RF) ? KEY_INHIBIT : 0;
	k |= c->break_key;
	k |= c->df < 0 ? KEY_DF : 0;
	if ((c->mxcsr & (MXCSR_MASKS | MXCSR_DAZ | MXCSR_FTZ)) != MXCSR_MASKS)
		k |= KEY_SSE_SOFT;
	if ((c->cr0 & CR0_AM) && (c->eflags & FL_AC) && c->cpl == 3)
		k |= KEY_AC;
	c->key_flags = k;
}

void vcpu_mode_update(struct vcpu *c)
{
	for (int s = 0; s < SREG_COUNT; s++)
		vcpu_seg_update(c, s);
	vcpu_update_key(c);
}
