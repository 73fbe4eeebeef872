/* SPDX-License-Identifier: BSD-2-Clause */
/* What vectors.S, trap.c, irq.c and cpu.c of this folder share. Not for other folders. */
#ifndef KERNEL_ARCH_MIPS64_TRAP_H
#define KERNEL_ARCH_MIPS64_TRAP_H

#include "kernel/trap_host.h"

/* The page of vectors (vectors.S) that EBase points at, and the refill handler. */
extern char trap_vectors[], tlb_refill_entry[], machine_error_entry[];

/* Page size, an empty TLB and an empty root (paging.c); on each core. */
void paging_init(void);

/* Start the clock and its interrupt (timer.c); on each core. */
void timer_init(void);

#endif
