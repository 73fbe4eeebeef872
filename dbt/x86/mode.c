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

#define WHOLE 0xffffffffll	/* the span of all offsets; none that expands down has it */

static void vcpu_seg_update(struct vcpu *c, enum sreg s)
{
	const struct segment *g = &c->seg[s];
	s64 span = g->limit;

	c->seg_lo[s] = 0;
	c->seg_partial[s] = 0;
	if (c->mode.long_code) {
		c->seg_span[0][s] = c->seg_span[1][s] = INT64_MAX;
		return;
	}
	if (expand_down(g)) {
		u32 top = g->attr & SEG_DB ? 0xffffffff : 0xffff;

		c->seg_lo[s] = g->limit + 1;
		span = g->limit >= top ? -1 : (s64)top - g->limit - 1;
	}
	if (!usable(c, g))
		span = -1;
	c->seg_span[0][s] = readable(c, g) ? span : -1;
	c->seg_span[1][s] = writable(c, g) ? span : -1;
	c->seg_partial[s] = c->seg_span[0][s] < WHOLE || c->seg_span[1][s] < WHOLE;
}

/* 64-bit code looks at the bases of FS and GS only (SDM vol. 3, 3.4.4). */
static u32 long_key(enum sreg s)
{
	if (s == FS || s == GS)
		return 0;
	return 1u << (KEY_FLAT_SHIFT + s) |
	       (s == CS ? KEY_LONG | KEY_CS32 | KEY_CS_64K : s == SS ? KEY_SS32 : 0);
}

static u32 seg_key(const struct vcpu *c, enum sreg s)
{
	const struct segment *g = &c->seg[s];
	u32 k = 0;

	if (c->mode.long_code)
		return long_key(s);
	if (expand_down(g))
		k |= KEY_EXPAND_DOWN;
	else if (!g->base && g->limit == 0xffffffff && usable(c, g) && readable(c, g) &&
		 (s == CS || writable(c, g)))
		k |= 1u << (KEY_FLAT_SHIFT + s);
	if (s == CS)
		k |= (g->attr & SEG_DB ? KEY_CS32 : 0) | (g->limit >= 0xffff ? KEY_CS_64K : 0);
	if (s == SS)
		k |= g->attr & SEG_DB ? KEY_SS32 : 0;
	return k;
}

/* The part of the key that control registers, MXCSR and breakpoints give. */
static u32 system_key(const struct vcpu *c)
{
	u32 k = c->break_key;

	k |= vcpu_long(c) ? KEY_LMA : 0;	/* it changes with CR0.PG only */
	k |= c->cr0 & CR0_PE ? KEY_PE : 0;
	k |= c->cr0 & CR0_TS ? KEY_TS : 0;
	k |= c->cr0 & CR0_EM ? KEY_EM : 0;
	k |= c->cr0 & CR0_MP ? KEY_MP : 0;
	k |= c->cr0 & CR0_NE ? KEY_NE : 0;
	k |= c->cr4 & CR4_OSFXSR ? KEY_OSFXSR : 0;
	k |= c->cr4 & CR4_OSXMMEXCPT ? KEY_XMMEXCPT : 0;
	if ((c->mxcsr & (MXCSR_MASKS | MXCSR_DAZ | MXCSR_FTZ)) != MXCSR_MASKS)
		k |= KEY_SSE_SOFT;
	return k;
}

static void update_system(struct vcpu *c)
{
	struct mode_seen *m = &c->mode;

	if (m->real && m->cr0 == c->cr0 && m->cr4 == c->cr4 && m->break_key == c->break_key &&
	    m->mxcsr == c->mxcsr)
		return;
	m->cr0 = c->cr0;
	m->cr4 = c->cr4;
	m->break_key = c->break_key;
	m->mxcsr = c->mxcsr;
	m->system_key = system_key(c);
	c->passage_not = ~0ull;
}

/*
 * Does CS now say otherwise whether this is 64-bit code? EFER.LMA itself changes only while CS.L is
 * clear, or together with real mode.
 */
static bool changes_long(const struct vcpu *c)
{
	return ((c->mode.seg[CS].attr ^ c->seg[CS].attr) & SEG_L) && vcpu_long(c);
}

static void update_segments(struct vcpu *c)
{
	struct mode_seen *m = &c->mode;
	u32 real = is_real(c) + 1;
	bool all = m->real != real || changes_long(c);

	if (all)
		m->long_code = vcpu_code64(c);
	for (int s = 0; s < SREG_COUNT; s++) {
		if (!all && segment_same(&m->seg[s], &c->seg[s]))
			continue;
		m->seg[s] = c->seg[s];
		vcpu_seg_update(c, s);
		m->seg_key[s] = seg_key(c, s);
	}
	m->real = real;
}

bool vcpu_mode_keep(struct vcpu *c, enum sreg s, const struct segment *g)
{
	struct segment old = c->seg[s];

	c->seg[s] = *g;
	if (seg_key(c, s) != c->mode.seg_key[s]) {
		c->seg[s] = old;
		return false;
	}
	c->mode.seg[s] = *g;
	vcpu_seg_update(c, s);
	return true;
}

/* The part that changes with privilege and flags. */
static inline u32 level_key(const struct vcpu *c)
{
	u32 k = c->cpl;

	k |= c->cpl <= (c->eflags & FL_IOPL) >> 12 ? KEY_IO_OK : 0;
	k |= c->eflags & FL_TF ? KEY_TF : 0;
	k |= c->inhibit | (c->eflags & FL_RF) ? KEY_INHIBIT : 0;
	k |= c->df < 0 ? KEY_DF : 0;
	if ((c->eflags & FL_AC) && (c->cr0 & CR0_AM) && c->cpl == 3)
		k |= KEY_AC;
	return k;
}

/* Segments, and virtual-8086 mode. */
static u32 segments_key(const struct vcpu *c)
{
	const u32 *seg = c->mode.seg_key;
	u32 k = seg[ES] | seg[CS] | seg[SS] | seg[DS] | seg[FS] | seg[GS];

	return k | (c->eflags & FL_VM ? KEY_VM : 0);
}

enum {
	LONG_DATA = 1u << ES | 1u << CS | 1u << SS | 1u << DS,
	LONG_KEY = KEY_LONG | KEY_CS32 | KEY_SS32 | KEY_CS_64K | LONG_DATA << KEY_FLAT_SHIFT,
};

u32 vcpu_long_key(const struct vcpu *c)
{
	return c->mode.system_key | LONG_KEY | level_key(c);
}

u32 vcpu_long_key_plain(const struct vcpu *c) { return c->mode.system_key | LONG_KEY; }

void vcpu_mode_update(struct vcpu *c)
{
	update_system(c);
	if (c->mode.long_code && vcpu_code64(c)) {
		c->key_flags = vcpu_long_key(c);
		return;
	}
	update_segments(c);
	c->key_flags = c->mode.system_key | segments_key(c) | level_key(c);
}
