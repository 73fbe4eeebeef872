/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CMPXCHG16B (SDM vol. 2): memory is written in any case, so it must be writable in any case. With
 * one guest CPU nothing comes between the load and the store.
 */
#include "dbt/ir/helpers.h"
#include "dbt/sys/guestmem.h"
#include "dbt/sys/sysutil.h"

/* help: RAX, RDX, RBX, RCX; becomes the old value's halves, and whether it was RDX:RAX. */
static struct fault compare_exchange(struct vcpu *c, gva_t at, u64 help[8])
{
	bool super = c->cpl != 3, equal;
	gva_t upper = gva(at.a + 8);
	u64 old[2];

	TRY(g_probe(c, at, 16, super, true));
	TRY(g_ld(c, at, 8, super, &old[0]));
	TRY(g_ld(c, upper, 8, super, &old[1]));
	equal = old[0] == help[0] && old[1] == help[1];
	TRY(g_st(c, at, 8, super, equal ? help[2] : old[0]));
	TRY(g_st(c, upper, 8, super, equal ? help[3] : old[1]));
	help[0] = old[0];
	help[1] = old[1];
	help[2] = equal;
	return fault_none();
}

u64 helper_cmpxchg16b(struct vcpu *c, u64 at, u64 b, u64 d)
{
	(void)b, (void)d;
	c->fault = compare_exchange(c, vcpu_linear(c, at), c->help);
	return c->fault.raised;
}
