/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MOV CR3 and INVLPG of a supervisor in flat code, from within translated code, which goes on
 * behind them. Not the general way (sysglue.c), which single steps and other code take.
 * Invariant: what is found of code afterwards is what the new mappings have.
 */
#include "dbt/core/core.h"
#include "dbt/ir/helpers.h"
#include "dbt/sys/sysops.h"

/* 1: c->fault is to be raised. Else code goes on in the context of the new address space. */
u64 helper_load_cr3(struct vcpu *c, u64 v, u64 b, u64 d)
{
	(void)b, (void)d;
	if (sys_cr3_is_plain(c, v)) {
		c->cr3 = v;
		sys_paging_changed(c, PAGING_CR3);
	} else {
		c->fault = sys_load_cr3(c, v);
		if (c->fault.raised)
			return 1;
	}
	if (c->hooks->space_changed)
		c->hooks->space_changed(c);
	return 0;
}

/* The result: what code was found at may have changed, and the run loop is wanted. */
u64 helper_forget_page(struct vcpu *c, u64 a, u64 wide, u64 d)
{
	const struct contexts *x = ((const struct dbt *)c->owner)->cache.contexts;
	u32 changes = x->changes;

	(void)d;
	if (wide && !canonical(a))	/* does nothing (SDM vol. 2, INVLPG) */
		return 0;
	c->hooks->invlpg(c, gva(a));
	return x->changes != changes;
}
