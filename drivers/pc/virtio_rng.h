/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers for the guest as virtio-rng on PCI. */
#ifndef DRIVERS_PC_VIRTIO_RNG_H
#define DRIVERS_PC_VIRTIO_RNG_H

#include "drivers/ends.h"
#include "drivers/pc/pci.h"

struct virtio_rng;

/* Put it on bus 0 at devfn; intx is its interrupt pin A. *e is copied. */
struct virtio_rng *virtio_rng_create(struct pci *pci, unsigned devfn, const struct irq_line *intx,
				     const struct entropy *e);
void virtio_rng_reset(struct virtio_rng *r);

#endif
