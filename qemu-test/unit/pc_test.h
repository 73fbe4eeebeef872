/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shorthands of the device tests: port access through the bus (and only through it) and
 * a recorder at the end of an interrupt line.
 */
#ifndef UNIT_PC_TEST_H
#define UNIT_PC_TEST_H

#include "mm/bus.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/native.h"

static struct bus *bus;

static inline u8 inb(u16 port) { return (u8)bus_read(bus, BUS_IO, port, 1); }
static inline u16 inw(u16 port) { return (u16)bus_read(bus, BUS_IO, port, 2); }
static inline u32 inl(u16 port) { return (u32)bus_read(bus, BUS_IO, port, 4); }
static inline void outb(u16 port, u8 v) { bus_write(bus, BUS_IO, port, v, 1); }
static inline void outw(u16 port, u16 v) { bus_write(bus, BUS_IO, port, v, 2); }
static inline void outl(u16 port, u32 v) { bus_write(bus, BUS_IO, port, v, 4); }
static inline u32 readl(u64 a) { return (u32)bus_read(bus, BUS_MMIO, a, 4); }
static inline void writel(u64 a, u32 v) { bus_write(bus, BUS_MMIO, a, v, 4); }

struct wire { int level; unsigned rises, sets; };

static inline void wire_set(void *opaque, unsigned n, int level)
{
	struct wire *w = (struct wire *)opaque + n;

	w->sets += level == IRQ_PULSE ? 2 : 1;
	w->rises += level == IRQ_PULSE || (level && !w->level);
	w->level = !!level;
}

/* A line that ends at w. */
static inline struct irq_line wire_line(struct wire *w)
{
	return (struct irq_line){ .set = wire_set, .opaque = w, .n = 0 };
}

#endif
