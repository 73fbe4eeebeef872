/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a fault needs to know: fault sites and flag recipes; and the flags put
 * into their pinned registers at exits. Law: a recipe names places as they are
 * at the faulting instruction.
 */
#include "dbt/backend/lower.h"

#include "dbt/backend/host.h"
#include "dbt/backend/regalloc.h"
#include "dbt/x86/cc.h"

#include <string.h>

static struct loc loc_of(struct emit *e, val v, s32 *k)
{
	struct loc l = { LOC_NONE, 0 };
	s64 c;

	*k = 0;
	if (!v)
		return l;
	if (ra_const(e, v, &c)) {
		*k = (s32)c;
		l.kind = LOC_CONST;
	} else if (e->place[v] == AT_GUEST) {
		l = (struct loc){ LOC_HOST, R_GPR(e->home[v]) };
	} else if (e->place[v] == AT_TEMP) {
		l = (struct loc){ LOC_HOST, e->home[v] };
	} else if (e->place[v] == AT_SPILL) {
		l = (struct loc){ LOC_SPILL, e->home[v] };
	}
	return l;
}

static u16 recipe_of(struct emit *e, val setf)
{
	struct backend_out *o = e->out;
	const struct ir_insn *in = &e->ir->v[setf];
	struct recipe r;

	if (!setf || setf == e->materialized)
		return RECIPE_ENTRY;
	__builtin_memset(&r, 0, sizeof(r));
	r.kind = in->x;
	r.log2size = in->y;
	r.prev = in->x > CC_LAST_FULL ? recipe_of(e, in->k) : RECIPE_ENTRY;
	r.a = loc_of(e, in->a, &r.ka);
	r.b = loc_of(e, in->b, &r.kb);
	r.c = loc_of(e, in->c, &r.kc);
	if (o->recipes && !memcmp(&o->recipe[o->recipes - 1], &r, sizeof(r)))
		return o->recipes - 1;
	if (o->recipes == o->recipes_max) {
		e->failed = true;
		return RECIPE_ENTRY;
	}
	o->recipe[o->recipes] = r;
	return o->recipes++;
}

u16 site_recipe(struct emit *e) { return recipe_of(e, e->setf); }

/* A new site at the next word, for the x86 instruction `guest`; NULL if there is no room. */
static struct fault_site *site_new(struct emit *e, unsigned guest)
{
	struct backend_out *o = e->out;
	const struct ir_guest *g = &e->ir->guest[guest];

	if (o->sites == o->sites_max) {
		e->failed = true;
		return NULL;
	}
	o->site[o->sites] = (struct fault_site){
		.offset = (u16)(code_here(&e->c) - e->start), .len = g->len,
		.eip = (u16)(g->eip - e->ir->guest[0].eip),
	};
	return &o->site[o->sites++];
}

void site_add(struct emit *e, unsigned intent, u16 recipe, u16 vmap)
{
	struct fault_site *t = site_new(e, e->ir->v[e->i].guest);

	if (!t)
		return;
	t->intent = intent;
	t->vmap = vmap;
	t->recipe = recipe;
}

void site_add_raise(struct emit *e, const struct stub *s)
{
	struct fault_site *t = site_new(e, s->guest);

	if (!t)
		return;
	t->recipe = s->recipe;
	t->vmap = s->vmap;
	t->raise = (u32)(s->k & 0xffff) | (u32)(s->k >> 32) << RAISE_ERROR_SHIFT;
}

struct flags_at flags_now(struct emit *e, val setf)
{
	const struct ir_insn *in = &e->ir->v[setf];
	struct flags_at f = { .there = !setf || setf == e->materialized };

	if (f.there)
		return f;
	f.kind = in->x;
	f.log2size = in->y;
	f.a = loc_of(e, in->a, &f.ka);
	f.b = loc_of(e, in->b, &f.kb);
	return f;
}

static void put_operand(struct emit *e, int r, struct loc l, s32 k)
{
	switch (l.kind) {
	case LOC_CONST: host_const(e, r, k); return;
	case LOC_HOST: host_move(e, r, l.n); return;
	case LOC_SPILL: host_fill(e, r, l.n); return;
	}
}

void flags_put(struct emit *e, const struct flags_at *f)
{
	if (f->there)
		return;
	host_const(e, R_CCOP, CC_OP(f->kind, f->log2size));
	put_operand(e, R_CCA, f->a, f->ka);
	put_operand(e, R_CCB, f->b, f->kb);
}

void flags_materialize(struct emit *e, val setf)
{
	const struct ir_insn *in = &e->ir->v[setf];

	if (!setf || setf == e->materialized)
		return;
	host_const(e, R_CCOP, CC_OP(in->x, in->y));
	if (in->a)
		ra_to_reg(e, R_CCA, in->a);
	if (in->b)
		ra_to_reg(e, R_CCB, in->b);
	e->materialized = setf;
}
