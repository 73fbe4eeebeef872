/* SPDX-License-Identifier: BSD-2-Clause */
/* An AHCI host bus adapter (ICH9) with disks at its ports. */
#ifndef DRIVERS_PC_HBA_H
#define DRIVERS_PC_HBA_H

#include "drivers/ends.h"
#include "drivers/pc/pci.h"

struct hba;
enum { HBA_PORTS = 4 };

/*
 * Put one on bus 0 at devfn; intx is its interrupt pin A. disk[n] is at port n, NULL: nothing.
 * The ends are copied.
 */
struct hba *hba_create(struct pci *pci, unsigned devfn, const struct irq_line *intx,
		       const struct blockdev *const disk[HBA_PORTS]);
/* The board's reset. */
void hba_reset(struct hba *h);
/* Is a request in flight? Until it is over the end may write guest RAM. */
bool hba_busy(struct hba *h);

#endif
