/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel 82093AA (order 290566): 24 redirection entries behind an index and a data window; and, as
 * its successors of version 0x20 have it (ICH's IOxAPIC), a register by which a core whose local
 * APIC keeps its EOIs to itself ends a level interrupt.
 * Messages of NMI, SMI, INIT and ExtINT are edges whatever an entry says (§3.2.4).
 * Deviations: the polarity bit is stored only, as a line here is asserted or not whatever
 * its voltage; the APIC bus arbitration id is not there; an ExtINT entry is logged, the PIC
 * reaches the cores through LINT0.
 * Invariant: a level entry with its remote IRR set waits for ioapic_eoi() of its vector.
 */
#include "drivers/pc/ioapic.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"

enum { OFF_SELECT = 0x00, OFF_WINDOW = 0x10, OFF_EOI = 0x40 };
enum { REG_ID = 0, REG_VERSION = 1, REG_ARB = 2, REG_REDIR = 0x10 };
enum { VERSION = 0x20 | (IOAPIC_PINS - 1) << 16 };
enum { RTE_LOGICAL = 0x800, RTE_REMOTE_IRR = 0x4000, RTE_LEVEL = 0x8000, RTE_MASKED = 0x10000,
	RTE_WRITABLE = 0x1afff };

struct ioapic {
	struct lock lock;
	u8 select, id;
	u64 rte[IOAPIC_PINS];
	u32 lines;
	struct lapic *lapic;
	struct bus_region region;
};

/* Does the entry follow its line's level, and wait for an EOI? */
static bool is_level(u64 e) { return e & RTE_LEVEL && bits(e, 10, 8) <= LAPIC_LOWEST; }

/* Send the entry's message. Returns whether a core took it. */
static bool send(struct ioapic *a, unsigned pin)
{
	u64 e = a->rte[pin];

	return lapic_message(a->lapic, (u8)(e >> 56), e & RTE_LOGICAL,
			     (enum lapic_mode)bits(e, 10, 8), (u8)e, is_level(e));
}

static void service_level(struct ioapic *a, unsigned pin)
{
	u64 *e = &a->rte[pin];

	if (is_level(*e) && a->lines >> pin & 1 && !(*e & (RTE_MASKED | RTE_REMOTE_IRR)) &&
	    send(a, pin))
		*e |= RTE_REMOTE_IRR;
}

void ioapic_set(void *ioapic, unsigned n, int level)
{
	struct ioapic *a = ioapic;

	must(n < IOAPIC_PINS);
	lock_take(&a->lock);
	bool was = a->lines >> n & 1;
	a->lines = level ? a->lines | BIT(n) : a->lines & ~BIT(n);
	if (is_level(a->rte[n]))
		service_level(a, n);
	else if (level && (!was || level == IRQ_PULSE) && !(a->rte[n] & RTE_MASKED))
		send(a, n);	/* an edge on a masked pin is not kept (§3.2.4) */
	lock_drop(&a->lock);
}

bool ioapic_waiting(struct ioapic *a, unsigned n)
{
	lock_take(&a->lock);
	u64 e = a->rte[n];
	bool r = !(e & RTE_MASKED) &&
		 lapic_waiting(a->lapic, (u8)(e >> 56), e & RTE_LOGICAL, (u8)e);
	lock_drop(&a->lock);
	return r;
}

void ioapic_eoi(void *ioapic, unsigned n, int unused)
{
	struct ioapic *a = ioapic;

	(void)unused;
	lock_take(&a->lock);
	for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
		if ((u8)a->rte[pin] != n || !(a->rte[pin] & RTE_REMOTE_IRR))
			continue;
		a->rte[pin] &= ~(u64)RTE_REMOTE_IRR;
		service_level(a, pin);
	}
	lock_drop(&a->lock);
}

static u32 read_window(const struct ioapic *a)
{
	unsigned n = a->select - REG_REDIR;

	switch (a->select) {
	case REG_ID:
	case REG_ARB: return (u32)a->id << 24;
	case REG_VERSION: return VERSION;
	}
	if (a->select < REG_REDIR || n / 2 >= IOAPIC_PINS)
		return 0;
	return (u32)(a->rte[n / 2] >> (n & 1 ? 32 : 0));
}

static void write_redir(struct ioapic *a, unsigned n, u32 v)
{
	u64 *e = &a->rte[n / 2];

	if (n & 1) {
		*e = (*e & 0xffffffff) | (u64)(v & 0xff000000) << 32;
		return;
	}
	*e = (*e & ~(u64)RTE_WRITABLE) | (v & RTE_WRITABLE);
	if (!is_level(*e))
		*e &= ~(u64)RTE_REMOTE_IRR;
	service_level(a, n / 2);
}

static u64 ioapic_read(void *opaque, u32 off, unsigned size)
{
	struct ioapic *a = opaque;
	u32 v = 0;

	(void)size;
	lock_take(&a->lock);
	if (off == OFF_SELECT)
		v = a->select;
	else if (off == OFF_WINDOW)
		v = read_window(a);
	lock_drop(&a->lock);
	return v;
}

static void ioapic_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct ioapic *a = opaque;

	(void)size;
	if (off == OFF_EOI) {
		ioapic_eoi(a, (u8)v, 0);
		return;
	}
	lock_take(&a->lock);
	if (off == OFF_SELECT)
		a->select = (u8)v;
	else if (off == OFF_WINDOW && a->select == REG_ID)
		a->id = v >> 24 & 0xf;
	else if (off == OFF_WINDOW && a->select >= REG_REDIR &&
		 a->select < REG_REDIR + 2 * IOAPIC_PINS)
		write_redir(a, a->select - REG_REDIR, (u32)v);
	lock_drop(&a->lock);
}

static const struct io_ops ioapic_ops = {
	.read = ioapic_read, .write = ioapic_write, .min = 4, .max = 4,
};

void ioapic_reset(struct ioapic *a)
{
	lock_take(&a->lock);
	a->select = a->id = 0;
	for (unsigned n = 0; n < IOAPIC_PINS; n++)
		a->rte[n] = RTE_MASKED;
	lock_drop(&a->lock);
}

struct ioapic *ioapic_create(struct bus *bus, struct lapic *lapic)
{
	struct ioapic *a = calloc(1, sizeof(*a));

	must(a);
	a->lapic = lapic;
	a->region = (struct bus_region){
		"ioapic", 0xfec00000, 0x1000, &ioapic_ops, a, 0, true, NULL,
	};
	bus_add(bus, BUS_MMIO, &a->region);
	ioapic_reset(a);
	return a;
}
