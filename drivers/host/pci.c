/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See pci.h. Invariant: a BAR is moved only if it was 0, and while the function does not decode;
 * what is given lies above everything that firmware gave in the window.
 */
#include "drivers/host/pci.h"

#include "boot/host_board.h"
#include "drivers/host/acpi.h"
#include "drivers/host/mmio.h"
#include "kernel/irq.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/printk.h"

enum { REG_ID = 0, REG_COMMAND = 4, REG_STATUS = 6, REG_CLASS = 8, REG_HEADER = 0x0e,
	REG_BAR = 0x10, REG_SECONDARY = 0x19, REG_CAPS = 0x34, REG_PIN = 0x3d };
enum { COMMAND_MEMORY = 2, COMMAND_MASTER = 4, COMMAND_NO_INTX = 0x400, STATUS_CAPS = 0x10 };
enum { HEADER_BRIDGE = 1, HEADER_MANY = 0x80 };
enum { BAR_IO = 1, BAR_TYPE = 6, BAR_64 = 4, BARS = 6, BRIDGE_BARS = 2 };
enum { CAP_MSI = 5, CAP_MSIX = 0x11, CAPS_MAX = 48 };
enum { MSI_CONTROL = 2, MSI_ADDRESS = 4, MSI_ENABLE = 1, MSI_64 = 0x80 };
enum { MSIX_CONTROL = 2, MSIX_TABLE = 4, MSIX_ENABLE = 0x8000, MSIX_MASK = 0x4000 };
enum { ENTRY_ADDRESS = 0, ENTRY_DATA = 8, ENTRY_CONTROL = 12 };

static hpa_t reg(const struct pci_function *f, unsigned offset)
{
	return hpa(f->config.a + offset);
}

u8 pci_read8(const struct pci_function *f, unsigned offset) { return mmio_read8(reg(f, offset)); }
static u16 read16(const struct pci_function *f, unsigned o) { return mmio_read16(reg(f, o)); }
u32 pci_read32(const struct pci_function *f, unsigned o) { return mmio_read32(reg(f, o)); }

static void write16(const struct pci_function *f, unsigned offset, u16 v)
{
	mmio_write16(reg(f, offset), v);
}

static void write32(const struct pci_function *f, unsigned offset, u32 v)
{
	mmio_write32(reg(f, offset), v);
}

static void set_command(const struct pci_function *f, u16 clear, u16 set)
{
	u16 v = read16(f, REG_COMMAND);

	write16(f, REG_COMMAND, (u16)((v & ~clear) | set));
}

/* -- Functions ------------------------------------------------------------- */

/* Is there a function? Fills *f. */
static bool look(const struct pci *p, unsigned bus, unsigned slot, unsigned fn,
		 struct pci_function *f)
{
	u32 id;

	f->config = hpa(p->ecam.a + ((u64)bus << 20 | slot << 15 | fn << 12));
	id = pci_read32(f, REG_ID);
	if ((u16)id == 0xffff || !(u16)id)
		return false;
	f->vendor = (u16)id;
	f->device = (u16)(id >> 16);
	f->class = pci_read32(f, REG_CLASS) >> 8;
	f->bus = (u8)bus;
	f->slot = (u8)slot;
	f->fn = (u8)fn;
	return true;
}

static void each_on_bus(struct pci *p, unsigned bus,
			void (*fn)(void *opaque, const struct pci_function *f), void *opaque);

/* What each_behind goes on with. */
struct behind {
	struct pci *pci;
	void (*fn)(void *opaque, const struct pci_function *f);
	void *opaque;
};

/* Buses behind bridges have higher numbers (PCI-to-PCI bridges 1.2, 3.2.5.4): this ends. */
static void each_behind(void *opaque, const struct pci_function *f)
{
	const struct behind *b = opaque;
	unsigned bus;

	if ((pci_read8(f, REG_HEADER) & 0x7f) != HEADER_BRIDGE)
		return;
	bus = pci_read8(f, REG_SECONDARY);
	if (bus > f->bus && bus <= b->pci->last_bus)
		each_on_bus(b->pci, bus, b->fn, b->opaque);
}

static void each_function(struct pci *p, unsigned bus,
			  void (*fn)(void *opaque, const struct pci_function *f), void *opaque)
{
	struct pci_function f;

	for (unsigned at = 0; at < 32 * 8; at++) {
		if (!look(p, bus, at / 8, at % 8, &f)) {
			at |= at % 8 ? 0 : 7;
			continue;
		}
		fn(opaque, &f);
		if (!(at % 8) && !(pci_read8(&f, REG_HEADER) & HEADER_MANY))
			at |= 7;
	}
}

/* A bus's own functions first, so that all come in the order of their numbers. */
static void each_on_bus(struct pci *p, unsigned bus,
			void (*fn)(void *opaque, const struct pci_function *f), void *opaque)
{
	struct behind b = { p, fn, opaque };

	each_function(p, bus, fn, opaque);
	each_function(p, bus, each_behind, &b);
}

void pci_each(struct pci *p, void (*fn)(void *opaque, const struct pci_function *f), void *opaque)
{
	each_on_bus(p, p->first_bus, fn, opaque);
}

int pci_walk(const struct pci *p, const u8 *path, unsigned count)
{
	struct pci_function f;
	unsigned bus = p->first_bus;

	for (unsigned k = 0; k < count; k++) {
		unsigned behind;

		if (!look(p, bus, path[k] >> 3, path[k] & 7, &f))
			return -ERR_NOENT;
		if (k == count - 1)
			return (int)(bus << 8 | path[k]);
		behind = pci_read8(&f, REG_SECONDARY);
		if ((pci_read8(&f, REG_HEADER) & 0x7f) != HEADER_BRIDGE || behind <= bus)
			return -ERR_NOENT;
		bus = behind;
	}
	return -ERR_NOENT;
}

/* -- Memory ---------------------------------------------------------------- */

struct bar {
	u64 at, size;		/* size 0: none of memory */
	bool wide;
};

/* Read BAR n by writing ones to it; the function does not decode meanwhile (PCI 3.0, 6.2.5.1). */
static struct bar probe(const struct pci_function *f, unsigned n)
{
	unsigned at = REG_BAR + 4 * n;
	u16 command = read16(f, REG_COMMAND);
	u32 low = pci_read32(f, at), high = 0;
	struct bar b = { 0 };
	u64 mask;

	if (low & BAR_IO)
		return b;
	b.wide = (low & BAR_TYPE) == BAR_64;
	write16(f, REG_COMMAND, command & (u16)~COMMAND_MEMORY);
	write32(f, at, ~0u);
	mask = (pci_read32(f, at) & ~15u) | 0xffffffff00000000;
	write32(f, at, low);
	if (b.wide) {
		high = pci_read32(f, at + 4);
		write32(f, at + 4, ~0u);
		mask = (mask & 0xffffffff) | (u64)pci_read32(f, at + 4) << 32;
		write32(f, at + 4, high);
	}
	write16(f, REG_COMMAND, command);
	b.at = (u64)high << 32 | (low & ~15u);
	b.size = (u32)mask ? ~mask + 1 : 0;
	return b;
}

static unsigned bars(const struct pci_function *f)
{
	return (pci_read8(f, REG_HEADER) & 0x7f) == HEADER_BRIDGE ? BRIDGE_BARS : BARS;
}

/* Keep what firmware gave to this function out of what will be given. */
static void keep_bars(void *opaque, const struct pci_function *f)
{
	struct pci *p = opaque;

	for (unsigned n = 0; n < bars(f); n++) {
		struct bar b = probe(f, n);

		if (b.size && b.at >= p->window && b.at < p->window_end)
			p->window = b.size < p->window_end - b.at ? b.at + b.size : p->window_end;
		n += b.wide;
	}
}

/* Give BAR n memory of the window, at a multiple of its size. */
static int give(struct pci *p, const struct pci_function *f, unsigned n, struct bar *b)
{
	u64 at = align_up(p->window, b->size);

	if (at >= p->window_end || b->size > p->window_end - at) {
		p->left_out++;
		return -ERR_NOSPC;
	}
	set_command(f, COMMAND_MEMORY, 0);
	write32(f, REG_BAR + 4 * n, (u32)at);
	if (b->wide)
		write32(f, REG_BAR + 4 * n + 4, (u32)(at >> 32));
	p->window = at + b->size;
	b->at = at;
	trace(PCI, "pci: %02x:%02x.%x BAR %u at %lx, %lu bytes\n", f->bus, f->slot, f->fn, n,
	      (unsigned long)at, (unsigned long)b->size);
	return 0;
}

int pci_bar(struct pci *p, const struct pci_function *f, unsigned n, hpa_t *base, u64 *size)
{
	struct bar b;
	int rc = 0;

	if (n >= bars(f))
		return -ERR_NOENT;
	b = probe(f, n);
	if (!b.size)
		return -ERR_NOENT;
	if (!b.at)
		rc = give(p, f, n, &b);
	*base = hpa(b.at);
	*size = b.size;
	return rc;
}

void pci_enable(const struct pci_function *f)
{
	set_command(f, 0, COMMAND_MEMORY | COMMAND_MASTER);
}

/* -- Capabilities and interrupts -------------------------------------------- */

unsigned pci_capability(const struct pci_function *f, u8 id, unsigned after)
{
	unsigned at;

	if (!(read16(f, REG_STATUS) & STATUS_CAPS))
		return 0;
	at = pci_read8(f, after ? after + 1 : REG_CAPS) & ~3u;
	for (unsigned k = 0; at >= 0x40 && k < CAPS_MAX; k++) {
		if (pci_read8(f, at) == id)
			return at;
		at = pci_read8(f, at + 1) & ~3u;
	}
	return 0;
}

static bool use_msix(struct pci *p, const struct pci_function *f, const struct irq_message *m)
{
	unsigned cap = pci_capability(f, CAP_MSIX, 0);
	u32 table = pci_read32(f, cap + MSIX_TABLE);
	hpa_t base;
	u64 size;

	if (!cap || pci_bar(p, f, table & 7, &base, &size) || size < (table & ~7u) + 16ull)
		return false;
	pci_enable(f);
	base.a += table & ~7u;
	write16(f, cap + MSIX_CONTROL, MSIX_ENABLE | MSIX_MASK);
	mmio_write64(hpa(base.a + ENTRY_ADDRESS), m->address);
	mmio_write32(hpa(base.a + ENTRY_DATA), m->data);
	mmio_write32(hpa(base.a + ENTRY_CONTROL), 0);
	write16(f, cap + MSIX_CONTROL, MSIX_ENABLE);
	return true;
}

static bool use_msi(const struct pci_function *f, const struct irq_message *m)
{
	unsigned cap = pci_capability(f, CAP_MSI, 0), data;
	u16 control;

	if (!cap)
		return false;
	control = read16(f, cap + MSI_CONTROL);
	data = cap + MSI_ADDRESS + (control & MSI_64 ? 8 : 4);
	write32(f, cap + MSI_ADDRESS, (u32)m->address);
	if (control & MSI_64)
		write32(f, cap + MSI_ADDRESS + 4, (u32)(m->address >> 32));
	write16(f, data, (u16)m->data);
	write16(f, cap + MSI_CONTROL, (u16)((control & 0xff8e) | MSI_ENABLE));
	return true;
}

static bool has_messages(const struct pci_function *f)
{
	return pci_capability(f, CAP_MSIX, 0) || pci_capability(f, CAP_MSI, 0);
}

int pci_interrupt(struct pci *p, const struct pci_function *f, void (*fn)(void *opaque),
		  void *opaque, bool *message)
{
	u8 pin = pci_read8(f, REG_PIN);
	struct irq_message m;

	*message = has_messages(f) && !irq_connect_message(fn, opaque, &m) &&
		   (use_msix(p, f, &m) || use_msi(f, &m));
	if (*message) {
		set_command(f, 0, COMMAND_NO_INTX);
		return 0;
	}
	if (!pin || pin > 4 || !p->known_board || f->bus)
		return -ERR_NOENT;
	set_command(f, COMMAND_NO_INTX, 0);
	irq_connect(BOARD_PCI_INPUT + (f->slot + pin - 1u) % 4, fn, opaque);
	return 0;
}

void pci_init(struct pci *p, hpa_t rsdp)
{
	struct acpi_ecam e;

	*p = (struct pci){ .ecam = hpa(BOARD_ECAM), .last_bus = BOARD_ECAM_BUSES - 1 };
	if (acpi_ecam(rsdp, &e)) {
		p->ecam = hpa(e.base);
		p->first_bus = e.first_bus;
		p->last_bus = e.last_bus;
	}
	/* Of other boards it is not known what may be given, nor where pins end. */
	p->known_board = p->ecam.a == BOARD_ECAM;
	if (!p->known_board)
		return;
	p->window = BOARD_PCI_WINDOW;
	p->window_end = p->window + BOARD_PCI_WINDOW_SIZE;
	pci_each(p, keep_bars, p);
}
