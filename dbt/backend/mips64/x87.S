/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaves of other helpers (LEAF_OF, leaves.def): here there are none, so each is the C helper. */
	.set	noreorder
	.text
#define LEAF(name)
#define LEAF_OF(name) .globl leaf_##name; .type leaf_##name, @function; leaf_##name:
#include "dbt/ir/leaves.def"
	j	glue_call
	nop
