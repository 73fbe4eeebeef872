/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's SATA disks and CD-ROMs behind AHCI (Serial ATA AHCI 1.3.1; ATA8-ACS; SFF-8070 and
 * MMC-5 for packet commands). Queued commands (NCQ) where disk and controller have them. No port
 * multipliers.
 */
#ifndef DRIVERS_HOST_AHCI_H
#define DRIVERS_HOST_AHCI_H

#include "drivers/host/disk.h"
#include "drivers/host/pci.h"

/* Is this function a controller? */
bool ahci_match(const struct pci_function *f);

/*
 * Bring up what is at its ports, in their order, as sata<n>; *n counts on. `add` is called for
 * each, which stays. What cannot be used is told in a line.
 */
void ahci_create(struct pci *p, const struct pci_function *f, unsigned *n,
		 void (*add)(struct disk *d));

#endif
