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

void lower_mem(struct emit *e, const struct ir_insn *in)
{
	int base, r;
	u16 recipe;
	s64 k;

	switch (in->op) {
	case IR_LDSTATE:
		state_load(e, ra_def(e, e->i), in->k, in->x);
		return;
	case IR_STSTATE:
		state_store(e, ra_use(e, in->a), in->k, in->x);
		return;
	case IR_LD:
		base = guest_base(e, in, &k);
		recipe = site_recipe(e);	/* a load that faults leaves what its register held */
		r = ra_def(e, e->i);
		site_add(e, in->y, recipe);
		load(&e->c, in->x, r, base, k);
		return;
	case IR_ST:
		r = ra_use(e, in->b);
		base = guest_base(e, in, &k);
		site_add(e, INTENT_READ, site_recipe(e));
		store(&e->c, in->x, r, base, k);
		return;
	}
}
