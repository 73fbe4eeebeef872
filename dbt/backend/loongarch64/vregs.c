/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector registers of a block: XMM0-7 pinned in vr16-vr23, temporaries vr0-vr15. Values live
 * within one x86 instruction (the lifter reads XMM registers anew in each), so nothing
 * is ever spilled. C keeps all of them.
 */
#include "dbt/backend/loongarch64/emit.h"

#include "kernel/panic.h"

static int alloc(struct emit *e)
{
	for (u32 m = V_TEMPS & ~e->vlocked; m; m &= m - 1) {
		int r = __builtin_ctz(m);
		val v = e->vtemp_val[r];

		if (v && e->last_use[v] >= e->i)
			continue;
		if (v)
			e->place[v] = AT_NOWHERE;
		e->vtemp_val[r] = 0;
		e->vlocked |= 1u << r;
		return r;
	}
	panic("vregs: no register left at %u", e->i);
}

static void put_in_temp(struct emit *e, val v, int r)
{
	e->place[v] = AT_TEMP;
	e->home[v] = r;
	e->vtemp_val[r] = v;
}

static void move(struct emit *e, int d, int s) { la_vori_b(&e->c, d, s, 0); }

/* XMM register g is about to change: what is still wanted after i moves away. */
static void evict(struct emit *e, unsigned g)
{
	val v = e->xmm_head[g];

	e->xmm_head[g] = 0;
	for (; v; v = e->next[v]) {
		e->place[v] = AT_NOWHERE;
		if (e->last_use[v] > e->i) {
			int r = alloc(e);

			move(e, r, V_XMM(g));
			put_in_temp(e, v, r);
		}
	}
}

void va_get(struct emit *e, val v, unsigned g)
{
	e->place[v] = AT_GUEST;
	e->home[v] = g;
	e->next[v] = e->xmm_head[g];
	e->xmm_head[g] = v;
}

int va_use(struct emit *e, val v)
{
	switch (e->place[v]) {
	case AT_GUEST:
		return V_XMM(e->home[v]);
	case AT_TEMP:
		e->vlocked |= 1u << e->home[v];
		return e->home[v];
	}
	panic("vregs: v%u has no place at %u", v, e->i);
}

int va_scratch(struct emit *e) { return alloc(e); }

static int in_temp(struct emit *e, val v)
{
	int r = alloc(e);

	put_in_temp(e, v, r);
	return r;
}

/* The XMM register that takes the result, if that may be written now; else -1. */
static int early(struct emit *e, val v)
{
	unsigned p = e->put_at[v];

	return p && ra_early_put_is_safe(e, p) ? (int)e->ir->v[p].k : -1;
}

static int in_xmm(struct emit *e, val v, unsigned g)
{
	evict(e, g);
	va_get(e, v, g);
	return V_XMM(g);
}

int va_def(struct emit *e, val v)
{
	int g = early(e, v);

	return g < 0 ? in_temp(e, v) : in_xmm(e, v, g);
}

static bool lives_in(const struct emit *e, val v, int g)
{
	return v && e->ir->v[v].type == T_V128 && e->place[v] == AT_GUEST && e->home[v] == g;
}

int va_def_new(struct emit *e, val v)
{
	const struct ir_insn *in = &e->ir->v[e->i];
	int g = early(e, v);

	if (g < 0 || lives_in(e, in->a, g) || lives_in(e, in->b, g))
		return in_temp(e, v);
	return in_xmm(e, v, g);
}

int va_def_copy(struct emit *e, val v, val a, val b)
{
	int g = early(e, v), from = va_use(e, a), r;

	if (g >= 0 && (lives_in(e, a, g) || !lives_in(e, b, g)))
		r = in_xmm(e, v, g);
	else
		r = in_temp(e, v);
	if (r != from)
		move(e, r, from);
	return r;
}

void va_put(struct emit *e, unsigned g, val v)
{
	int from;

	if (lives_in(e, v, g))
		return;
	from = va_use(e, v);
	evict(e, g);
	move(e, V_XMM(g), from);
}

void va_release(struct emit *e, val v)
{
	if (e->place[v] != AT_TEMP)
		return;
	e->vtemp_val[e->home[v]] = 0;
	e->place[v] = AT_NOWHERE;
}
