/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads and stores of guest memory and of the guest's state (Reference Manual vol. 1, 2.2.5). */
#include "dbt/backend/loongarch64/prims.h"

#include "kernel/panic.h"

static void load(struct code *c, unsigned mem, int d, int base, s64 k)
{
	switch (mem) {
	case M_U8: la_ld_bu(c, d, base, k); return;
	case M_S8: la_ld_b(c, d, base, k); return;
	case M_U16: la_ld_hu(c, d, base, k); return;
	case M_S16: la_ld_h(c, d, base, k); return;
	case M_32: la_ok_si12(k) ? la_ld_w(c, d, base, k) : la_ldptr_w(c, d, base, k); return;
	case M_U32: la_ld_wu(c, d, base, k); return;
	case M_64: la_ok_si12(k) ? la_ld_d(c, d, base, k) : la_ldptr_d(c, d, base, k); return;
	}
	panic("mem: load kind %u", mem);
}

static void store(struct code *c, unsigned mem, int s, int base, s64 k)
{
	switch (mem) {
	case M_U8: case M_S8: la_st_b(c, s, base, k); return;
	case M_U16: case M_S16: la_st_h(c, s, base, k); return;
	case M_32: case M_U32:
		la_ok_si12(k) ? la_st_w(c, s, base, k) : la_stptr_w(c, s, base, k);
		return;
	case M_64: la_ok_si12(k) ? la_st_d(c, s, base, k) : la_stptr_d(c, s, base, k); return;
	}
	panic("mem: store kind %u", mem);
}

static void vload(struct code *c, unsigned mem, int d, int base, s64 k)
{
	switch (mem) {
	case M_128: la_vld(c, d, base, k); return;
	case M_64: la_fld_d(c, d, base, k); return;
	case M_32: la_fld_s(c, d, base, k); return;
	}
	panic("mem: vector load kind %u", mem);
}

static void vstore(struct code *c, unsigned mem, int s, int base, s64 k)
{
	switch (mem) {
	case M_128: la_vst(c, s, base, k); return;
	case M_64: la_fst_d(c, s, base, k); return;
	case M_32: la_fst_s(c, s, base, k); return;
	}
	panic("mem: vector store kind %u", mem);
}

/* By ld.w, or by ldptr.w and the like, which have two bits more and count in words. */
static bool takes(unsigned mem, bool vector, s64 k)
{
	return la_ok_si12(k) || (!vector && (mem == M_32 || mem == M_64) && la_ok_si14x4(k));
}

bool host_disp_split(unsigned mem, bool vector, s64 k, s64 *high)
{
	*high = takes(mem, vector, k) ? 0 : (k + 0x8000) & ~0xffffll;
	return la_ok_si16(*high >> 16) && takes(mem, vector, k - *high);
}

void host_load(struct emit *e, unsigned mem, int d, int base, s64 k)
{
	load(&e->c, mem, d, base, k);
}

void host_store(struct emit *e, unsigned mem, int s, int base, s64 k)
{
	store(&e->c, mem, s, base, k);
}

void host_load_indexed(struct emit *e, unsigned mem, int d, int base, int index)
{
	struct code *c = &e->c;

	switch (mem) {
	case M_U8: la_ldx_bu(c, d, base, index); return;
	case M_S8: la_ldx_b(c, d, base, index); return;
	case M_U16: la_ldx_hu(c, d, base, index); return;
	case M_S16: la_ldx_h(c, d, base, index); return;
	case M_32: la_ldx_w(c, d, base, index); return;
	case M_U32: la_ldx_wu(c, d, base, index); return;
	case M_64: la_ldx_d(c, d, base, index); return;
	}
	panic("mem: indexed load kind %u", mem);
}

void host_store_indexed(struct emit *e, unsigned mem, int s, int base, int index)
{
	struct code *c = &e->c;

	switch (mem) {
	case M_U8: case M_S8: la_stx_b(c, s, base, index); return;
	case M_U16: case M_S16: la_stx_h(c, s, base, index); return;
	case M_32: case M_U32: la_stx_w(c, s, base, index); return;
	case M_64: la_stx_d(c, s, base, index); return;
	}
	panic("mem: indexed store kind %u", mem);
}

void host_vload(struct emit *e, unsigned mem, int d, int base, s64 k)
{
	vload(&e->c, mem, d, base, k);
}

void host_vstore(struct emit *e, unsigned mem, int s, int base, s64 k)
{
	vstore(&e->c, mem, s, base, k);
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

void host_state_load(struct emit *e, int r, s64 field, unsigned mem)
{
	int base = state_base(e, &field);

	load(&e->c, mem, r, base, field);
}

void host_state_store(struct emit *e, int r, s64 field, unsigned mem)
{
	int base = state_base(e, &field);

	store(&e->c, mem, r, base, field);
}

void host_state_vload(struct emit *e, int r, s64 field, unsigned mem)
{
	int base = state_base(e, &field);

	vload(&e->c, mem, r, base, field);
}

void host_state_vstore(struct emit *e, int r, s64 field, unsigned mem)
{
	int base = state_base(e, &field);

	vstore(&e->c, mem, r, base, field);
}
