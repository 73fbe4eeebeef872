/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register allocation in one forward pass over a block: last uses are known (uses.c), each
 * instruction asks for its operands and its result.
 * Law: a value's place is always true at the instruction being lowered.
 */
#include "dbt/backend/regalloc.h"

#include "dbt/backend/host.h"
#include "dbt/backend/uses.h"
#include "dbt/x86/cc.h"
#include "kernel/panic.h"

#include <string.h>

void ra_prepare(struct emit *e)
{
	memset(e->guest_head, 0, sizeof(e->guest_head));
	memset(e->temp_val, 0, sizeof(e->temp_val));
	memset(e->spill_val, 0, sizeof(e->spill_val));
	memset(e->gpr, 0, sizeof(e->gpr));
	e->wanted_in_arg = 0;
	if (e->ir->v[e->ir->n - 1].op == IR_EXIT_IND)
		e->wanted_in_arg = e->ir->v[e->ir->n - 1].a;
	e->temps = e->wide ? R_TEMPS_64 : R_TEMPS_32;
	e->locked = 0;
}

/* What general registers are in the IR. */
static enum ir_type reg_type(const struct emit *e) { return e->wide ? T_I64 : T_I32; }

bool ra_held(const struct emit *e, val v)
{
	s64 k = e->ir->v[v].k;

	return e->wide && e->ir->v[v].op == IR_CONST && e->of[v].flag_uses && k != (s32)k;
}

/* -- Temporaries -- */

static void spill(struct emit *e, val v)
{
	unsigned slot = 0;

	e->temp_val[e->of[v].home] = 0;
	if (e->ir->v[v].op == IR_CONST && !ra_held(e, v)) {
		e->of[v].place = AT_CONST;
		return;
	}
	while (slot < SPILL_SLOTS && e->spill_val[slot])
		slot++;
	if (slot == SPILL_SLOTS) {
		e->failed = true;
		slot = 0;
	}
	host_spill(e, e->of[v].home, slot);
	e->spill_val[slot] = v;
	e->of[v].place = AT_SPILL;
	e->of[v].home = slot;
}

static void free_temp(struct emit *e, int r)
{
	val v = e->temp_val[r];

	if (e->ir->v[v].op == IR_CONST)
		e->of[v].place = AT_CONST;
	else
		e->of[v].place = AT_NOWHERE;
	e->temp_val[r] = 0;
}

/* The first of these temporaries that is free, or -1. */
static int free_of(struct emit *e, u32 m)
{
	for (m &= ~e->locked; m; m &= m - 1) {
		int r = __builtin_ctz(m);

		if (e->temp_val[r] && e->of[e->temp_val[r]].last_use < e->i)
			free_temp(e, r);
		if (!e->temp_val[r])
			return r;
	}
	return -1;
}

/* R_ARG(0) comes last if something wants to be there at the end. */
static int free_register(struct emit *e)
{
	u32 last = e->wanted_in_arg ? 1u << R_ARG(0) : 0;
	int r = free_of(e, e->temps & ~last);

	return r < 0 ? free_of(e, e->temps & last) : r;
}

/* The temporary whose value is wanted last makes room. */
static int evict_register(struct emit *e)
{
	int best = -1;

	for (u32 m = e->temps & ~e->locked; m; m &= m - 1) {
		int r = __builtin_ctz(m);

		if (best < 0 || e->of[e->temp_val[r]].last_use > e->of[e->temp_val[best]].last_use)
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
	e->of[v].place = AT_TEMP;
	e->of[v].home = r;
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
	e->gpr[g] = v;
	e->of[v].place = AT_GUEST;
	e->of[v].home = g;
	e->next[v] = e->guest_head[g];
	e->guest_head[g] = v;
}

/* v is no longer to be had but as base + k, until it is wanted in a register. */
static void become_sum(struct emit *e, val v, val base, s64 k)
{
	e->of[v].place = AT_SUM;
	e->next[v] = base;
	e->sum[v] = (s16)k;
	if (e->of[base].last_use < e->of[v].last_use)
		e->of[base].last_use = e->of[v].last_use;
}

/* Is v a sum with a small constant, of *base and *k? */
static bool small_sum(const struct emit *e, val v, val *base, s64 *k)
{
	const struct ir_insn *in = &e->ir->v[v];

	*base = in->a;
	return in->op == IR_ADD && in->type == reg_type(e) && !e->of[in->a].folded &&
	       !ra_const(e, in->a, k) && ra_const(e, in->b, k) && *k > -2048 && *k < 2048;
}

/* Another guest register that was given v last, or -1. */
static int copy_of(const struct emit *e, unsigned g, val v)
{
	for (unsigned n = 0; n < e->gprs; n++)
		if (n != g && e->gpr[n] == v)
			return (int)n;
	return -1;
}

/* Are other flags in force before anybody could look, from the next instruction on? */
static bool set_at_once(const struct emit *e)
{
	for (unsigned i = e->i + 1; i < e->ir->n && i <= e->i + 8; i++) {
		const struct ir_insn *in = &e->ir->v[i];

		if (in->op == IR_SETF && in->x <= CC_LAST_FULL)
			return true;
		if (ir_may_fault(in) || ir_leaves(in) || in->op == IR_HELPER ||
		    in->op == IR_ENTRYF || in->op == IR_ENTRYCF)
			return false;
	}
	return false;
}

/* Do the pinned registers hold flags that somebody may still ask for? */
static bool pins_wanted(const struct emit *e)
{
	val s = e->setf;

	while (s && s != e->materialized && e->ir->v[s].x > CC_LAST_FULL)
		s = (val)e->ir->v[s].k;
	return (!s || s == e->materialized) && !set_at_once(e);
}

/* The pinned register that v, an operand of flags at an exit, is to be computed in, or -1. */
static int pin_of(struct emit *e, val v)
{
	int r = e->of[v].pin == PIN_A ? R_CCA : e->of[v].pin == PIN_B ? R_CCB : -1;

	if (r < 0 || pins_wanted(e))
		return -1;
	if (e->temp_val[r] && e->of[e->temp_val[r]].last_use < e->i)
		free_temp(e, r);
	return e->temp_val[r] || (e->locked >> r & 1) ? -1 : r;
}

/* Does it need nothing but its operand and a register for its result? */
static bool is_simple(const struct emit *e, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_SHL: case IR_SHR: case IR_SAR: case IR_AND: case IR_OR: case IR_XOR:
		return ir_is_const(e->ir, in->b) && (u64)e->ir->v[in->b].k < 4096;
	}
	return false;
}

/* What alone v is still wanted for, if that may be computed now and stay in a temporary; or 0. */
static val sole_user(const struct emit *e, val v)
{
	val j = e->of[v].last_use;
	const struct value *of = &e->of[j];

	if (e->of[v].flag_uses || e->ir->v[j].a != v || !is_simple(e, &e->ir->v[j]) || !of->uses ||
	    of->uses == of->flag_uses || of->folded || of->put_at || of->pin)
		return 0;
	for (unsigned k = e->i + 1; k < j; k++)
		if (e->ir->v[k].a == v || e->ir->v[k].b == v || e->ir->v[k].c == v)
			return 0;
	return j;
}

/* j, which takes v from guest register g, is emitted now. */
static void emit_early(struct emit *e, unsigned g, val v, val j)
{
	unsigned i = e->i;
	u32 temps = e->temps;
	int r = alloc_temp(e);

	e->of[v].place = AT_GUEST;
	e->of[v].home = (u8)g;
	e->of[e->ir->v[j].b].place = AT_CONST;
	e->locked &= ~(1u << r);
	e->temps = 1u << r;
	e->i = j;
	host_lower_alu(e, &e->ir->v[j]);
	e->i = i;
	e->temps = temps;
	e->of[v].place = AT_NOWHERE;
	e->of[j].early = true;
}

/* v, in guest register g, is wanted, and g becomes `becomes`. */
static void rescue(struct emit *e, unsigned g, val v, val becomes)
{
	int other = copy_of(e, g, v), r;
	val base, user;
	s64 k;

	if (other >= 0) {
		guest_add(e, (unsigned)other, v);
	} else if (small_sum(e, becomes, &base, &k) && base == v) {
		become_sum(e, v, becomes, -k);
	} else if ((user = sole_user(e, v))) {
		emit_early(e, g, v, user);
	} else {
		r = pin_of(e, v);
		if (r < 0)
			r = alloc_temp(e);
		e->locked |= 1u << r;
		host_move(e, r, R_GPR(g));
		put_in_temp(e, v, r);
	}
}

/* Guest register g is about to change: what is still wanted after i is rescued. */
static void guest_evict(struct emit *e, unsigned g, val becomes)
{
	val v = e->guest_head[g];

	e->guest_head[g] = 0;
	e->gpr[g] = 0;
	while (v) {
		val next = e->next[v];

		e->of[v].place = AT_NOWHERE;
		if (e->of[v].last_use > e->i)
			rescue(e, g, v, becomes);
		v = next;
	}
}

void ra_get(struct emit *e, val v, unsigned g) { guest_add(e, g, v); }

bool ra_sum(struct emit *e, val v)
{
	val base;
	s64 k;

	if (e->of[v].uses != e->of[v].flag_uses || !small_sum(e, v, &base, &k))
		return false;
	become_sum(e, v, base, k);
	return true;
}

int ra_def(struct emit *e, val v)
{
	unsigned p = e->of[v].put_at;
	int r;

	if (p && (e->wide || e->ir->v[v].type == T_I32) && uses_early_put_is_safe(e, p)) {
		unsigned g = e->ir->v[p].k;

		guest_evict(e, g, v);
		guest_add(e, g, v);
		return R_GPR(g);
	}
	r = pin_of(e, v);
	if (r < 0) {
		r = R_ARG(0);
		if (v != e->wanted_in_arg || e->temp_val[r] || (e->locked >> r & 1))
			r = alloc_temp(e);
	}
	e->locked |= 1u << r;
	put_in_temp(e, v, r);
	return r;
}

void ra_put(struct emit *e, unsigned g, val v)
{
	int from;
	s64 k;

	if (e->of[v].place == AT_GUEST && e->of[v].home == g)
		return;
	if (ra_const(e, v, &k) && e->of[v].place == AT_CONST) {
		guest_evict(e, g, 0);
		host_const(e, R_GPR(g), k);
		e->gpr[g] = v;
		return;
	}
	from = ra_use(e, v);
	guest_evict(e, g, v);
	host_move(e, R_GPR(g), from);
	e->gpr[g] = v;
	if (e->of[v].place == AT_TEMP && e->ir->v[v].op != IR_CONST) {
		e->temp_val[from] = 0;
		guest_add(e, g, v);
	}
}

/* -- Operands -- */

void ra_add(struct emit *e, int r, int s, s64 k)
{
	if (!k)
		host_move(e, r, s);
	while (k) {
		s64 step = k < -2048 ? -2048 : k > 2047 ? 2047 : k;

		host_add(e, r, s, step);
		k -= step;
		s = r;
	}
}

/* What v is a sum of, and the constant. */
static val sum_base(const struct emit *e, val v, s64 *k)
{
	for (*k = 0; e->of[v].place == AT_SUM; v = e->next[v])
		*k += e->sum[v];
	return v;
}

/* The sum is made after all. */
static int use_sum(struct emit *e, val v)
{
	s64 k;
	int from = ra_use(e, sum_base(e, v, &k)), r = alloc_temp(e);

	ra_add(e, r, from, k);
	put_in_temp(e, v, r);
	return r;
}

int ra_use_near(struct emit *e, val v)
{
	s64 k;

	return ra_use(e, sum_base(e, v, &k));
}

int ra_use(struct emit *e, val v)
{
	s64 k;
	int r;

	switch (e->of[v].place) {
	case AT_GUEST:
		return R_GPR(e->of[v].home);
	case AT_TEMP:
		e->locked |= 1u << e->of[v].home;
		return e->of[v].home;
	case AT_CONST:
		ra_const(e, v, &k);
		if (!k)
			return R_ZERO;
		r = copy_of(e, 16, v);
		if (r >= 0) {
			if (ra_held(e, v))
				guest_add(e, (unsigned)r, v);
			return R_GPR(r);
		}
		r = pin_of(e, v);
		r = r < 0 ? alloc_temp(e) : r;
		e->locked |= 1u << r;
		host_const(e, r, k);
		put_in_temp(e, v, r);
		return r;
	case AT_SPILL:
		r = alloc_temp(e);
		host_fill(e, r, e->of[v].home);
		e->spill_val[e->of[v].home] = 0;
		put_in_temp(e, v, r);
		return r;
	case AT_SUM:
		return use_sum(e, v);
	}
	panic("regalloc: v%u has no place at %u", v, e->i);
}

static inline void release(struct emit *e, val v)
{
	if (!v || e->of[v].place < AT_TEMP || e->of[v].last_use > e->i)
		return;
	if (e->of[v].place == AT_TEMP) {
		free_temp(e, e->of[v].home);
	} else if (e->of[v].place == AT_SPILL) {
		e->spill_val[e->of[v].home] = 0;
		e->of[v].place = AT_NOWHERE;
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

/* Does v go to an argument register now, and is then wanted by nobody, nor by a recipe? */
static bool passes(const struct emit *e, val v, const val arg[3])
{
	bool is_arg = false;

	for (int n = 0; n < 3; n++) {
		if (arg[n] && e->of[arg[n]].place == AT_SUM)
			return false;		/* takes a temporary itself */
		is_arg |= arg[n] == v;
	}
	return is_arg && e->of[v].last_use == e->i && !e->of[v].flag_uses;
}

static void spill_temps(struct emit *e, const val arg[3])
{
	for (u32 m = e->temps; m; m &= m - 1) {
		int r = __builtin_ctz(m);
		val v = e->temp_val[r];

		if (v && e->of[v].last_use < e->i)
			free_temp(e, r);
		else if (v && !passes(e, v, arg))
			spill(e, v);
	}
}

/* Which of arguments n … of a call, in temporaries, wants nobody else's place; or -1. */
static int movable(const struct emit *e, const val v[3], unsigned left)
{
	for (int n = 0; n < 3; n++) {
		bool free = left >> n & 1;

		for (int k = 0; k < 3; k++)
			free &= k == n || !(left >> k & 1) || e->of[v[k]].home != R_ARG(n + 1);
		if (free)
			return n;
	}
	return -1;
}

void ra_to_args(struct emit *e, const val v[3])
{
	unsigned left = 0;

	spill_temps(e, v);
	for (int n = 0; n < 3; n++)
		if (v[n] && e->of[v[n]].place == AT_TEMP)
			left |= 1u << n;
	while (left) {
		int n = movable(e, v, left);

		if (n < 0) {		/* a ring: one of them steps aside */
			n = __builtin_ctz(left);
			host_move(e, R_SCRATCH, e->of[v[n]].home);
			e->of[v[n]].home = R_SCRATCH;
			continue;
		}
		ra_to_reg(e, R_ARG(n + 1), v[n]);
		left &= ~(1u << n);
	}
	for (int n = 0; n < 3; n++)
		if (v[n] && e->of[v[n]].place != AT_TEMP)
			ra_to_reg(e, R_ARG(n + 1), v[n]);
	for (u32 m = e->temps; m; m &= m - 1)
		if (e->temp_val[__builtin_ctz(m)])
			free_temp(e, __builtin_ctz(m));
}

void ra_to_reg(struct emit *e, int r, val v)
{
	s64 k;

	switch (e->of[v].place) {
	case AT_GUEST: host_move(e, r, R_GPR(e->of[v].home)); return;
	case AT_TEMP:
		if (e->of[v].home != r)
			host_move(e, r, e->of[v].home);
		return;
	case AT_CONST: ra_const(e, v, &k); host_const(e, r, k); return;
	case AT_SUM:
		v = sum_base(e, v, &k);
		ra_add(e, r, ra_use(e, v), k);
		return;
	case AT_SPILL:
		host_fill(e, r, e->of[v].home);
		return;
	}
	panic("regalloc: v%u has no place at %u", v, e->i);
}

void ra_claim(struct emit *e, val v, int r)
{
	must(!e->temp_val[r]);
	put_in_temp(e, v, r);
}
