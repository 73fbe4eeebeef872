/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSI (PCI 3.0, 6.8.1) with one vector and 64-bit addresses, wholly in configuration space. No
 * masking by vector. Invariant: nothing is sent unless it is enabled and the function is a master.
 */
#include "drivers/pc/pci.h"

#include "kernel/panic.h"

enum { CAP_MSI = 0x05, CAP_SIZE = 14, CONTROL = 2, ADDRESS = 4, DATA = 12 };
enum { CONTROL_ENABLE = 0x01, CONTROL_64 = 0x80 };

void pci_msi_add(struct pci_func *f)
{
	u32 at = pci_add_capability(f, CAP_MSI, CAP_SIZE);

	f->msi = (u8)at;
	f->conf[at + CONTROL] = CONTROL_64;
	f->wmask[at + CONTROL] = CONTROL_ENABLE;
	f->wmask[at + ADDRESS] = 0xfc;
	for (u32 k = at + ADDRESS + 1; k < at + CAP_SIZE; k++)
		f->wmask[k] = 0xff;
}

bool pci_msi_on(const struct pci_func *f)
{
	return f->msi && pci_get8(f, f->msi + CONTROL) & CONTROL_ENABLE;
}

/* It may have been switched off since the device has looked: then this is the last one. */
void pci_msi_send(const struct pci_func *f)
{
	must(f->msi);
	if (pci_get8(f, PCI_COMMAND) & PCI_CMD_MASTER)
		pci_message(f, pci_get32(f, f->msi + ADDRESS) |
			    (u64)pci_get32(f, f->msi + ADDRESS + 4) << 32,
			    pci_get32(f, f->msi + DATA) & 0xffff);
}
