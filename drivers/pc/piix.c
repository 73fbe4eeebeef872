/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel 82371SB (PIIX3, order 290550) functions 0 and 1: ids, PIRQ route registers, and
 * the IDE function's enable bits and BAR 4. The power management function is PIIX4's: acpi_pm.c;
 * the IDE ports are ide.c's, always at the legacy addresses, the bus master ide_dma.c's.
 * Deviations: IDETIM's decode enable bits are stored only (the channels always answer), and its
 * timing bits say nothing of how fast bytes move;
 * X-bus chip selects, DMA aliases and the like are plain storage.
 * Invariant: each ISA line driven here is the OR of the PIRQs routed to it.
 */
#include "drivers/pc/piix.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"

enum { REG_IORT = 0x4c, REG_XBCS = 0x4e, REG_PIRQRC = 0x60, REG_TOM = 0x69, REG_IDETIM = 0x40 };
enum { PIRQ_OFF = 0x80 };

struct piix {
	struct lock lock;
	struct pci_func isa, ide;
	u8 pirq;		/* bit n: PIRQn asserted */
	u32 inta[4];		/* and by which devices' INTA# */
	u16 driven;		/* ISA lines that are up */
	struct irq_line line;
	struct piix_ide bus_master;
};

unsigned piix_pirq_of(unsigned dev, unsigned pin)
{
	return (dev + pin + 2) & 3;
}

/* PIRQRC[3:0]: 3-7, 9-12, 14, 15 are valid (§2.2.6). */
static bool routable(u8 irq)
{
	return 0xdef8 >> irq & 1;
}

static void update(struct piix *p)
{
	u16 want = 0;

	for (unsigned n = 0; n < 4; n++) {
		u8 r = pci_get8(&p->isa, REG_PIRQRC + n);

		if (p->pirq >> n & 1 && !(r & PIRQ_OFF) && routable(r & 15))
			want |= (u16)BIT(r & 15);
	}
	u16 diff = want ^ p->driven;
	p->driven = want;
	for (unsigned irq = 0; irq < 16; irq++)
		if (diff >> irq & 1 && p->line.set)
			p->line.set(p->line.opaque, irq, want >> irq & 1);
}

void piix_inta(void *piix, unsigned n, int level)
{
	struct piix *p = piix;
	unsigned pirq = piix_pirq_of(n, 1);

	must(n < 32);
	lock_take(&p->lock);
	p->inta[pirq] = level ? p->inta[pirq] | BIT(n) : p->inta[pirq] & ~BIT(n);
	p->pirq = (u8)(p->inta[pirq] ? p->pirq | BIT(pirq) : p->pirq & ~BIT(pirq));
	update(p);
	lock_drop(&p->lock);
}

static void isa_written(void *opaque, u32 off, unsigned size)
{
	struct piix *p = opaque;

	if (off < REG_PIRQRC + 4 && off + size > REG_PIRQRC) {
		lock_take(&p->lock);
		update(p);
		lock_drop(&p->lock);
	}
}

static void ide_written(void *opaque, u32 off, unsigned size)
{
	struct piix *p = opaque;

	if (off <= PCI_COMMAND && off + size > PCI_COMMAND)
		p->bus_master.enable(p->bus_master.opaque,
				     pci_get8(&p->ide, PCI_COMMAND) & PCI_CMD_MASTER);
}

void piix_reset(struct piix *p)
{
	lock_take(&p->lock);
	p->pirq = 0;
	memset(p->inta, 0, sizeof(p->inta));
	update(p);
	lock_drop(&p->lock);
}

static void init_isa(struct pci_func *f)
{
	pci_func_init(f, 0x8086, 0x7000, 0x060100, 0);
	pci_put16(f, PCI_COMMAND, 0x0007);
	pci_put16(f, PCI_STATUS, 0x0200);
	f->wmask[PCI_COMMAND] = 0x08;	/* special cycles; the rest is hard-wired */
	f->conf[PCI_HEADER] = 0x80;	/* more functions */
	f->conf[REG_IORT] = 0x4d;
	f->conf[REG_XBCS] = 0x03;
	f->wmask[REG_IORT] = f->wmask[REG_XBCS] = f->wmask[REG_XBCS + 1] = 0xff;
	for (unsigned n = 0; n < 4; n++) {
		f->conf[REG_PIRQRC + n] = PIRQ_OFF;
		f->wmask[REG_PIRQRC + n] = 0x8f;
	}
	f->conf[REG_TOM] = 0x02;
	f->wmask[REG_TOM] = 0xfe;
}

static void init_ide(struct pci_func *f, struct bus_region *master)
{
	pci_func_init(f, 0x8086, 0x7010, 0x010180, 0);
	pci_put16(f, PCI_STATUS, 0x0280);
	f->wmask[PCI_COMMAND] = PCI_CMD_IO | PCI_CMD_MASTER;
	pci_set_bar(f, 4, BUS_IO, 16, master);
	for (unsigned n = 0; n < 4; n++)
		f->wmask[REG_IDETIM + n] = 0xff;
}

struct piix *piix_create(struct pci *pci, const struct irq_line *isa, const struct piix_ide *ide)
{
	struct piix *p = calloc(1, sizeof(*p));

	must(p);
	p->line = *isa;
	init_isa(&p->isa);
	p->bus_master = *ide;
	init_ide(&p->ide, ide->master);
	p->ide.written = ide_written;
	p->ide.opaque = p;
	p->isa.written = isa_written;
	p->isa.opaque = p;
	pci_add(pci, PCI_DEVFN(1, 0), &p->isa);
	pci_add(pci, PCI_DEVFN(1, 1), &p->ide);
	return p;
}
