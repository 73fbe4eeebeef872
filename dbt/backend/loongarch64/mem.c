/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory and guest state. A guest access is one host access at the guest
 * linear address (design 1.1); its fault site is recorded right before it.
 */
#include "dbt/backend/loongarch64/emit.h"

#include "dbt/x86/cpu.h"
#include "kernel/panic.h"

static void load(struct code *c, unsigned mem, int d, int base, s64 k)
{
	switch (mem) {
	case M_U8: la_ld_bu(c, d, base, k); return;
	case M_S8: la_ld_b(c, d, base, k); return;
	case M_U16: la_ld_hu(c, d, base, k); return;
	case M_S16: la_ld_h(c, d, base, k); return;
	case M_32: la_ld_w(c, d, base, k); return;
	case M_U32: la_ld_wu(c, d, base, k); return;
	case M_64: la_ld_d(c, d, base, k); return;
	}
	panic("mem: load kind %u", mem);
}

static void store(struct code *c, unsigned mem, int d, int base, s64 k)
{
	switch (mem) {
	case M_U8: case M_S8: la_st_b(c, d, base, k); return;
	case M_U16: case M_S16: la_st_h(c, d, base, k); return;
	case M_32: case M_U32: la_st_w(c, d, base, k); return;
	case M_64: la_st_d(c, d, base, k); return;
	}
	panic("mem: store kind %u", mem);
}

/* Base register of a state field; *k is changed to what is left for the displacement. */
static int state_base(struct emit *e, s64 *k)
{
	*k = state_offset(*k);
	if (la_ok_si12(*k))
		return R_STATE;
	la_li(&e->c, R_RA, *k & ~0x7ffll);
	la_add_d(&e->c, R_RA, R_RA, R_STATE);
	*k &= 0x7ff;
	return R_RA;
}

void state_load(struct emit *e, int r, s64 field, unsigned mem)
{
	int base = state_base(e, &field);

	load(&e->c, mem, r, base, field);
}

void state_store(struct emit *e, int r, s64 field, unsigned mem)
{
	int base = state_base(e, &field);

	store(&e->c, mem, r, base, field);
}

/* Base register of a guest access; constants are split so that the displacement takes its part. */
static int guest_base(struct emit *e, const struct ir_insn *in, s64 *k)
{
	s64 a;

	*k = in->k;
	if (in->a && !ra_const(e, in->a, &a))
		return ra_use(e, in->a);
	a = (s32)((in->a ? a : 0) + *k);
	*k = ((a & 0xfff) ^ 0x800) - 0x800;
	a = (s32)(a - *k);
	if (!a)
		return R_ZERO;
	la_li(&e->c, R_RA, a);
	return R_RA;
}

/* V128 values. A narrow load leaves zeros above, but from the vCPU's state anything. */
static void vector_load(struct emit *e, const struct ir_insn *in, int base, s64 k)
{
	bool guest = in->op == IR_LD;
	u16 vmap = guest ? va_map(e) : 0;
	int d = guest && in->x != M_128 ? va_scratch(e) : va_def(e, e->i);

	if (guest)
		site_add(e, in->y, site_recipe(e), vmap);
	switch (in->x) {
	case M_128: la_vld(&e->c, d, base, k); return;
	case M_64: la_fld_d(&e->c, d, base, k); break;
	case M_32: la_fld_s(&e->c, d, base, k); break;
	default: panic("mem: vector load kind %u", in->x);
	}
	if (guest)
		va_def_low(e, e->i, d, in->x == M_64 ? 64 : 32);
}

static void vector_store(struct code *c, unsigned mem, int r, int base, s64 k)
{
	switch (mem) {
	case M_128: la_vst(c, r, base, k); return;
	case M_64: la_fst_d(c, r, base, k); return;
	case M_32: la_fst_s(c, r, base, k); return;
	}
	panic("mem: vector store kind %u", mem);
}

static int stored(struct emit *e, val v, unsigned mem)
{
	return mem == M_128 ? va_use(e, v) : va_use_low(e, v, mem == M_64 ? 64 : 32);
}

static void lower_vector(struct emit *e, const struct ir_insn *in)
{
	int base, r;
	s64 k = in->k;

	switch (in->op) {
	case IR_LDSTATE:
		base = state_base(e, &k);
		vector_load(e, in, base, k);
		return;
	case IR_STSTATE:
		r = stored(e, in->a, in->x);
		base = state_base(e, &k);
		vector_store(&e->c, in->x, r, base, k);
		return;
	case IR_LD:
		base = guest_base(e, in, &k);
		vector_load(e, in, base, k);
		return;
	case IR_ST:
		r = stored(e, in->b, in->x);
		base = guest_base(e, in, &k);
		site_add(e, INTENT_READ, site_recipe(e), va_map(e));
		vector_store(&e->c, in->x, r, base, k);
		return;
	}
}

static bool of_vector(const struct emit *e, const struct ir_insn *in)
{
	val stored = in->op == IR_ST ? in->b : in->a;

	return in->type == T_V128 ||
	       ((in->op == IR_ST || in->op == IR_STSTATE) && e->ir->v[stored].type == T_V128);
}

void lower_mem(struct emit *e, const struct ir_insn *in)
{
	int base, r;
	u16 recipe;
	s64 k;

	if (of_vector(e, in)) {
		lower_vector(e, in);
		return;
	}
	switch (in->op) {
	case IR_LDSTATE:
		state_load(e, ra_def(e, e->i), in->k, in->x);
		return;
	case IR_STSTATE:
		state_store(e, ra_use(e, in->a), in->k, in->x);
		return;
	case IR_LD:
		base = guest_base(e, in, &k);
		/* a load that faults leaves what its register held */
		recipe = site_recipe(e);
		r = ra_def(e, e->i);
		site_add(e, in->y, recipe, va_map(e));
		load(&e->c, in->x, r, base, k);
		return;
	case IR_ST:
		r = ra_use(e, in->b);
		base = guest_base(e, in, &k);
		site_add(e, INTENT_READ, site_recipe(e), va_map(e));
		store(&e->c, in->x, r, base, k);
		return;
	}
}
