/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI bus 0 behind configuration mechanism #1, and what every function on it shares:
 * configuration space with write masks, and base address registers tied to bus regions.
 */
#ifndef DRIVERS_PC_PCI_H
#define DRIVERS_PC_PCI_H

#include "kernel/lib/once.h"
#include "mm/bus.h"

enum {				/* PCI 2.1 §6.1 configuration space header */
	PCI_VENDOR = 0x00, PCI_DEVICE = 0x02, PCI_COMMAND = 0x04, PCI_STATUS = 0x06,
	PCI_REVISION = 0x08, PCI_PROG_IF = 0x09, PCI_CLASS = 0x0a, PCI_HEADER = 0x0e,
	PCI_BAR0 = 0x10, PCI_SUBSYSTEM_VENDOR = 0x2c, PCI_SUBSYSTEM = 0x2e, PCI_INT_LINE = 0x3c,
	PCI_INT_PIN = 0x3d,
};
enum { PCI_CMD_IO = 1, PCI_CMD_MEM = 2, PCI_CMD_MASTER = 4, PCI_CMD_NO_INTX = 0x400 };

#define PCI_DEVFN(dev, fn) ((dev) << 3 | (fn))

struct pci;
struct pci_msix;
struct pci_bar { enum bus_space space; u32 size; struct bus_region *region; };

/*
 * Who may touch conf: once the function is on the bus it is written under pci's lock, by whole
 * dwords; the device reads it by pci_get8() and pci_get32() (or pci_msi_on(), …), under a lock of
 * its own or none, and finds each dword as it is or as it was. pci's lock comes before a device's.
 */
struct pci_func {	/* embedded in the device; filled by pci_func_init() and the device */
	u8 conf[256] __attribute__((aligned(4)));	/* as the guest reads it */
	u8 wmask[256];		/* bits that the guest may write */
	u8 w1c[256];		/* bits that a written 1 clears */
	u8 initial[256];	/* what reset brings back, taken by pci_add() */
	struct pci_bar bar[6];
	/*
	 * Optional: registers off … off+size-1 were written (conf holds the new values). With pci's
	 * lock held: nothing of the map (mm/gpa.h, mm/bus.h) is changed here.
	 */
	void (*written)(void *opaque, u32 off, unsigned size);
	/* Optional: they are about to be read: bring conf up to date. With pci's lock held. */
	void (*reading)(void *opaque, u32 off, unsigned size);
	/*
	 * Optional, both or none: what of the map conf decides about, besides BARs. Is it another
	 * one than conf says? And: make it what conf says; alone (kernel/alone.h), with no lock.
	 */
	bool (*map_due)(void *opaque);
	void (*map)(void *opaque);
	void *opaque;
	/* pci's own. */
	struct pci *pci;
	struct pci_msix *msix;
	u8 msi, last_cap, caps_end;
};

/* CONFADD and CONFDATA; `reset` goes to 1 when RCR (port 0xcf9) asks for a reset. Copied. */
struct pci *pci_create(struct bus *bus, const struct irq_line *reset);

/* Header of a function: ids, class (24 bits: base, sub, programming interface), revision. */
void pci_func_init(struct pci_func *f, u16 vendor, u16 device, u32 class_code, u8 revision);

/* Registers by their width, at aligned places. */
void pci_put16(struct pci_func *f, u32 off, u16 v);
void pci_put32(struct pci_func *f, u32 off, u32 v);
u32 pci_get32(const struct pci_func *f, u32 off);
static inline u8 pci_get8(const struct pci_func *f, u32 off) { return (u8)once_u8(&f->conf[off]); }

/* Give BAR n `size` bytes (a power of two, at least 4 or 16) answered by r, which pci moves. */
void pci_set_bar(struct pci_func *f, unsigned n, enum bus_space space, u32 size,
		 struct bus_region *r);

/* A capability of `size` bytes, empty but for its id: its place in conf. Before pci_add(). */
u32 pci_add_capability(struct pci_func *f, u8 id, u32 size);

/*
 * MSI-X (pci_msix.c): `count` vectors, at most 64, in BAR n. A device asks whether it is on, and
 * then sends messages instead of driving its pin. With a lock of its own held: any but pci's.
 */
void pci_msix_add(struct pci_func *f, unsigned n, unsigned count);
bool pci_msix_on(const struct pci_func *f);
unsigned pci_msix_count(const struct pci_func *f);
void pci_msix_send(struct pci_func *f, unsigned vector);
/* MSI with one vector (pci_msi.c). */
void pci_msi_add(struct pci_func *f);
bool pci_msi_on(const struct pci_func *f);
void pci_msi_send(const struct pci_func *f);
/* For pci.c: configuration space was written; power-up. */
void pci_msix_changed(struct pci_func *f);
void pci_msix_reset(struct pci_func *f);

/* Who takes messages: 32 bits that a function writes to an address. */
void pci_on_message(struct pci *p, void (*fn)(void *opaque, u64 at, u32 data), void *opaque);
void pci_message(const struct pci_func *f, u64 at, u32 data);

/* Put the function on bus 0 at devfn. It must outlive the bus. */
void pci_add(struct pci *p, unsigned devfn, struct pci_func *f);

/*
 * All functions: configuration back to the values at pci_add(), `written` told of each, the map as
 * they say. The caller holds no lock.
 */
void pci_reset(struct pci *p);

#endif
