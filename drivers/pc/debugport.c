/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port 0x402: bytes to a character end, reads 0xe9 (how firmware finds it). Port 0x80:
 * the POST code latch, also what guests write for a short delay. 0x403 and 0x404: the
 * monitor's counters (debugport.h). Not a UART: no status.
 * Invariant: a write never blocks; what the end does not take at once is dropped. Only 0x402's end
 * needs the lock: a latch is one core's own, or shows whatever was written last.
 */
#include "drivers/pc/debugport.h"

#include <stdlib.h>

#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

enum { PORT_POST = 0x80, PORT_DEBUG = 0x402, PORT_PRINT = 0x403, PORT_COUNTER = 0x404 };
enum { DEBUG_PRESENT = 0xe9, COUNTERS_PRESENT = 0xec, PRINTS_MAX = 1000 };

struct debugport {
	struct lock lock;	/* sink */
	struct chardev sink;
	struct counters counters;
	struct cpu_intr cpu;
	u64 prints;		/* lines asked for by port 0x403; atomic */
	u32 latch[LAPIC_MAX_CORES];
	u8 post;		/* atomic */
	struct bus_region debug_region, post_region, print_region, counter_region;
};

static u64 debug_read(void *opaque, u32 off, unsigned size)
{
	(void)opaque, (void)off, (void)size;
	return DEBUG_PRESENT;
}

static void debug_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct debugport *d = opaque;

	(void)off, (void)size;
	if (!d->sink.write)
		return;
	lock_take(&d->lock);
	d->sink.write(d->sink.opaque, (u8)v);
	lock_drop(&d->lock);
}

static u64 post_read(void *opaque, u32 off, unsigned size)
{
	struct debugport *d = opaque;

	(void)off, (void)size;
	return __atomic_load_n(&d->post, __ATOMIC_RELAXED);
}

static void post_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct debugport *d = opaque;

	(void)off, (void)size;
	__atomic_store_n(&d->post, (u8)v, __ATOMIC_RELAXED);
}

static u64 print_read(void *opaque, u32 off, unsigned size)
{
	(void)opaque, (void)off, (void)size;
	return COUNTERS_PRESENT;
}

static void print_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct debugport *d = opaque;
	u64 n = __atomic_add_fetch(&d->prints, 1, __ATOMIC_RELAXED);

	(void)off, (void)size;
	if (n <= PRINTS_MAX)
		d->counters.print(d->counters.opaque, (u8)v);
	else if (n == PRINTS_MAX + 1)
		printk("debugport: %u lines of counters were printed, no more will be\n",
		       (unsigned)PRINTS_MAX);
}

static u32 *own_latch(struct debugport *d)
{
	unsigned n = d->cpu.this_core ? d->cpu.this_core(d->cpu.opaque) : 0;

	must(n < LAPIC_MAX_CORES);
	return &d->latch[n];
}

static u64 counter_read(void *opaque, u32 off, unsigned size)
{
	struct debugport *d = opaque;

	(void)off, (void)size;
	return *own_latch(d);
}

static void counter_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct debugport *d = opaque;

	(void)off, (void)size;
	*own_latch(d) = (u32)d->counters.get(d->counters.opaque, (unsigned)v);
}

static const struct io_ops debug_ops = {
	.read = debug_read, .write = debug_write, .min = 1, .max = 1,
};
static const struct io_ops post_ops = {
	.read = post_read, .write = post_write, .min = 1, .max = 1,
};

static const struct io_ops print_ops = {
	.read = print_read, .write = print_write, .min = 1, .max = 1,
};
static const struct io_ops counter_ops = {
	.read = counter_read, .write = counter_write, .min = 4, .max = 4,
};

static void add_counters(struct debugport *d, struct bus *bus, const struct counters *counters)
{
	if (!counters || !counters->print || !counters->get)
		return;
	d->counters = *counters;
	d->print_region = (struct bus_region){
		.name = "counters-print", .start = PORT_PRINT, .size = 1, .ops = &print_ops,
		.opaque = d, .enabled = true,
	};
	d->counter_region = (struct bus_region){
		.name = "counters", .start = PORT_COUNTER, .size = 4, .ops = &counter_ops,
		.opaque = d, .enabled = true,
	};
	bus_add(bus, BUS_IO, &d->print_region);
	bus_add(bus, BUS_IO, &d->counter_region);
}

struct debugport *debugport_create(struct bus *bus, const struct chardev *sink,
				   const struct counters *counters, const struct cpu_intr *cpu)
{
	struct debugport *d = calloc(1, sizeof(*d));

	must(d);
	d->cpu = *cpu;
	if (sink)
		d->sink = *sink;
	d->debug_region = (struct bus_region){
		.name = "debugport", .start = PORT_DEBUG, .size = 1, .ops = &debug_ops,
		.opaque = d, .enabled = true,
	};
	d->post_region = (struct bus_region){
		.name = "post", .start = PORT_POST, .size = 1, .ops = &post_ops,
		.opaque = d, .priority = 1, .enabled = true,
	};
	bus_add(bus, BUS_IO, &d->debug_region);
	bus_add(bus, BUS_IO, &d->post_region);
	add_counters(d, bus, counters);
	return d;
}
