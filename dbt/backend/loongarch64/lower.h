/* SPDX-License-Identifier: BSD-2-Clause */
/* For this back end's lowering of operations: encoders, registers, and what they share. */
#ifndef DBT_BACKEND_LOONGARCH64_LOWER_H
#define DBT_BACKEND_LOONGARCH64_LOWER_H

#include "dbt/backend/loongarch64/prims.h"
#include "dbt/backend/regalloc.h"
#include "dbt/backend/vregs.h"

typedef void (*emit_r3)(struct code *c, int d, int j, int k);

/* fp.c: floating-point rows; false: it is none. */
bool lower_fp(struct emit *e, const struct ir_insn *in);

#endif
