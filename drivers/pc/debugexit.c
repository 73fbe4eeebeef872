/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The debug exit port 0xf4 (four bytes wide, as QEMU's isa-debug-exit): a write ends the
 * run. Not a PC device; tests use it. Invariant: a write does not return to the guest
 * unless the power end does.
 */
#include "drivers/pc/debugexit.h"

#include <stdlib.h>

#include "kernel/panic.h"
#include "kernel/printk.h"

enum { PORT_EXIT = 0xf4 };

struct debugexit {
	struct power power;
	struct bus_region region;
};

static u64 exit_read(void *opaque, u32 off, unsigned size)
{
	(void)opaque, (void)off, (void)size;
	return 0;
}

static void exit_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct debugexit *d = opaque;

	(void)off, (void)size;
	printk_shown("debug exit: guest code %u (0x%x)\n", (unsigned)v, (unsigned)v);
	if (d->power.off)
		d->power.off(d->power.opaque, (int)v);
}

static const struct io_ops exit_ops = {
	.read = exit_read, .write = exit_write, .min = 1, .max = 4,
};

struct debugexit *debugexit_create(struct bus *bus, const struct power *power)
{
	struct debugexit *d = calloc(1, sizeof(*d));

	must(d);
	d->power = *power;
	d->region = (struct bus_region){
		.name = "debugexit", .start = PORT_EXIT, .size = 4, .ops = &exit_ops,
		.opaque = d, .enabled = true,
	};
	bus_add(bus, BUS_IO, &d->region);
	return d;
}
