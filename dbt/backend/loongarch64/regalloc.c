/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register allocation in one forward pass over a block: last uses are found
 * backward first, then each instruction asks for its operands and its result.
 * Law: a value's place is always true at the instruction being lowered; what
 * flag recipes may still ask for counts as a use.
 */
#include "dbt/backend/loongarch64/emit.h"

#include "dbt/x86/cc.h"
#include "dbt/x86/cpu.h"
#include "kernel/panic.h"

#include <string.h>

/* -- Before emission -- */

static void note_use(struct emit *e, val v, unsigned at)
{
	if (!v)
		return;
	e->uses[v]++;
	if (e->last_use[v] < at)
		e->last_use[v] = at;
}

/* Until where each SETF's operands may be asked for: faults and exits while it is in force. */
static void find_needs(struct emit *e)
{
	val setf = 0;

	for (unsigned i = 1; i < e->ir->n; i++) {
		const struct ir_insn *in = &e->ir->v[i];

		if (in->op == IR_SETF)
			setf = i;
		else if (ir_may_fault(in) && setf)
			e->need[setf] = i;
		if ((ir_info[in->op].effects & IR_X) && in->c && e->need[in->c] < i)
			e->need[in->c] = i;
	}
	for (unsigned i = e->ir->n; i-- > 1;) {
		const struct ir_insn *in = &e->ir->v[i];

		if (in->op == IR_SETF && in->x > CC_LAST_FULL && e->need[in->k] < e->need[i])
			e->need[in->k] = e->need[i];
	}
	e->need[0] = 0;
}

static bool unwanted(const struct emit *e, unsigned i)
{
	const struct ir_insn *in = &e->ir->v[i];

	return !e->uses[i] && (ir_pure(in) || in->op == IR_GETREG || in->op == IR_LDSTATE ||
			       in->op == IR_ENTRYF || in->op == IR_ENTRYCF || in->op == IR_GETXMM);
}

static void find_uses(struct emit *e)
{
	for (unsigned i = e->ir->n; i-- > 1;) {
		const struct ir_insn *in = &e->ir->v[i];

		if (in->op == IR_NOP || unwanted(e, i))
			continue;
		if (in->op == IR_SETF) {
			if (!e->need[i])
				continue;
			note_use(e, in->a, e->need[i]);
			note_use(e, in->b, e->need[i]);
			note_use(e, in->c, e->need[i]);
			continue;
		}
		note_use(e, in->a, i);
		note_use(e, in->b, i);
		if (!(ir_info[in->op].effects & IR_X))
			note_use(e, in->c, i);
		if (in->op == IR_PUTREG || in->op == IR_PUTXMM)
			e->put_at[in->a] = i;
	}
}

/* ADD of a value shifted left by 1 … 4 that nobody else wants: one alsl.w. */
static void find_folds(struct emit *e)
{
	for (unsigned i = 1; i < e->ir->n; i++) {
		struct ir_insn *in = &e->ir->v[i], *shl;

		if (in->op != IR_ADD || in->type != T_I32)
			continue;
		if (e->ir->v[in->b].op == IR_SHL) {
			val t = in->a;

			in->a = in->b;
			in->b = t;
		}
		shl = &e->ir->v[in->a];
		if (shl->op != IR_SHL || e->uses[in->a] != 1 ||
		    e->ir->v[shl->b].op != IR_CONST || e->ir->v[shl->b].k < 1 ||
		    e->ir->v[shl->b].k > 4)
			continue;
		e->folded[in->a] = true;
		if (e->last_use[shl->a] < i)
			e->last_use[shl->a] = i;
	}
}

void ra_prepare(struct emit *e)
{
	unsigned n = e->ir->n;

	memset(e->place, 0, n);
	memset(e->last_use, 0, n * sizeof(e->last_use[0]));
	memset(e->uses, 0, n * sizeof(e->uses[0]));
	memset(e->put_at, 0, n * sizeof(e->put_at[0]));
	memset(e->need, 0, n * sizeof(e->need[0]));
	memset(e->folded, 0, n);
	memset(e->guest_head, 0, sizeof(e->guest_head));
	memset(e->temp_val, 0, sizeof(e->temp_val));
	memset(e->spill_val, 0, sizeof(e->spill_val));
	e->temps = R_TEMPS_32;
	e->locked = 0;
	va_prepare(e);
	find_needs(e);
	find_uses(e);
	find_folds(e);
	for (unsigned i = 1; i < n; i++)
		if (e->ir->v[i].op == IR_CONST)
			e->place[i] = AT_CONST;
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
	la_st_d(&e->c, e->home[v], R_STATE, state_offset(offsetof(struct vcpu, spill[slot])));
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

				la_or(&e->c, r, R_GPR(g), R_ZERO);
				put_in_temp(e, v, r);
			}
		}
		v = next;
	}
}

void ra_get(struct emit *e, val v, unsigned g) { guest_add(e, g, v); }

/*
 * May the result of instruction i be made in the guest register that a later PUTREG gives it to?
 * Not if a fault or exit comes between (it must see the old value), or another access.
 */
bool ra_early_put_is_safe(const struct emit *e, unsigned p)
{
	unsigned put = e->ir->v[p].op, get = put == IR_PUTXMM ? IR_GETXMM : IR_GETREG;
	s64 g = e->ir->v[p].k;

	if (p - e->i > 16)
		return false;
	for (unsigned j = e->i + 1; j < p; j++) {
		const struct ir_insn *in = &e->ir->v[j];

		if (ir_may_fault(in) || (ir_info[in->op].effects & IR_X))
			return false;
		if ((in->op == get || in->op == put) && in->k == g)
			return false;
	}
	return true;
}

int ra_def(struct emit *e, val v)
{
	unsigned p = e->put_at[v];
	int r;

	if (p && e->ir->v[v].type == T_I32 && ra_early_put_is_safe(e, p)) {
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
		la_li(&e->c, R_GPR(g), k);
		return;
	}
	from = ra_use(e, v);
	guest_evict(e, g, 0);
	la_or(&e->c, R_GPR(g), from, R_ZERO);
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
		la_li(&e->c, r, k);
		put_in_temp(e, v, r);
		return r;
	case AT_SPILL:
		r = alloc_temp(e);
		la_ld_d(&e->c, r, R_STATE,
			state_offset(offsetof(struct vcpu, spill[e->home[v]])));
		e->spill_val[e->home[v]] = 0;
		put_in_temp(e, v, r);
		return r;
	}
	panic("regalloc: v%u has no place at %u", v, e->i);
}

static void release(struct emit *e, val v)
{
	if (!v || e->last_use[v] > e->i)
		return;
	if (e->ir->v[v].type == T_V128)
		return;
	if (e->place[v] == AT_TEMP)
		free_temp(e, e->home[v]);
	else if (e->place[v] == AT_SPILL) {
		e->spill_val[e->home[v]] = 0;
		e->place[v] = AT_NOWHERE;
	}
}

void ra_done(struct emit *e)
{
	const struct ir_insn *in = &e->ir->v[e->i];

	e->locked = 0;
	va_release(e);
	release(e, in->a);
	release(e, in->b);
	if (!(ir_info[in->op].effects & IR_X))
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
	case AT_GUEST: la_or(&e->c, r, R_GPR(e->home[v]), R_ZERO); return;
	case AT_TEMP: la_or(&e->c, r, e->home[v], R_ZERO); return;
	case AT_CONST: ra_const(e, v, &k); la_li(&e->c, r, k); return;
	case AT_SPILL:
		la_ld_d(&e->c, r, R_STATE,
			state_offset(offsetof(struct vcpu, spill[e->home[v]])));
		return;
	}
	panic("regalloc: v%u has no place at %u", v, e->i);
}

void ra_claim(struct emit *e, val v, int r)
{
	must(!e->temp_val[r]);
	put_in_temp(e, v, r);
}
