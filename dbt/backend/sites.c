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
#include "dbt/x86/cpu.h"
#include "dbt/x86/mark.h"

#include <string.h>

static struct loc loc_of(struct emit *e, val v, s32 *k)
{
	struct loc l = { LOC_NONE, 0 };
	s64 c;

	*k = 0;
	if (!v)
		return l;
	for (; e->of[v].place == AT_SUM; v = e->next[v])
		*k += e->sum[v];
	if (ra_const(e, v, &c) && !ra_held(e, v)) {
		*k += (s32)c;
		l.kind = LOC_CONST;
	} else if (e->of[v].place == AT_GUEST) {
		l = (struct loc){ LOC_HOST, R_GPR(e->of[v].home) };
	} else if (e->of[v].place == AT_TEMP) {
		l = (struct loc){ LOC_HOST, e->of[v].home };
	} else if (e->of[v].place == AT_SPILL) {
		l = (struct loc){ LOC_SPILL, e->of[v].home };
	}
	return l;
}

/* One SETF by itself. */
static struct recipe places(struct emit *e, const struct ir_insn *in)
{
	struct recipe r;

	__builtin_memset(&r, 0, sizeof(r));
	r.kind = in->x;
	r.log2size = in->y;
	r.prev = RECIPE_ENTRY;
	r.a = loc_of(e, in->a, &r.ka);
	r.b = loc_of(e, in->b, &r.kb);
	r.c = loc_of(e, in->c, &r.kc);
	return r;
}

static u16 recipe_of(struct emit *e, val setf)
{
	struct backend_out *o = e->out;
	const struct ir_insn *in = &e->ir->v[setf];
	struct recipe r;

	if (!setf || setf == e->materialized)
		return RECIPE_ENTRY;
	r = places(e, in);
	if (in->x > CC_LAST_FULL)
		r.prev = recipe_of(e, in->k);
	if (o->recipes && !memcmp(&o->recipe[o->recipes - 1], &r, sizeof(r)))
		return o->recipes - 1;
	if (o->recipes == o->recipes_max) {
		e->failed = true;
		return RECIPE_ENTRY;
	}
	o->recipe[o->recipes] = r;
	return o->recipes++;
}

void lower_setf(struct emit *e, const struct ir_insn *in)
{
	e->setf = e->i;
	if (!e->of[e->i].need)		/* nobody asks for them: its operands may be gone */
		return;
	if (ra_held(e, in->a))
		ra_use(e, in->a);
	if (ra_held(e, in->b))
		ra_use(e, in->b);
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
	t->late = e->late;
	t->recipe = recipe;
}

void site_add_raise(struct emit *e, const struct stub *s)
{
	struct fault_site *t = site_new(e, s->guest);

	if (!t)
		return;
	t->recipe = s->recipe;
	t->late = s->late;
	t->vmap = s->vmap;
	t->raise = (u32)(s->k & 0xffff) | (u32)(s->k >> 32) << RAISE_ERROR_SHIFT;
}

void site_late(struct emit *e, const struct ir_insn *put)
{
	s64 k;

	ra_const(e, e->ir->v[put->a].b, &k);
	e->late = SITE_LATE(put->k, k);
}

/* A constant that is in a register just now need not be made once more. */
static void at_hand(struct emit *e, const struct ir_insn *in, struct recipe *r)
{
	if (in->a && e->of[in->a].place == AT_TEMP) {
		r->a = (struct loc){ LOC_HOST, e->of[in->a].home };
		r->ka = 0;
	}
	if (in->b && e->of[in->b].place == AT_TEMP) {
		r->b = (struct loc){ LOC_HOST, e->of[in->b].home };
		r->kb = 0;
	}
}

/* False: a mark has no room for it. */
static bool in_mark(const struct emit *e, struct loc l, s32 k, int pinned, struct mark_place *p)
{
	switch (l.kind) {
	case LOC_NONE:
		*p = (struct mark_place){ MARK_PINNED, 0 };
		return true;
	case LOC_CONST:
		*p = (struct mark_place){ MARK_CONST, k };
		return true;
	case LOC_HOST:
		*p = (struct mark_place){ MARK_PINNED, 0 };
		if (l.n == pinned && !k)
			return true;
		for (u8 g = 0; g < e->gprs; g++)
			if (l.n == R_GPR(g) && !k) {
				*p = (struct mark_place){ g, 0 };
				return true;
			}
	}
	return false;
}

/* These flags as a mark; `top`: an INC or DEC over them, or NULL. */
static u16 mark_of(const struct emit *e, const struct recipe *base, const struct recipe *top)
{
	struct mark m = { .kind = base->kind, .log2size = base->log2size };
	struct mark_place p;

	if (base->c.kind != LOC_NONE || !in_mark(e, base->a, base->ka, R_CCA, &m.a) ||
	    !in_mark(e, base->b, base->kb, R_CCB, &m.b))
		return 0;
	if (!top)
		return mark_pack(&m, e->wide);
	if ((top->kind != CC_INC_KEEP && top->kind != CC_DEC_KEEP) || top->log2size != 2 ||
	    !in_mark(e, top->a, top->ka, R_CCA, &p) || p.where >= MARK_PINNED)
		return 0;
	m.over = top->kind;
	m.over_reg = p.where;
	return mark_pack(&m, e->wide);
}

struct flags_at flags_now(struct emit *e, val setf)
{
	const struct ir_insn *in = &e->ir->v[setf], *top = in;
	struct flags_at f = { .there = !setf || setf == e->materialized };

	if (f.there)
		return f;
	f.over = in->x > CC_LAST_FULL;
	if (f.over)
		f.top = places(e, in);
	/* Of INCs and DECs one over the other only the last one counts: they all keep CF. */
	for (; setf && e->ir->v[setf].x > CC_LAST_FULL; in = &e->ir->v[setf])
		setf = (val)e->ir->v[setf].k;
	f.there = !setf || setf == e->materialized;
	if (!f.there) {
		f.base = places(e, in);
		f.mark = mark_of(e, &f.base, f.over ? &f.top : NULL);
		at_hand(e, in, &f.base);
	}
	if (f.over)
		at_hand(e, top, &f.top);
	if (!f.there && !f.mark)	/* a constant that no mark has room for may be pinned */
		f.mark = mark_of(e, &f.base, f.over ? &f.top : NULL);
	return f;
}

static void put_operand(struct emit *e, int r, struct loc l, s32 k)
{
	switch (l.kind) {
	case LOC_CONST: host_const(e, r, k); return;
	case LOC_HOST:
		if (l.n != r || k)
			ra_add(e, r, l.n, k);
		return;
	case LOC_SPILL:
		host_fill(e, r, l.n);
		if (k)
			ra_add(e, r, r, k);
		return;
	}
}

static bool is_in(struct loc l, int r) { return l.kind == LOC_HOST && l.n == r; }

/* Both, of which each may be where the other one is pinned. */
static void put_operands(struct emit *e, struct loc a, s32 ka, const struct recipe *r)
{
	if (!is_in(r->b, R_CCA)) {
		put_operand(e, R_CCA, a, ka);
		put_operand(e, R_CCB, r->b, r->kb);
		return;
	}
	if (is_in(a, R_CCB)) {
		host_move(e, R_SCRATCH, R_CCB);
		a.n = R_SCRATCH;
	}
	put_operand(e, R_CCB, r->b, r->kb);
	put_operand(e, R_CCA, a, ka);
}

/* A full kind; `more`: to be in the word too. */
static void put_full(struct emit *e, unsigned kind, const struct recipe *r, unsigned more)
{
	unsigned op = CC_OP(kind, r->log2size) | more;

	if (r->c.kind == LOC_HOST && !r->kc) {
		host_cc_word(e, r->c.n, op);
	} else if (r->c.kind == LOC_HOST || r->c.kind == LOC_SPILL) {
		put_operand(e, R_CCOP, r->c, r->kc);
		host_cc_word(e, R_CCOP, op);
	} else {
		host_const(e, R_CCOP, op | (unsigned)r->kc);
	}
	put_operands(e, r->a, r->ka, r);
}

/* In a register: its own, or R_SCRATCH. */
static int in_register(struct emit *e, struct loc l, s32 k)
{
	if (l.kind == LOC_HOST && !k)
		return l.n;
	if (l.kind == LOC_CONST && !k)
		return R_ZERO;
	put_operand(e, R_SCRATCH, l, k);
	return R_SCRATCH;
}

/* A shift whose count may be 0: then the state below it is left as it is. */
static void put_shift(struct emit *e, const struct recipe *r)
{
	u32 *none = host_branch(e, IC_EQ, in_register(e, r->b, r->kb), R_ZERO);

	put_full(e, CC_SHL + (r->kind - CC_SHLV), r, 0);
	host_patch(e, none);
}

/* Is there an INC or DEC over them? */
static bool has_inc(const struct flags_at *f)
{
	return f->over && (f->top.kind == CC_INC_KEEP || f->top.kind == CC_DEC_KEEP);
}

/* Is there another CF over them? */
static bool has_carry(const struct flags_at *f) { return f->over && f->top.kind == CC_CARRY; }

bool flags_straight(const struct flags_at *f)
{
	return !f->over || has_inc(f) || has_carry(f);
}

static bool in_recipe(const struct recipe *p, int r)
{
	return (p->a.kind == LOC_HOST && p->a.n == r) || (p->b.kind == LOC_HOST && p->b.n == r) ||
	       (p->c.kind == LOC_HOST && p->c.n == r);
}

bool flags_use(const struct flags_at *f, int r)
{
	return (!f->there && in_recipe(&f->base, r)) || (f->over && in_recipe(&f->top, r));
}

bool flags_outlive(const struct flags_at *f, u32 changed)
{
	const struct recipe *b = &f->base;

	if (f->over || f->there)
		return !f->over;
	return b->c.kind != LOC_HOST && b->c.kind != LOC_SPILL && !is_in(b->a, R_CCB) &&
	       !is_in(b->b, R_CCA) && !(b->a.kind == LOC_HOST && changed >> b->a.n & 1) &&
	       !(b->b.kind == LOC_HOST && changed >> b->b.n & 1);
}

/* The word of what is over full flags. */
static unsigned over_word(const struct flags_at *f)
{
	return has_inc(f) ? CC_OVER(f->top.kind, f->top.log2size) : has_carry(f) ? CC_CARRIED : 0;
}

void flags_put(struct emit *e, const struct flags_at *f)
{
	if (!f->there)
		put_full(e, f->base.kind, &f->base, over_word(f));
	else if (has_inc(f))
		host_cc_over(e, over_word(f));
	if (has_inc(f))
		host_state_store(e, in_register(e, f->top.a, f->top.ka),
				 offsetof(struct vcpu, cc_r), M_64);
	else if (has_carry(f))
		host_cc_carry(e, in_register(e, f->top.a, f->top.ka), f->there);
	else if (f->over)
		put_shift(e, &f->top);
}

void flags_materialize(struct emit *e, val setf)
{
	struct flags_at f = flags_now(e, setf);

	flags_put(e, &f);
	if (setf)
		e->materialized = setf;
}
