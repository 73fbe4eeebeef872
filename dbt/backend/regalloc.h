/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * General registers of a block. What an instruction asks for stays where it is until ra_done.
 * Not here: vector registers (vregs.h).
 */
#ifndef DBT_BACKEND_REGALLOC_H
#define DBT_BACKEND_REGALLOC_H

#include "dbt/backend/emit.h"

/* Before the first instruction, after uses_find. */
void ra_prepare(struct emit *e);
/* A host register that holds v; loaded or built if need be; locked until ra_done. */
int ra_use(struct emit *e, val v);
/* The same of v or of what v is a small constant more or less than. */
int ra_use_near(struct emit *e, val v);
/*
 * A register for the result of instruction i (its own pinned register if that is safe). It may be
 * an operand's: all operands are asked for before it, and read no later than it is written.
 */
int ra_def(struct emit *e, val v);
int ra_scratch(struct emit *e);		/* a free temporary, locked until ra_done */
/* Unlock; free what is used for the last time at i. */
void ra_done(struct emit *e);
/* PUTREG: value v into guest register g. */
void ra_put(struct emit *e, unsigned g, val v);
/* May ADD v stay undone, as only flags ask for it? Then that is noted. */
bool ra_sum(struct emit *e, val v);
/* Host register r = host register s + k, as host_add. */
void ra_add(struct emit *e, int r, int s, s64 k);
/* GETREG: the value is in guest register g. */
void ra_get(struct emit *e, val v, unsigned g);
/*
 * Before a call of C: v (0: none) go to R_ARG(1) … R_ARG(3), everything in temporaries that
 * outlives i to spill slots.
 */
void ra_to_args(struct emit *e, const val v[3]);
/* Move v to exactly host register r (a temporary that is free, or an argument register). */
void ra_to_reg(struct emit *e, int r, val v);
/* Claim host temporary r for v (result of a call). */
void ra_claim(struct emit *e, val v, int r);
/*
 * A constant that flags are made of and that no recipe has room for: it keeps a register or a spill
 * slot, once it has one, as other values do.
 */
bool ra_held(const struct emit *e, val v);
/* Is v a constant? *k is its value if so. */
bool ra_const(const struct emit *e, val v, s64 *k);

#endif
