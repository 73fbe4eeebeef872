/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every kernel/arch/HOST implements besides cpu.h, trap.h and paging.h: the
 * neutral kernel's way to the hardware. Nothing here knows of x86.
 */
#ifndef KERNEL_ARCH_H
#define KERNEL_ARCH_H

#include "kernel/lib/types.h"

/*
 * This core's registers, vectors, empty page tables; interrupts stay off. First, on each core: the
 * boot core by arch_init, which makes what all share, too.
 */
void arch_init(void);
void arch_init_core(void);

/* Interrupts from core to core. Those of a kind merge until they are taken. */
enum ipi {
	IPI_BOOT,		/* begins a core that firmware has parked; else nothing */
	IPI_WORK,		/* CPU_EVENT_IPI */
	IPI_STOP,		/* halt, for ever */
};

/* Interrupt the core of this hardware number; it sees what was stored here before. */
void arch_ipi(u32 hw_id, enum ipi what);

/*
 * Have core c->hw_id, which does not run, begin at core_main (kernel/cores.c) with this area and
 * its stack. Firmware may lose a call: until the core has come, wake it again.
 */
struct cpu;
void arch_core_wake(struct cpu *c);

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
