/* SPDX-License-Identifier: BSD-2-Clause */
/* The vector registers as C may touch them: one at a time, by number, through vector_regs.S. */
#ifndef DBT_BACKEND_LOONGARCH64_VECTOR_REGS_H
#define DBT_BACKEND_LOONGARCH64_VECTOR_REGS_H

#include "kernel/lib/types.h"

/* Register 0 … 31 to or from 16 bytes, unaligned. */
void vector_get(unsigned reg, u8 bytes[16]);
void vector_set(unsigned reg, const u8 bytes[16]);

/* FCSR0 (Reference Manual vol. 1, 3.1.4); condition flag 0. */
u32 fcsr_get(void);
void fcsr_set(u32 v);
void fcc0_set(u64 v);

#endif
