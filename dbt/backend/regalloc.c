/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register allocation in one forward pass over a block: last uses are known (uses.c), each
 * instruction asks for its operands and its result.
 * Law: a value's place is always true at the instruction being lowered.
 */
#include "dbt/backend/regalloc.h"

#include "dbt/backend/host.h"
#include "dbt/backend/uses.h"
#include "kernel/panic.h"

#include <string.h>

void ra_prepare(struct emit *e)
{
	memset(e->guest_head, 0, sizeof(e->guest_head));
	memset(e->temp_val, 0, sizeof(e->temp_val));
	memset(e->spill_val, 0, sizeof(e->spill_val));
	e->temps = R_TEMPS_32;
	e->locked = 0;
}

/* -- Temporaries -- */

static void spill(struct emit *e, val v)
{
	unsigned slot = 0;

	e->temp_val[e->home[v]] = 0;
	if (e->ir->v[v].op == IR_CONST) {
		e->place[v] = AT_CONST;
		return;
	}
	while (slot < SPILL_SLOTS && e->spill_val[slot])
		slot++;
	if (slot == SPILL_SLOTS) {
		e->failed = true;
		slot = 0;
	}
	host_spill(e, e->home[v], slot);
	e->spill_val[slot] = v;
	e->place[v] = AT_SPILL;
	e->home[v] = slot;
}

static void free_temp(struct emit *e, int r)
{
	val v = e->temp_val[r];

	if (e->ir->v[v].op == IR_CONST)
		e->place[v] = AT_CONST;
	else
		e->place[v] = AT_NOWHERE;
	e->temp_val[r] = 0;
}

static int free_register(struct emit *e)
{
	for (u32 m = e->temps & ~e->locked; m; m &= m - 1) {
		int r = __builtin_ctz(m);

		if (e->temp_val[r] && e->last_use[e->temp_val[r]] < e->i)
			free_temp(e, r);
		if (!e->temp_val[r])
			return r;
	}
	return -1;
}

/* The temporary whose value is wanted last makes room. */
static int evict_register(struct emit *e)
{
	int best = -1;

	for (u32 m = e->temps & ~e->locked; m; m &= m - 1) {
		int r = __builtin_ctz(m);

		if (best < 0 || e->last_use[e->temp_val[r]] > e->last_use[e->temp_val[best]])
			best = r;
	}
	must(best >= 0);
	spill(e, e->temp_val[best]);
	return best;
}

static int alloc_temp(struct emit *e)
{
	int r = free_register(e);

	if (r < 0)
		r = evict_register(e);
	e->locked |= 1u << r;
	return r;
}

static void put_in_temp(struct emit *e, val v, int r)
{
	e->place[v] = AT_TEMP;
	e->home[v] = r;
	e->temp_val[r] = v;
}

int ra_scratch(struct emit *e) { return alloc_temp(e); }

bool ra_const(const struct emit *e, val v, s64 *k)
{
	*k = e->ir->v[v].k;
	return e->ir->v[v].op == IR_CONST;
}

/* -- Guest registers -- */

static void guest_add(struct emit *e, unsigned g, val v)
{
	e->place[v] = AT_GUEST;
	e->home[v] = g;
	e->next[v] = e->guest_head[g];
	e->guest_head[g] = v;
}

/* Guest register g is about to change: what is still wanted after i moves away. */
static void guest_evict(struct emit *e, unsigned g, val keep)
{
	val v = e->guest_head[g];

	e->guest_head[g] = 0;
	while (v) {
		val next = e->next[v];

		if (v != keep) {
			e->place[v] = AT_NOWHERE;
			if (e->last_use[v] > e->i) {
				int r = alloc_temp(e);

				host_move(e, r, R_GPR(g));
				put_in_temp(e, v, r);
			}
		}
		v = next;
	}
}

void ra_get(struct emit *e, val v, unsigned g) { guest_add(e, g, v); }

int ra_def(struct emit *e, val v)
{
	unsigned p = e->put_at[v];
	int r;

	if (p && e->ir->v[v].type == T_I32 && uses_early_put_is_safe(e, p)) {
		unsigned g = e->ir->v[p].k;

		guest_evict(e, g, 0);
		guest_add(e, g, v);
		return R_GPR(g);
	}
	r = alloc_temp(e);
	put_in_temp(e, v, r);
	return r;
}

void ra_put(struct emit *e, unsigned g, val v)
{
	int from;
	s64 k;

	if (e->place[v] == AT_GUEST && e->home[v] == g)
		return;
	if (ra_const(e, v, &k) && e->place[v] == AT_CONST) {
		guest_evict(e, g, 0);
		host_const(e, R_GPR(g), k);
		return;
	}
	from = ra_use(e, v);
	guest_evict(e, g, 0);
	host_move(e, R_GPR(g), from);
	if (e->place[v] == AT_TEMP && e->ir->v[v].op != IR_CONST) {
		e->temp_val[from] = 0;
		guest_add(e, g, v);
	}
}

/* -- Operands -- */

int ra_use(struct emit *e, val v)
{
	s64 k;
	int r;

	switch (e->place[v]) {
	case AT_GUEST:
		return R_GPR(e->home[v]);
	case AT_TEMP:
		e->locked |= 1u << e->home[v];
		return e->home[v];
	case AT_CONST:
		ra_const(e, v, &k);
		if (!k)
			return R_ZERO;
		r = alloc_temp(e);
		host_const(e, r, k);
		put_in_temp(e, v, r);
		return r;
	case AT_SPILL:
		r = alloc_temp(e);
		host_fill(e, r, e->home[v]);
		e->spill_val[e->home[v]] = 0;
		put_in_temp(e, v, r);
		return r;
	}
	panic("regalloc: v%u has no place at %u", v, e->i);
}

static inline void release(struct emit *e, val v)
{
	if (!v || e->place[v] < AT_TEMP || e->last_use[v] > e->i)
		return;
	if (e->place[v] == AT_TEMP) {
		free_temp(e, e->home[v]);
	} else {
		e->spill_val[e->home[v]] = 0;
		e->place[v] = AT_NOWHERE;
	}
}

void ra_done(struct emit *e)
{
	const struct ir_insn *in = &e->ir->v[e->i];

	e->locked = 0;
	release(e, in->a);
	release(e, in->b);
	if (!ir_leaves(in))
		release(e, in->c);
}

/* -- Calls -- */

void ra_spill_temps(struct emit *e)
{
	for (u32 m = e->temps; m; m &= m - 1) {
		int r = __builtin_ctz(m);
		val v = e->temp_val[r];

		if (v && e->last_use[v] < e->i)
			free_temp(e, r);
		else if (v)
			spill(e, v);
	}
}

void ra_to_reg(struct emit *e, int r, val v)
{
	s64 k;

	switch (e->place[v]) {
	case AT_GUEST: host_move(e, r, R_GPR(e->home[v])); return;
	case AT_TEMP: host_move(e, r, e->home[v]); return;
	case AT_CONST: ra_const(e, v, &k); host_const(e, r, k); return;
	case AT_SPILL:
		host_fill(e, r, e->home[v]);
		return;
	}
	panic("regalloc: v%u has no place at %u", v, e->i);
}

void ra_claim(struct emit *e, val v, int r)
{
	must(!e->temp_val[r]);
	put_in_temp(e, v, r);
}
