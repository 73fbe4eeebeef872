/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the evaluator has for the leaves of the string instructions (dbt/ir/leaves.def): no element
 * is done at once, each is left to the block. Translated code never gets here.
 */
#include "dbt/ir/helpers.h"

#define LEAF(name) \
	u64 helper_##name(struct vcpu *c, u64 a, u64 b, u64 d) \
	{ \
		(void)c, (void)a, (void)b, (void)d; \
		return 0; \
	}
#define LEAF_OF(name)
#include "dbt/ir/leaves.def"
