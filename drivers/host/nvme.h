/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's NVMe disks on PCI (NVM Express Base 1.4; NVM command set): the first active namespace
 * of a controller, by one pair of I/O queues for the one core that there is.
 */
#ifndef DRIVERS_HOST_NVME_H
#define DRIVERS_HOST_NVME_H

#include "drivers/host/disk.h"
#include "drivers/host/pci.h"

/* Is this function one? */
bool nvme_match(const struct pci_function *f);

/*
 * Bring it up as disk `name`. Returns the disk, which stays, or NULL after a line that tells why
 * not.
 */
struct disk *nvme_create(struct pci *p, const struct pci_function *f, const char *name);

#endif
