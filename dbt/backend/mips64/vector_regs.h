/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control registers of MSA and FPU as C may touch them, through vector_regs.S. Not the vector
 * registers: host_fp.h.
 */
#ifndef DBT_BACKEND_MIPS64_VECTOR_REGS_H
#define DBT_BACKEND_MIPS64_VECTOR_REGS_H

#include "kernel/lib/types.h"

/* MSACSR (MIPS Architecture for Programmers, Volume IV-j, 3.2). */
u32 msacsr_get(void);
void msacsr_set(u32 v);
/* The FPU's FCSR, which has the same fields. */
u32 fcsr_get(void);
void fcsr_set(u32 v);

#endif
