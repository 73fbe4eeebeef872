/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The per-core area. Its address is in one register (each host's cpu.h names it) all the time
 * that a core runs the monitor or translated code. The kernel's own fields come first; the
 * translator's state (struct vcpu, which the kernel does not know) follows at
 * CPU_VCPU_OFFSET, so that its hot fields lie within a load's offset.
 *
 *      ─► +0     struct cpu              (kernel)
 *         +256   struct vcpu             (dbt)
 *         …      up to CPU_AREA_SIZE
 */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#define CPU_VCPU_OFFSET 256
#define CPU_AREA_SIZE 0x4000		/* for each core */
#define CPU_STACK_SIZE 0x10000		/* 64 KiB */

#define CPU_STACK_TOP 8			/* offset of struct cpu's stack_top, for entry.S */

#ifndef __ASSEMBLER__
#include "kernel/lib/types.h"
#include "kernel/trap.h"

struct timer;
struct work;

enum { CPU_CLAIMERS = 8, CPU_DESCRIBERS = 4 };

struct cpu {
	u32 id;			/* 0 … cores_count()-1, boot core first */
	u32 hw_id;		/* the core's number in the host's own counting */
	u64 stack_top;		/* initial sp of this core's monitor stack */
	struct timer *timers;	/* deadline queue, earliest first */
	u64 timer_late;		/* longest from a timer's deadline to its callback, ns */
	u64 irq_count, trap_count;
	void *cache;		/* the code cache's part of this core (dbt/cache) */
	u32 irq_pending;	/* host interrupts noted, not yet handled (bit per cpu_event) */
	bool timer_armed;	/* for the head of `timers` or earlier, since timer_run began */
	u64 host[2];		/* kernel/arch/HOST's own */
	trap_claimer claimers[CPU_CLAIMERS];	/* kernel/trap.c; the first is never NULL */
	trap_describer describers[CPU_DESCRIBERS];
	u32 claimer_count, describer_count;
	struct work *taken;	/* work to be done, the oldest first */

	/* What other cores read and write; all above is this core's alone once it runs. */
	struct work *posted __attribute__((aligned(64)));	/* work.c: newest first */
	struct timer *asked;	/* timer.c: on this core's queue, wanted by others */
	u64 epoch;		/* kernel/epoch.c: the last one that it has seen, or EPOCH_IDLE */
	u32 state;		/* kernel/cores.c: how far its start is */
	/* Its own: NULL, or forgets what was found before, when an epoch ends here (epoch.c). */
	void (*on_quiet)(void);
};

/* The running core's area. */
struct cpu *this_cpu(void);

/* Where the translator keeps its state for this core. */
static inline void *cpu_vcpu_area(struct cpu *c) { return (char *)c + CPU_VCPU_OFFSET; }

/* Wait for a host interrupt unless the kick register is already set; returns with it set. */
void cpu_idle(void);

/* Stop for ever with interrupts off. */
__attribute__((noreturn)) void cpu_halt(void);

#endif
#endif
