/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's XMM registers in the vector registers that the host's regs.h gives them, for the
 * fault path. Not for translated code.
 */
#include "dbt/backend/host.h"

void host_fp_operand(unsigned reg, union xmm *v) { host_vector_get(reg, v->b); }

/* -- Maps of fault sites -- */

static void gather(struct vplace p, union xmm *v)
{
	union xmm low;

	*v = (union xmm){ .q = { 0, 0 } };
	if (p.kind != V_ZERO32 && p.kind != V_ZERO64)
		host_vector_get(p.high, v->b);
	if (p.kind == V_WHOLE)
		return;
	host_vector_get(p.low, low.b);
	if (p.kind == V_ZERO32 || p.kind == V_OVER32)
		v->d[0] = low.d[0];
	else
		v->q[0] = low.q[0];
}

void host_xmm_place(const u32 *map)
{
	union xmm v[VMAP_XMMS];

	for (const u32 *w = map; *w; w++)
		gather(VMAP_PLACE(*w), &v[VMAP_XMM(*w)]);
	for (const u32 *w = map; *w; w++)
		host_vector_set(V_XMM(VMAP_XMM(*w)), v[VMAP_XMM(*w)].b);
}
