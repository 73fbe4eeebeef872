/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cores for natively built tests: threads, whose interrupts come when they look for events or idle.
 * Not a model of any host: nothing but an interrupt's arrival wakes one, and it orders nothing, so
 * that ThreadSanitizer sees what the code under test itself orders.
 */
#ifndef UNIT_FAKE_CORES_H
#define UNIT_FAKE_CORES_H

#include "kernel/lib/types.h"

enum { FAKE_CORES = 16, FAKE_NEVER = ~0u };

/* The thread that calls this is the boot core, with hardware number 0. */
void fake_cores_begin(void);

/* Core hw_id comes at its n-th wake, from 1; FAKE_NEVER: at none. Default: 1. */
void fake_core_comes(u32 hw_id, unsigned n);
/* It comes now, woken or not. */
void fake_core_come(u32 hw_id);

/* While `hold`, cores that start get no further than to where they enable interrupts. */
void fake_cores_hold(bool hold);

/* Wait until it has halted; false: it does not. */
bool fake_core_join(u32 hw_id);

/* CPU_AREA_SIZE + CPU_STACK_SIZE zero bytes. */
void *fake_area(void);

#endif
