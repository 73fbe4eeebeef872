/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every kernel/arch/HOST implements besides cpu.h, trap.h and paging.h: the
 * neutral kernel's way to the hardware. Nothing here knows of x86.
 */
#ifndef KERNEL_ARCH_H
#define KERNEL_ARCH_H

#include "kernel/lib/types.h"

/* This core's registers, vectors, empty page tables; interrupts stay off. First, on each core. */
void arch_init(void);

/* Where the CPU sees host physical memory: cached for RAM, uncached for device registers. */
void *phys_ptr(hpa_t a);
void *phys_ptr_uncached(hpa_t a);
/* The host physical address behind a pointer into either window. */
hpa_t ptr_phys(const void *p);

/* Interrupts of this core. irq_disable returns whether they were on, for irq_restore. */
void irq_enable(void);
bool irq_disable(void);
void irq_restore(bool were_on);

/* The core's clock in Hz, where firmware tells it (else 0); before the first use of any clock. */
void arch_clock_set(u64 core_hz);

/* Have the host timer interrupt once, `ticks` of clock_ticks() from now (0: at once). */
void arch_timer_arm(u64 ticks);
void arch_timer_stop(void);

/* Name and main features of the host CPU for the banner. */
void arch_describe(char *buf, size_t size);

/* Is the instruction that ends at `pc` a call? For backtraces by stack scan. */
bool arch_is_return_address(u64 pc);
/* The current stack pointer. */
u64 arch_stack_pointer(void);

#endif
