/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores of guest memory and of the guest's state. In little-endian order MSA's loads of
 * all lane widths do the same; they differ in how far they reach.
 */
#include "dbt/backend/mips64/prims.h"

#include "kernel/panic.h"

static void load(struct code *c, unsigned mem, int d, int base, s64 k)
{
	switch (mem) {
	case M_U8: mi_lbu(c, d, k, base); return;
	case M_S8: mi_lb(c, d, k, base); return;
	case M_U16: mi_lhu(c, d, k, base); return;
	case M_S16: mi_lh(c, d, k, base); return;
	case M_32: mi_lw(c, d, k, base); return;
	case M_U32: mi_lwu(c, d, k, base); return;
	case M_64: mi_ld(c, d, k, base); return;
	}
	panic("mem: load kind %u", mem);
}

static void store(struct code *c, unsigned mem, int s, int base, s64 k)
{
	switch (mem) {
	case M_U8: case M_S8: mi_sb(c, s, k, base); return;
	case M_U16: case M_S16: mi_sh(c, s, k, base); return;
	case M_32: case M_U32: mi_sw(c, s, k, base); return;
	case M_64: mi_sd(c, s, k, base); return;
	}
	panic("mem: store kind %u", mem);
}

static void vload(struct code *c, unsigned mem, int d, int base, s64 k)
{
	switch (mem) {
	case M_128: mi_ld_b(c, d, k, base); return;
	case M_64: mi_ldc1(c, d, k, base); return;
	case M_32: mi_lwc1(c, d, k, base); return;
	}
	panic("mem: vector load kind %u", mem);
}

static void vstore(struct code *c, unsigned mem, int s, int base, s64 k)
{
	switch (mem) {
	case M_128: mi_st_b(c, s, k, base); return;
	case M_64: mi_sdc1(c, s, k, base); return;
	case M_32: mi_swc1(c, s, k, base); return;
	}
	panic("mem: vector store kind %u", mem);
}

void host_load(struct emit *e, unsigned mem, int d, int base, s64 k)
{
	load(&e->c, mem, d, base, k);
}

void host_store(struct emit *e, unsigned mem, int s, int base, s64 k)
{
	store(&e->c, mem, s, base, k);
}

/* An address is cut to 32 bits first: host_find_folds leaves every sum alone. */
void host_load_indexed(struct emit *e, unsigned mem, int d, int base, int index)
{
	(void)e, (void)mem, (void)d, (void)base, (void)index;
	panic("mem: no indexed loads");
}

void host_store_indexed(struct emit *e, unsigned mem, int s, int base, int index)
{
	(void)e, (void)mem, (void)s, (void)base, (void)index;
	panic("mem: no indexed stores");
}

void host_vload(struct emit *e, unsigned mem, int d, int base, s64 k)
{
	vload(&e->c, mem, d, base, k);
}

void host_vstore(struct emit *e, unsigned mem, int s, int base, s64 k)
{
	vstore(&e->c, mem, s, base, k);
}

void host_state_load(struct emit *e, int r, s64 field, unsigned mem)
{
	load(&e->c, mem, r, R_STATE, state_offset(field));
}

void host_state_store(struct emit *e, int r, s64 field, unsigned mem)
{
	store(&e->c, mem, r, R_STATE, state_offset(field));
}

/* Base register of a vector field; *k is changed to what is left for the displacement. */
static int state_vbase(struct emit *e, unsigned mem, s64 *k)
{
	*k = state_offset(*k);
	if (mem != M_128 || mi_ok_off8(*k))
		return R_STATE;
	mi_daddiu(&e->c, R_AT, R_STATE, *k);
	*k = 0;
	return R_AT;
}

void host_state_vload(struct emit *e, int r, s64 field, unsigned mem)
{
	int base = state_vbase(e, mem, &field);

	vload(&e->c, mem, r, base, field);
}

void host_state_vstore(struct emit *e, int r, s64 field, unsigned mem)
{
	int base = state_vbase(e, mem, &field);

	vstore(&e->c, mem, r, base, field);
}
