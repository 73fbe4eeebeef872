/* SPDX-License-Identifier: BSD-2-Clause */
/* The PC/AT's way of reporting x87 errors: FERR# to IRQ 13, port 0xf0 to IGNNE#. */
#ifndef DRIVERS_PC_FERR_H
#define DRIVERS_PC_FERR_H

#include "mm/bus.h"

struct ferr;

/*
 * Both lines are copied; ignne is the boot processor's, set on whatever core writes the port, and
 * only ever asserted: the CPU knows when it ends.
 */
struct ferr *ferr_create(struct bus *bus, const struct irq_line *irq13,
			 const struct irq_line *ignne);

/* The boot processor asserts FERR#. On its core. */
void ferr_raise(struct ferr *f);

#endif
