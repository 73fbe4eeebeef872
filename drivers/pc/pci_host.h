/* SPDX-License-Identifier: BSD-2-Clause */
/* 82441FX (i440FX) host bridge at 00:00.0: PAM shadow registers. */
#ifndef DRIVERS_PC_PCI_HOST_H
#define DRIVERS_PC_PCI_HOST_H

#include "drivers/pc/pci.h"

struct pci_host;

/* ram_below_4g in bytes; reported in the DRAM row boundary registers. */
struct pci_host *pci_host_create(struct pci *pci, u64 ram_below_4g);

#endif
