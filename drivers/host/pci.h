/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's PCI by memory-mapped configuration space (PCI Express 5.0, 7.2.2): finding functions,
 * their memory BARs, capabilities and interrupts. Not the guest's PCI: that is drivers/pc/pci. No
 * I/O ports, no hot plug; bridges are as the firmware set them up.
 */
#ifndef DRIVERS_HOST_PCI_H
#define DRIVERS_HOST_PCI_H

#include "kernel/lib/types.h"

struct pci_function {
	hpa_t config;		/* its 4 KiB of configuration space */
	u16 vendor, device;
	u32 class;		/* class 23:16, subclass 15:8, programming interface 7:0 */
	u8 bus, slot, fn;
};

/* Where configuration space is, and what BARs may be given where the firmware gave none. */
struct pci {
	hpa_t ecam;
	unsigned first_bus, last_bus;
	u64 window, window_end;	/* not given yet; empty: nothing can be given */
	bool known_board;	/* board.h's: its inputs are where INTx ends */
	unsigned left_out;	/* a count: BARs that could not be given memory */
};

/* Find it by ACPI's MCFG, else where the board has it. */
void pci_init(struct pci *p, hpa_t rsdp);

/* Call fn for each function, in the order of bus, slot and function numbers. */
void pci_each(struct pci *p, void (*fn)(void *opaque, const struct pci_function *f), void *opaque);

/*
 * The function at the end of a path of slots and functions (slot << 3 | fn) from the first bus on,
 * all before it bridges: bus << 8 | slot << 3 | fn, or -ERR_NOENT.
 */
int pci_walk(const struct pci *p, const u8 *path, unsigned count);

/* Configuration space; offsets in bytes, aligned. */
u8 pci_read8(const struct pci_function *f, unsigned offset);
u32 pci_read32(const struct pci_function *f, unsigned offset);

/*
 * Memory BAR n: its address and bytes, given one if it had none. Returns 0, -ERR_NOENT if it is
 * none of memory, or -ERR_NOSPC.
 */
int pci_bar(struct pci *p, const struct pci_function *f, unsigned n, hpa_t *base, u64 *size);

/* Offset of the next capability with this id after offset `after` (0: the first); 0: none. */
unsigned pci_capability(const struct pci_function *f, u8 id, unsigned after);

/* Let it answer in memory and reach memory itself. */
void pci_enable(const struct pci_function *f);

/*
 * Have fn called on the function's interrupts: MSI-X entry 0, else MSI, else its pin. `message`
 * tells that it is a message, so there is nothing to quiet. 0, or -ERR_NOENT if it has none that
 * the board can take.
 */
int pci_interrupt(struct pci *p, const struct pci_function *f, void (*fn)(void *opaque),
		  void *opaque, bool *message);

#endif
