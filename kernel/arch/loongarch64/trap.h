/* SPDX-License-Identifier: BSD-2-Clause */
/* What vectors.S, trap.c, irq.c and cpu.c of this folder share. Not for other folders. */
#ifndef KERNEL_ARCH_LOONGARCH64_TRAP_H
#define KERNEL_ARCH_LOONGARCH64_TRAP_H

#include "kernel/trap_host.h"

/* Vectors (vectors.S, tlb_refill.S). */
extern char trap_vectors[], tlb_refill_entry[], tlb_refill_wide_entry[], machine_error_entry[];

/* paging.c: the tables that say "invalid", once; walk registers and an empty root, each core. */
void paging_init(void);
void paging_init_core(void);

/* Where other cores begin (entry.S), as firmware parked them, and their areas (smp.c). */
extern char core_entry[];
extern struct cpu *core_areas[];

#endif
