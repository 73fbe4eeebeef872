/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cores that run: their start by the boot core, their areas by number, and what one does that
 * has nothing else to do. Not what they are given to do (kernel/work.h), nor the host's way to wake
 * one (kernel/arch.h).
 */
#ifndef KERNEL_CORES_H
#define KERNEL_CORES_H

#include "kernel/cpu.h"
#include "kernel/lib/types.h"

enum { CORES_MAX = 16 };

/* The boot core is core 0. Once, before interrupts are on. */
void cores_init(void);

/* How many cores run; each has a number below that, and an area. It grows in cores_start only. */
unsigned cores_count(void);
struct cpu *cores_at(unsigned id);

struct core_start {
	u32 hw_id;		/* in the host's own counting */
	void *area;		/* CPU_AREA_SIZE + CPU_STACK_SIZE bytes, zeroes, 4 KiB aligned */
	bool runs;		/* out: it came in time */
};

/*
 * Start these cores, and wait for them at most `limit` ns all together. They get numbers in the
 * order of the list, without gaps. One that comes later halts for ever, on its own area, which must
 * stay.
 */
void cores_start(struct core_start *s, unsigned n, u64 limit);

/* Where the host begins with another core: interrupts off, its area and stack in place. */
__attribute__((noreturn)) void core_main(void);

/* All other cores halt, wherever they are. For panic: takes no lock, waits for nobody. */
void cores_stop(void);

#endif
