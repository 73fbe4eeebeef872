/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coprocessor errors as the PIIX handles them (82371AB data sheet, port 0xf0): FERR#
 * sets IRQ 13, any write to the port ends it and asserts IGNNE#. No more than that:
 * when IGNNE# ends is the CPU's affair. Of several CPUs it is the boot processor whose pins these
 * are, whichever writes the port. No state, so no lock. Invariant: each FERR# is one edge.
 */
#include "drivers/pc/ferr.h"

#include <stdlib.h>

#include "kernel/panic.h"

enum { PORT_FERR = 0xf0 };

struct ferr {
	struct irq_line irq13, ignne;
	struct bus_region region;
};

static u64 ferr_read(void *opaque, u32 off, unsigned size)
{
	(void)opaque, (void)off, (void)size;
	return 0xff;			/* write only */
}

static void ferr_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct ferr *f = opaque;

	(void)off, (void)v, (void)size;
	irq_set(&f->irq13, 0);
	irq_set(&f->ignne, 1);
}

static const struct io_ops ferr_ops = {
	.read = ferr_read, .write = ferr_write, .min = 1, .max = 1,
};

void ferr_raise(struct ferr *f)
{
	irq_set(&f->irq13, 0);
	irq_set(&f->irq13, 1);
}

struct ferr *ferr_create(struct bus *bus, const struct irq_line *irq13,
			 const struct irq_line *ignne)
{
	struct ferr *f = calloc(1, sizeof(*f));

	must(f);
	f->irq13 = *irq13;
	f->ignne = *ignne;
	f->region = (struct bus_region){
		.name = "ferr", .start = PORT_FERR, .size = 1, .ops = &ferr_ops, .opaque = f,
		.enabled = true,
	};
	bus_add(bus, BUS_IO, &f->region);
	return f;
}
