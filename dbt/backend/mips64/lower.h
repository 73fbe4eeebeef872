/* SPDX-License-Identifier: BSD-2-Clause */
/* For this back end's lowering of operations: encoders, registers, and what they share. */
#ifndef DBT_BACKEND_MIPS64_LOWER_H
#define DBT_BACKEND_MIPS64_LOWER_H

#include "dbt/backend/mips64/prims.h"
#include "dbt/backend/regalloc.h"
#include "dbt/backend/vregs.h"

/* Of an encoder: registers in the assembler's order. */
typedef void (*emit_r2)(struct code *c, int d, int s);
typedef void (*emit_r3)(struct code *c, int d, int s, int t);

extern const u32 mi_crc_table[256];	/* crc_table.c */

#endif
