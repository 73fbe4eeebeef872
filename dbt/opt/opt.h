/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The passes over a block's IR. Each works in place, allocates nothing, keeps
 * every effect and every fault, and can be switched off by its bit.
 */
#ifndef DBT_OPT_OPT_H
#define DBT_OPT_OPT_H

#include "dbt/ir/ir.h"

/* Reads of a register become the value last put or got in this block. */
void opt_getput(struct ir *ir);
/* Operations on constants; conditions into the branches that test them; needless extensions. */
void opt_fold(struct ir *ir);
/* Sums that are there already; checks that have been passed. */
void opt_same(struct ir *ir);
/* Pure operations, and reads of state, whose result nobody uses. */
void opt_dead(struct ir *ir);

/* Every pass in order; bit n of `off` leaves out pass n. */
void opt_run(struct ir *ir, u32 off);

#endif
