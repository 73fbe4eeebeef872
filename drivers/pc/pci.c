/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration mechanism #1 (PCI 2.1 §3.2.2.3.2) on ports 0xcf8-0xcff for bus 0, and
 * RCR at 0xcf9 (82371 datasheet). Not a bridge: other buses have nobody on them.
 * Deviation: byte writes to 0xcf8, 0xcfa and 0xcfb go nowhere, as no I/O device is there.
 * Invariant: a BAR's region sits where conf[] says, or a core that has written conf[] waits to be
 * alone and puts it there.
 */
#include "drivers/pc/pci.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/alone.h"
#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

enum { PORT_CONF = 0xcf8, OFF_RCR = 1, OFF_DATA = 4 };
enum { RCR_SRST = 2, RCR_RCPU = 4 };
enum { PCI_CAPABILITIES = 0x34, STATUS_CAPABILITIES = 0x10, FIRST_CAP = 0x40 };
#define CONFADD_ENABLE 0x80000000u
#define CONFADD_MASK 0x80fffffcu

struct pci {
	struct lock lock;	/* confadd, rcr, each function's conf */
	struct bus *bus;
	u32 confadd;
	u8 rcr;
	struct pci_func *func[256];
	struct irq_line reset;
	struct bus_region region;
	void (*message)(void *opaque, u64 at, u32 data);
	void *message_opaque;
};

/* -- Functions ------------------------------------------------------------- */

/* Little-endian, as the hosts are. */
void pci_put16(struct pci_func *f, u32 off, u16 v)
{
	must(!(off & 1));
	__atomic_store_n((u16 *)(void *)&f->conf[off], v, __ATOMIC_RELAXED);
}

void pci_put32(struct pci_func *f, u32 off, u32 v)
{
	must(!(off & 3));
	__atomic_store_n((u32 *)(void *)&f->conf[off], v, __ATOMIC_RELAXED);
}

u32 pci_add_capability(struct pci_func *f, u8 id, u32 size)
{
	u32 at = f->last_cap ? f->caps_end : FIRST_CAP;

	must(at + size <= sizeof(f->conf));
	f->conf[f->last_cap ? f->last_cap + 1 : PCI_CAPABILITIES] = (u8)at;
	f->conf[PCI_STATUS] |= STATUS_CAPABILITIES;
	f->conf[at] = id;
	f->last_cap = (u8)at;
	f->caps_end = (u8)align_up(at + size, 4);
	return at;
}

void pci_on_message(struct pci *p, void (*fn)(void *opaque, u64 at, u32 data), void *opaque)
{
	p->message = fn;
	p->message_opaque = opaque;
}

void pci_message(const struct pci_func *f, u64 at, u32 data)
{
	trace(PCI, "pci: message %x to %llx\n", (unsigned)data, (unsigned long long)at);
	if (f->pci && f->pci->message)
		f->pci->message(f->pci->message_opaque, at, data);
}

u32 pci_get32(const struct pci_func *f, u32 off)
{
	return (u32)once_u32((const u32 *)(const void *)&f->conf[off & ~3u]);
}

void pci_func_init(struct pci_func *f, u16 vendor, u16 device, u32 class_code, u8 revision)
{
	memset(f, 0, sizeof(*f));
	pci_put16(f, PCI_VENDOR, vendor);
	pci_put16(f, PCI_DEVICE, device);
	f->conf[PCI_REVISION] = revision;
	f->conf[PCI_PROG_IF] = (u8)class_code;
	pci_put16(f, PCI_CLASS, (u16)(class_code >> 8));
	f->wmask[PCI_INT_LINE] = 0xff;
	f->wmask[PCI_COMMAND] = PCI_CMD_IO | PCI_CMD_MEM | PCI_CMD_MASTER;
	f->wmask[PCI_COMMAND + 1] = 0x01;	/* SERR# enable */
	f->w1c[PCI_STATUS + 1] = 0xf9;
}

void pci_set_bar(struct pci_func *f, unsigned n, enum bus_space space, u32 size,
		 struct bus_region *r)
{
	u32 off = PCI_BAR0 + 4 * n, mask = ~(size - 1);

	must(n < 6 && size >= 4 && !(size & (size - 1)));
	f->bar[n] = (struct pci_bar){ space, size, r };
	f->conf[off] = space == BUS_IO;
	for (unsigned k = 0; k < 4; k++)
		f->wmask[off + k] = (u8)(mask >> 8 * k);
	r->enabled = false;
	r->size = size;
}

/* -- The map: what BARs and chipset registers say of it ----------------------- */

/* Where BAR n puts its region. Returns whether it answers there. */
static bool bar_at(const struct pci_func *f, unsigned n, u32 *base)
{
	const struct pci_bar *b = &f->bar[n];
	u8 decode = b->space == BUS_IO ? PCI_CMD_IO : PCI_CMD_MEM;
	bool sizing;

	*base = pci_get32(f, PCI_BAR0 + 4 * n) & ~(b->size - 1);
	sizing = *base == ~(b->size - 1);
	return pci_get8(f, PCI_COMMAND) & decode && *base && !sizing &&
	       (b->space != BUS_IO || *base < 0x10000);
}

static bool bar_due(const struct pci_func *f, unsigned n)
{
	const struct bus_region *r = f->bar[n].region;
	u32 base;
	bool on;

	if (!r)
		return false;
	on = bar_at(f, n, &base);
	return on != r->enabled || (on && base != r->start);
}

/* Is the map another one than the function's registers say? */
static bool map_due(const struct pci_func *f)
{
	bool due = f->map_due && f->map_due(f->opaque);

	for (unsigned n = 0; n < 6; n++)
		due |= bar_due(f, n);
	return due;
}

/*
 * Make the map what the function's registers say by now: they may have been written anew while
 * this core waited to be alone, and whoever did that does the same after it.
 */
static void map(struct pci *p, const struct pci_func *f)
{
	alone_begin();
	for (unsigned n = 0; n < 6; n++) {
		const struct pci_bar *b = &f->bar[n];
		u32 base;
		bool on;

		if (!bar_due(f, n))
			continue;
		on = bar_at(f, n, &base);
		bus_move(p->bus, b->space, b->region, base, b->size, on);
	}
	if (f->map)
		f->map(f->opaque);
	alone_end();
}

void pci_add(struct pci *p, unsigned devfn, struct pci_func *f)
{
	must(devfn < 256 && !p->func[devfn]);
	memcpy(f->initial, f->conf, sizeof(f->conf));
	for (unsigned n = 0; n < 6; n++)
		if (f->bar[n].region)
			bus_add(p->bus, f->bar[n].space, f->bar[n].region);
	f->pci = p;
	p->func[devfn] = f;
}

/* With the lock held, as all that writes conf of a function on the bus. */
static void reset_conf(struct pci_func *f)
{
	for (u32 off = 0; off < sizeof(f->conf); off += 4) {
		u32 v;

		memcpy(&v, &f->initial[off], sizeof(v));
		pci_put32(f, off, v);
	}
	pci_msix_reset(f);
	if (f->written)
		f->written(f->opaque, 0, 256);
}

void pci_reset(struct pci *p)
{
	lock_take(&p->lock);
	p->confadd = 0;
	p->rcr = 0;
	for (unsigned k = 0; k < 256; k++)
		if (p->func[k])
			reset_conf(p->func[k]);
	lock_drop(&p->lock);
	for (unsigned k = 0; k < 256; k++)
		if (p->func[k] && map_due(p->func[k]))
			map(p, p->func[k]);
}

/* -- Configuration access -------------------------------------------------- */

/* The function that CONFADD selects, or NULL. */
static struct pci_func *selected(const struct pci *p)
{
	if (!(p->confadd & CONFADD_ENABLE) || bits(p->confadd, 23, 16))
		return NULL;
	return p->func[bits(p->confadd, 15, 8)];
}

static u64 conf_read(struct pci *p, u32 byte, unsigned size)
{
	const struct pci_func *f = selected(p);
	u32 off = (p->confadd & 0xfc) + byte;
	u64 v = 0;

	if (f && f->reading)
		f->reading(f->opaque, off, size);
	for (unsigned k = 0; k < size; k++)
		v |= (u64)(f && byte + k < 4 ? f->conf[off + k] : 0xff) << 8 * k;
	return v;
}

static u32 dword(const u8 *of, u32 at)
{
	u32 v;

	memcpy(&v, of + at, sizeof(v));
	return v;
}

/* `bits` are those of v that were written, of the dword at `at`. */
static void change(struct pci_func *f, u32 at, u32 v, u32 bits)
{
	u32 w = bits & dword(f->wmask, at), clear = v & bits & dword(f->w1c, at);

	pci_put32(f, at, ((pci_get32(f, at) & ~w) | (v & w)) & ~clear);
}

/* Returns the function if the map is now another one than it says. */
static struct pci_func *conf_write(struct pci *p, u32 byte, u64 v, unsigned size)
{
	struct pci_func *f = selected(p);
	u32 off = (p->confadd & 0xfc) + byte;

	if (!f)
		return NULL;
	if (size > 4 - byte)
		size = 4 - byte;
	trace(PCI, "pci: %02x.%x [%02x] <- %llx/%u\n", (unsigned)bits(p->confadd, 15, 11),
	      (unsigned)bits(p->confadd, 10, 8), off, (unsigned long long)v, size);
	change(f, off & ~3u, (u32)v << 8 * byte, ~0u >> (32 - 8 * size) << 8 * byte);
	if (f->written)
		f->written(f->opaque, off, size);
	pci_msix_changed(f);
	return map_due(f) ? f : NULL;
}

static void write_rcr(struct pci *p, u8 v)
{
	bool pulse = v & RCR_RCPU && !(p->rcr & RCR_RCPU);

	p->rcr = v & (RCR_SRST | RCR_RCPU);
	if (pulse)
		irq_set(&p->reset, 1);
}

static u64 pci_read(void *opaque, u32 off, unsigned size)
{
	struct pci *p = opaque;
	u64 v = ~0ull;

	lock_take(&p->lock);
	if (off >= OFF_DATA)
		v = conf_read(p, off - OFF_DATA, size);
	else if (off == 0 && size == 4)
		v = p->confadd;
	else if (off == OFF_RCR && size == 1)
		v = p->rcr;
	lock_drop(&p->lock);
	return v;
}

static void pci_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct pci *p = opaque;
	struct pci_func *due = NULL;

	lock_take(&p->lock);
	if (off >= OFF_DATA)
		due = conf_write(p, off - OFF_DATA, v, size);
	else if (off == 0 && size == 4)
		p->confadd = (u32)v & CONFADD_MASK;
	else if (off == OFF_RCR && size == 1)
		write_rcr(p, (u8)v);
	lock_drop(&p->lock);
	if (due)
		map(p, due);
}

static const struct io_ops pci_ops = { .read = pci_read, .write = pci_write, .min = 1, .max = 4 };

struct pci *pci_create(struct bus *bus, const struct irq_line *reset)
{
	struct pci *p = calloc(1, sizeof(*p));

	must(p);
	p->bus = bus;
	p->reset = *reset;
	p->region = (struct bus_region){ "pci conf", PORT_CONF, 8, &pci_ops, p, 0, true, NULL };
	bus_add(bus, BUS_IO, &p->region);
	return p;
}
