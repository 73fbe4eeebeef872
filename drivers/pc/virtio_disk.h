/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk as virtio-blk on PCI. */
#ifndef DRIVERS_PC_VIRTIO_DISK_H
#define DRIVERS_PC_VIRTIO_DISK_H

#include "drivers/ends.h"
#include "drivers/pc/pci.h"

struct virtio_disk;

/* Put the disk on bus 0 at devfn; intx is its interrupt pin A. *b is copied. */
struct virtio_disk *virtio_disk_create(struct pci *pci, unsigned devfn,
				       const struct irq_line *intx, const struct blockdev *b);
/* The board's reset. */
void virtio_disk_reset(struct virtio_disk *d);
/* Is a request in flight? Until it is over the end may write guest RAM. */
bool virtio_disk_busy(struct virtio_disk *d);

#endif
