/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An AHCI adapter as in ICH9 (AHCI 1.2; ICH9 datasheet 316972, chapter 15): PCI function, generic
 * registers, interrupts. Ports are hba_port.c's. Always in AHCI mode; no BIOS hand-over, since the
 * firmware keeps nothing.
 * Invariant: IS has the bits of the ports whose enabled events are not cleared; the pin, or a
 * message when it rises or is written to, follows GHC.IE and IS.
 */
#include "drivers/pc/hba.h"

#include <stdlib.h>

#include "drivers/pc/hba_port.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"

enum { ABAR = 5, ABAR_SIZE = 0x1000, PORTS_AT = 0x100, PORT_SIZE = 0x80 };
enum { G_CAP = 0x00, G_GHC = 0x04, G_IS = 0x08, G_PI = 0x0c, G_VS = 0x10, VERSION = 0x10200 };
enum { GHC_RESET = 1, GHC_INTERRUPTS = 2, REG_PCS = 0x92 };
#define GHC_AHCI BIT(31)
/* 64-bit addresses, NCQ, command list override off, 3 Gb/s, AHCI only, 32 slots, ports. */
#define CAP (BIT(31) | BIT(30) | 2u << 20 | BIT(18) | (HBA_SLOTS - 1) << 8 | (HBA_PORTS - 1))

struct hba {
	struct lock lock;	/* is, asks, ghc, message: taken after a port's */
	struct pci_func f;
	struct bus_region bar;
	struct irq_line intx;
	u32 is, ghc;
	u32 asks;		/* ports with enabled events that are not cleared */
	bool up;		/* what the pin shows, or would */
	struct hba_port port[HBA_PORTS];
};

/* With h->lock held. `written`: IS was, and what is left of it is told anew. */
static void update(struct hba *h, bool written)
{
	bool level = h->is && h->ghc & GHC_INTERRUPTS;

	if (pci_msi_on(&h->f)) {
		if (level && (!h->up || written))
			pci_msi_send(&h->f);
		irq_set(&h->intx, 0);
	} else {
		irq_set(&h->intx, level && !(pci_get8(&h->f, PCI_COMMAND + 1) &
				      PCI_CMD_NO_INTX >> 8));
	}
	h->up = level;
}

void hba_update(struct hba_port *p)
{
	struct hba *h = p->hba;

	lock_take(&h->lock);
	h->asks = p->is & p->ie ? h->asks | BIT(p->n) : h->asks & ~BIT(p->n);
	h->is |= h->asks & BIT(p->n);
	update(h, false);
	lock_drop(&h->lock);
}

static void reset_ports(struct hba *h, bool power_up)
{
	for (unsigned n = 0; n < HBA_PORTS; n++) {
		lock_take(&h->port[n].c.lock);
		hba_port_reset(&h->port[n], power_up);
		lock_drop(&h->port[n].c.lock);
	}
	lock_take(&h->lock);
	h->is = 0;
	h->ghc = (u32)GHC_AHCI;
	update(h, false);
	lock_drop(&h->lock);
}

void hba_reset(struct hba *h) { reset_ports(h, true); }

bool hba_busy(struct hba *h)
{
	bool busy = false;

	for (unsigned n = 0; n < HBA_PORTS; n++) {
		lock_take(&h->port[n].c.lock);
		busy |= hba_port_busy(&h->port[n]);
		lock_drop(&h->port[n].c.lock);
	}
	return busy;
}

/* -- Registers ---------------------------------------------------------------- */

static u32 generic_read(struct hba *h, u32 off)
{
	switch (off) {
	case G_CAP: return (u32)CAP;
	case G_GHC: return h->ghc;
	case G_IS: return h->is;
	case G_PI: return (1u << HBA_PORTS) - 1;
	case G_VS: return VERSION;
	default: return 0;
	}
}

static void generic_write(struct hba *h, u32 off, u32 v)
{
	if (off == G_GHC && v & GHC_RESET) {
		reset_ports(h, false);
		return;
	}
	lock_take(&h->lock);
	if (off == G_GHC)
		h->ghc = (u32)GHC_AHCI | (v & GHC_INTERRUPTS);
	if (off == G_IS)
		h->is = (h->is & ~v) | h->asks;
	update(h, off == G_IS);
	lock_drop(&h->lock);
}

static u64 bar_read(void *opaque, u32 off, unsigned size)
{
	struct hba *h = opaque;
	struct hba_port *p = &h->port[(off - PORTS_AT) / PORT_SIZE % HBA_PORTS];
	u32 v;

	(void)size;
	if (off < PORTS_AT) {
		lock_take(&h->lock);
		v = generic_read(h, off);
		lock_drop(&h->lock);
		return v;
	}
	if (off >= PORTS_AT + HBA_PORTS * PORT_SIZE)
		return 0;
	lock_take(&p->c.lock);
	v = hba_port_read(p, off % PORT_SIZE);
	lock_drop(&p->c.lock);
	return v;
}

static void bar_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct hba *h = opaque;
	struct hba_port *p = &h->port[(off - PORTS_AT) / PORT_SIZE % HBA_PORTS];

	(void)size;
	if (off < PORTS_AT) {
		generic_write(h, off, (u32)v);
		return;
	}
	if (off >= PORTS_AT + HBA_PORTS * PORT_SIZE)
		return;
	lock_take(&p->c.lock);
	hba_port_write(p, off % PORT_SIZE, (u32)v);
	lock_drop(&p->c.lock);
}

static const struct io_ops bar_ops = {
	.read = bar_read, .write = bar_write, .min = 4, .max = 4, .rmw = true,
};

/* -- PCI ------------------------------------------------------------------------ */

static void written(void *opaque, u32 off, unsigned size)
{
	struct hba *h = opaque;

	if (off <= PCI_COMMAND + 1 && off + size > PCI_COMMAND)
		for (unsigned n = 0; n < HBA_PORTS; n++) {
			struct hba_port *p = &h->port[n];

			lock_take(&p->c.lock);
			p->c.master.enabled = pci_get8(&h->f, PCI_COMMAND) & PCI_CMD_MASTER;
			ide_dma_go(&p->c);
			hba_port_run(p);
			lock_drop(&p->c.lock);
		}
	lock_take(&h->lock);
	update(h, false);
	lock_drop(&h->lock);
}

struct hba *hba_create(struct pci *pci, unsigned devfn, const struct irq_line *intx,
		       const struct blockdev *const disk[HBA_PORTS])
{
	struct hba *h = calloc(1, sizeof(*h));

	must(h);
	h->intx = *intx;
	h->ghc = (u32)GHC_AHCI;
	pci_func_init(&h->f, 0x8086, 0x2922, 0x010601, 2);
	pci_put16(&h->f, PCI_SUBSYSTEM_VENDOR, 0x1af4);
	pci_put16(&h->f, PCI_SUBSYSTEM, 0x1100);
	h->f.conf[PCI_INT_PIN] = 1;
	h->f.wmask[PCI_COMMAND + 1] |= PCI_CMD_NO_INTX >> 8;
	h->f.wmask[REG_PCS] = 0x3f;
	h->bar = (struct bus_region){ "ahci", 0, ABAR_SIZE, &bar_ops, h, 0, false, NULL };
	pci_set_bar(&h->f, ABAR, BUS_MMIO, ABAR_SIZE, &h->bar);
	pci_msi_add(&h->f);
	h->f.written = written;
	h->f.opaque = h;
	for (unsigned n = 0; n < HBA_PORTS; n++) {
		h->port[n].hba = h;
		h->port[n].n = n;
		hba_port_init(&h->port[n], disk[n]);
	}
	pci_add(pci, devfn, &h->f);
	return h;
}
