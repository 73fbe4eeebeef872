/* SPDX-License-Identifier: BSD-2-Clause */
/* LOCKed accesses: AMO, CAS, and what is left to the evaluator (dbt/ir/ops.def). */
#include "dbt/backend/lower.h"

#include "dbt/backend/host.h"
#include "dbt/backend/regalloc.h"
#include "dbt/backend/vregs.h"

/* A register with the address but for *k, which is a multiple of 4; not R_SCRATCH. */
static int base_of(struct emit *e, const struct ir_insn *in, s64 *k)
{
	int r = in->a ? ra_use(e, in->a) : R_ZERO, base = host_guest_base(e, r, 0);

	*k = in->k;
	if (base == r && r != R_ZERO && !(*k & 3))
		return base;
	r = ra_scratch(e);
	host_add(e, r, base, *k);
	*k = 0;
	return r;
}

/* The result is in no register that the operation reads, and not yet where a fault would see it. */
static void one_step(struct emit *e, const struct ir_insn *in)
{
	int b = ra_use(e, in->b), c = in->op == IR_CAS ? ra_use(e, in->c) : R_ZERO, base, d;
	s64 k;

	base = base_of(e, in, &k);
	d = ra_scratch(e);
	e->atomic_recipe = site_recipe(e);
	e->atomic_vmap = va_map(e);
	if (in->op == IR_AMO) {
		host_amo(e, in->x, in->y >> IR_AMO_SHIFT, d, base, k, b);
	} else {
		order_store(e, INTENT_ATOMIC);
		host_cas(e, in->x, d, base, k, b, c);
	}
	order_done(e);
	if (e->of[e->i].uses)
		ra_claim(e, e->i, d);
}

void site_atomic(struct emit *e)
{
	site_add(e, e->ir->v[e->i].y & ((1 << IR_AMO_SHIFT) - 1), e->atomic_recipe, e->atomic_vmap);
}

static void lower_alone(struct emit *e, const struct ir_insn *in)
{
	int a = in->a ? ra_use(e, in->a) : R_ZERO;
	struct stub *s = raise_stub(e, in->x ? SITE_SEGMENT : SITE_ALONE);

	order_leave(e);
	s->site = in->a ? host_branch_nonzero(e, a) : host_jump(e);
}

void lower_atomic(struct emit *e, const struct ir_insn *in)
{
	if (in->op == IR_FENCE)
		order_fence(e);
	else if (in->op == IR_ALONE)
		lower_alone(e, in);
	else
		one_step(e, in);
}
