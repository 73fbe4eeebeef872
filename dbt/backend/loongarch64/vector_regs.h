/* SPDX-License-Identifier: BSD-2-Clause */
/* The FP control registers as C may touch them: vector_regs.S, which has more (host_fp.h). */
#ifndef DBT_BACKEND_LOONGARCH64_VECTOR_REGS_H
#define DBT_BACKEND_LOONGARCH64_VECTOR_REGS_H

#include "kernel/lib/types.h"

/* FCSR0 (Reference Manual vol. 1, 3.1.4); condition flag 0. */
u32 fcsr_get(void);
void fcsr_set(u32 v);
void fcc0_set(u64 v);

#endif
