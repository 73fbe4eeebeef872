/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's cpu.h (this_cpu, the kick register, barriers), for neutral code that wants its
 * functions inline. Not for hosts' own files, which include theirs.
 */
#ifndef KERNEL_HOST_CPU_H
#define KERNEL_HOST_CPU_H

#if defined(__loongarch64)
#include "kernel/arch/loongarch64/cpu.h"
#elif defined(__mips64)
#include "kernel/arch/mips64/cpu.h"
#else						/* native tests bring this_cpu along */
#include "kernel/cpu.h"
static inline struct cpu *cpu_self(void) { return this_cpu(); }
static inline void instruction_barrier(void) { }
void cpu_pause(void);
#endif

#endif
