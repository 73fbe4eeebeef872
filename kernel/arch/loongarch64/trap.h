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

/*
 * smp.c: the areas of cores that are to start, by hardware number; where they begin (entry.S), in
 * whatever state firmware parked them, with interrupts off.
 */
extern struct cpu *core_offers[];
extern char core_entry[];

#endif
