/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that lower vector rows share: each takes its rows and passes on the others. */
#ifndef DBT_BACKEND_MIPS64_SIMD_H
#define DBT_BACKEND_MIPS64_SIMD_H

#include "dbt/backend/mips64/lower.h"

/* fp.c: floating-point rows; shuffle.c: lanes moved about, to and from general registers. False:
 * it is none of them. */
bool lower_fp(struct emit *e, const struct ir_insn *in);
bool lower_shuffle(struct emit *e, const struct ir_insn *in);

#endif
