/* SPDX-License-Identifier: BSD-2-Clause */
/* The pair of 8259A interrupt controllers with their edge/level registers. */
#ifndef DRIVERS_PC_PIC_H
#define DRIVERS_PC_PIC_H

#include "mm/bus.h"

struct pic;

/* `intr` is driven with the master's INT output, under the PIC's lock. Copied. */
struct pic *pic_create(struct bus *bus, const struct irq_line *intr);
void pic_reset(struct pic *p);

/*
 * Input n (0…15, 2 is the cascade and ignored) as driven by a device: an irq_line.set function,
 * which takes IRQ_PULSE.
 */
void pic_set(void *pic, unsigned n, int level);

/* INT output. Needs no lock. */
bool pic_output(const struct pic *p);

/* The CPU's INTA cycle: the vector, 0…255; a spurious IRQ 7 or 15 if nothing is pending. */
u8 pic_ack(struct pic *p);

/* Is input n latched, unmasked and not yet acknowledged (IRR)? */
bool pic_waiting(struct pic *p, unsigned n);

#endif
