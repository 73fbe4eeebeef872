/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Constants into general registers. Not a constant pool. A plan is made from the bottom up: what
 * fits a signed word is LUI and ORI or one of ADDIU, ORI, LUI; else the last instruction is one of
 *
 *	DSLL	by all the zeros at the end, if there are 16 or what is above is a word
 *	ORI	of the low 16 bits, or DADDIU where they count as negative
 *	DEXT	that leaves zeros above a negative word, or DSRL that brings them from above
 *
 * and what stands before it is planned the same way. The invariant: a plan makes exactly its
 * constant, from a register of any content.
 */
#include "dbt/backend/mips64/konst.h"

#include "dbt/backend/mips64/regs.h"
#include "kernel/lib/bits.h"

#define PLAN_MAX 8

enum step_kind { ADDIU, ORI_ZERO, LUI, ORI, DADDIU, DSLL, DSRL, DEXT };

struct plan {
	unsigned n;
	struct { u8 kind; s64 k; } step[PLAN_MAX];
};

static void add(struct plan *p, unsigned kind, s64 k)
{
	must(p->n < PLAN_MAX);
	p->step[p->n].kind = kind;
	p->step[p->n++].k = k;
}

static bool is_word(s64 v) { return v >= INT32_MIN && v <= INT32_MAX; }

/* A signed word, or 16 bits without a sign. */
static void plan_word(struct plan *p, s64 v)
{
	if (mi_ok_si16(v)) {
		add(p, ADDIU, v);
	} else if (mi_ok_ui16(v)) {
		add(p, ORI_ZERO, v);
	} else {
		add(p, LUI, v >> 16 & 0xffff);
		if (v & 0xffff)
			add(p, ORI, v & 0xffff);
	}
}

static void plan_any(struct plan *p, s64 v);

/* The low 16 bits last: as they are, or, from the constant above, as a negative number. */
static void plan_low(struct plan *p, s64 v)
{
	s64 low = sign_extend((u64)v, 16);
	struct plan q = { 0 };

	plan_any(p, v & ~0xffffll);
	add(p, ORI, v & 0xffff);
	if (low >= 0)
		return;
	plan_any(&q, (s64)((u64)v - (u64)low));
	add(&q, DADDIU, low);
	if (q.n < p->n)
		*p = q;
}

/* A positive constant that is no word from a word: the zeros above come last. False: from none. */
static bool plan_zeros_above(struct plan *p, s64 v)
{
	unsigned top = v > 0 ? (unsigned)__builtin_clzll((u64)v) : 0;
	s64 shifted = (s64)((u64)v << top), extended = sign_extend((u64)v, 64 - top);

	if (!top)
		return false;
	if (!(shifted & 0xffff) && is_word(shifted)) {
		plan_word(p, shifted);
		add(p, DSRL, top);
		return true;
	}
	if (!is_word(extended))
		return false;
	plan_word(p, extended);
	add(p, DEXT, 64 - top);
	return true;
}

static void plan_any(struct plan *p, s64 v)
{
	unsigned n = v ? (unsigned)__builtin_ctzll((u64)v) : 0;

	if (is_word(v)) {
		plan_word(p, v);
	} else if (plan_zeros_above(p, v)) {
		return;
	} else if (n >= 16) {
		plan_any(p, v >> n);
		add(p, DSLL, n);
	} else {
		plan_low(p, v);
		if (p->n > 3 && is_word(v >> n)) {
			p->n = 0;
			plan_word(p, v >> n);
			add(p, DSLL, n);
		}
	}
}

void mi_li(struct code *c, int rd, s64 v)
{
	struct plan p = { 0 };

	must(rd != R_ZERO);
	plan_any(&p, v);
	for (unsigned i = 0; i < p.n; i++) {
		s64 k = p.step[i].k;

		switch (p.step[i].kind) {
		case ADDIU: mi_addiu(c, rd, R_ZERO, k); break;
		case ORI_ZERO: mi_ori(c, rd, R_ZERO, k); break;
		case LUI: mi_lui(c, rd, k); break;
		case ORI: mi_ori(c, rd, rd, k); break;
		case DADDIU: mi_daddiu(c, rd, rd, k); break;
		case DSLL: mi_dsll(c, rd, rd, k); break;
		case DSRL: mi_dsrl(c, rd, rd, k); break;
		case DEXT: mi_dext(c, rd, rd, 0, k); break;
		}
	}
}
