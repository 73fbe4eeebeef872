/* SPDX-License-Identifier: BSD-2-Clause */
/* 8254 interval timer and port 0x61 (speaker gate, channel 2's output, refresh bit). */
#ifndef DRIVERS_PC_PIT_H
#define DRIVERS_PC_PIT_H

#include "mm/bus.h"

struct pit;

/*
 * `irq0` follows channel 0's OUT, and takes IRQ_PULSE. waiting(irq0->opaque, irq0->n) says that its
 * last edge still waits for the CPU; NULL: never. Copied.
 */
struct pit *pit_create(struct bus *bus, const struct irq_line *irq0,
		       bool (*waiting)(void *opaque, unsigned n));
void pit_reset(struct pit *p);

/* Ticks of channel 0 that the guest had no time for (see pit.c). */
u64 pit_lost(const struct pit *p);

#endif
