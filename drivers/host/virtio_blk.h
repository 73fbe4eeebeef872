/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's virtio block devices on PCI (Virtual I/O Device 1.2, 4.1 and 5.2), without the legacy
 * interface. One queue; requests by indirect descriptors where the device takes them.
 */
#ifndef DRIVERS_HOST_VIRTIO_BLK_H
#define DRIVERS_HOST_VIRTIO_BLK_H

#include "drivers/host/disk.h"
#include "drivers/host/pci.h"

/* Is this function one? */
bool virtio_blk_match(const struct pci_function *f);

/*
 * Bring it up as disk `name`. Returns the disk, which stays, or NULL after a line that tells why
 * not.
 */
struct disk *virtio_blk_create(struct pci *p, const struct pci_function *f, const char *name);

#endif
