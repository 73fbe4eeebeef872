/* SPDX-License-Identifier: BSD-2-Clause */
/* What the run loop, the translator and rt/ share; nothing outside dbt includes it. */
#ifndef DBT_EXEC_H
#define DBT_EXEC_H

#include "dbt/cache/block.h"
#include "dbt/dbt.h"

/* glue.S: run code on this core's vCPU; returns an EXIT_ reason (dbt/backend/glue.h). */
u32 dbt_enter(const u32 *code);

/*
 * The block for the CPU's current eip and mode, translated if need be. NULL: fetching or
 * decoding raised *f at c->eip.
 */
struct block *exec_block(struct dbt *d, struct fault *f);

/* translate.c: make the block for key k, whose first byte is on `frame`. */
struct block *translate(struct dbt *d, struct block_key *k, u32 frame, struct fault *f);

/*
 * step.c: the instruction at c->eip by the evaluator. b holds it, and it is about to change b or
 * meets a data breakpoint.
 */
void exec_step_own(struct dbt *d, const struct block *b);
/* The same for an x87 instruction, which may be changed or gone: then nothing happens. */
void exec_step_x87(struct dbt *d);

/* Deliver a fault at c->eip to the guest. */
void exec_deliver(struct dbt *d, struct fault f);

/* Translate a fetch at linear address va: guest physical address, or a fault. */
struct fault exec_fetch(struct dbt *d, u32 va, gpa_t *out);

#endif
