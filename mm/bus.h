/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest port and memory-mapped I/O: who answers at an address. The bus splits
 * accesses to the widths a device declares and counts (and logs, once for each of
 * the first 64 ports and pages) accesses that nobody answers. Not RAM or ROM: those are mm/gpa's.
 */
#ifndef MM_BUS_H
#define MM_BUS_H

#include "kernel/lib/types.h"

enum bus_space { BUS_IO, BUS_MMIO };

/*
 * A device's access functions. `off` counts from the region's start; size is 1, 2, 4
 * (or 8 on BUS_MMIO where .max allows) and within .min … .max: the bus splits larger
 * accesses, low part first, and widens smaller ones (reads the container, a write
 * smaller than .min is done read-modify-write only if .rmw is set, else widened with 0).
 * Values are zero-extended. Called with no lock held; a device takes its own, on whatever core it
 * is: several are in it at once. One may be in it while it is moved by another core only if it
 * waits to be alone itself (kernel/alone.h).
 */
struct io_ops {
	u64 (*read)(void *opaque, u32 off, unsigned size);
	void (*write)(void *opaque, u32 off, u64 value, unsigned size);
	/*
	 * Optional: a block from or to one data port (REP INS/OUTS, REP MOVS to a device).
	 * `count` units of `size` bytes, in guest order. NULL: the bus loops.
	 */
	void (*read_block)(void *opaque, u32 off, void *buf, unsigned size, u32 count);
	void (*write_block)(void *opaque, u32 off, const void *buf, unsigned size, u32 count);
	u8 min, max;		/* widths in bytes that read and write get */
	bool rmw;
};

struct bus_region {		/* owned by the device; must outlive its registration */
	const char *name;
	u64 start;		/* port or guest physical address */
	u64 size;		/* bytes */
	const struct io_ops *ops;
	void *opaque;
	int priority;		/* the higher one wins where regions overlap; 0 for most */
	bool enabled;
	struct bus_region *next;
};

struct bus;			/* a port space and a memory space; one for each machine */

struct bus *bus_create(void);
void bus_destroy(struct bus *b);

/*
 * fn is called after the memory space's layout has changed (mm/gpa: leaves may be stale), alone.
 *
 * Law: the layout is looked at without a lock, and changed alone (kernel/alone.h). So who adds or
 * moves a region holds no lock, and an access never sees half a change.
 */
void bus_on_change(struct bus *b, void (*fn)(void));

/* Add a region. It answers from now on if r->enabled. */
void bus_add(struct bus *b, enum bus_space space, struct bus_region *r);

/*
 * Move, resize or switch a region (PCI BARs, chipset decode bits): alone. When it returns all cores
 * find the new layout.
 */
void bus_move(struct bus *b, enum bus_space space, struct bus_region *r, u64 start, u64 size,
	      bool enabled);

/*
 * Access with size 1, 2, 4 (8 on BUS_MMIO). Unanswered: all ones on reads, counted and
 * logged once.
 */
u64 bus_read(struct bus *b, enum bus_space space, u64 addr, unsigned size);
void bus_write(struct bus *b, enum bus_space space, u64 addr, u64 value, unsigned size);

/* REP INS/OUTS: `count` units at one port. */
void bus_read_block(struct bus *b, u64 port, void *buf, unsigned size, u32 count);
void bus_write_block(struct bus *b, u64 port, const void *buf, unsigned size, u32 count);

/* Does any enabled memory-mapped region overlap [addr, addr+size)? */
bool bus_is_mmio(struct bus *b, u64 addr, u64 size);

/* Accesses that nobody answered since the start. */
u64 bus_unanswered(const struct bus *b);

/*
 * An interrupt line: level 0 or 1 as the device drives it; or, where the other end says that it
 * takes that, both of a pulse in one step: low, then high.
 */
enum { IRQ_PULSE = 2 };
struct irq_line {
	void (*set)(void *opaque, unsigned n, int level);
	void *opaque;
	unsigned n;
};

static inline void irq_set(const struct irq_line *l, int level)
{
	if (l->set)
		l->set(l->opaque, l->n, level);
}

#endif
