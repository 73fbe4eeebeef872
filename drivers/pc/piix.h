/* SPDX-License-Identifier: BSD-2-Clause */
/* PIIX south bridge: ISA bridge at 00:01.0 with PIRQ routing, IDE function at 00:01.1. */
#ifndef DRIVERS_PC_PIIX_H
#define DRIVERS_PC_PIIX_H

#include "drivers/pc/pci.h"

struct piix;

/* The IDE function's BAR 4, and who hears whether it may be a bus master. */
struct piix_ide {
	struct bus_region *master;
	void (*enable)(void *opaque, bool on);
	void *opaque;
};

/* `isa` is called with the ISA interrupt number (3…15) and the OR of the PIRQs routed to it. */
struct piix *piix_create(struct pci *pci, const struct irq_line *isa, const struct piix_ide *ide);
void piix_reset(struct piix *p);

/* Pin INTA# of device n (0…31), asserted or not: an irq_line.set function. A PIRQ is their OR. */
void piix_inta(void *piix, unsigned n, int level);

/* The PIRQ that pin (1 = INTA#…4) of a device in `dev` is wired to: (dev + pin - 2) mod 4. */
unsigned piix_pirq_of(unsigned dev, unsigned pin);

#endif
