/* SPDX-License-Identifier: BSD-2-Clause */
/* What vectors.S, trap.c, irq.c and cpu.c of this folder share. Not for other folders. */
#ifndef KERNEL_ARCH_MIPS64_TRAP_H
#define KERNEL_ARCH_MIPS64_TRAP_H

#include "kernel/trap_host.h"

/* The pages of vectors (vectors.S), of which EBase points at one, and the refill handlers. */
extern char trap_vectors[], trap_vectors_wide[], tlb_refill_entry[], tlb_refill_wide_entry[];
extern char machine_error_entry[];

/* Exceptions go to this page of vectors from now on (cpu.c). Interrupts are off. */
void vectors_set(const char *page);

/* paging.c: the tables that say "invalid", once; page size, empty TLB and root, each core. */
void paging_init(void);
void paging_init_core(void);

/* Start the clock and its interrupt (timer.c); on each core. */
void timer_init(void);

#endif
