/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host with one PCI function for the drivers' native tests: registers that the test plays,
 * configuration space with BARs, one interrupt, DMA memory. Not a model of any board.
 */
#ifndef UNIT_FAKE_HOST_H
#define UNIT_FAKE_HOST_H

#include <stddef.h>

#include "drivers/host/pci.h"
#include "kernel/lib/types.h"

#define FAKE_BAR 0x40000000ull		/* BAR n begins at FAKE_BAR + n MiB */
#define FAKE_BAR_SIZE 0x10000u

/* The device's registers, and who looks after them. Widths are as the driver used. */
struct fake_device {
	u32 (*read)(unsigned bar, u32 offset, unsigned width);
	void (*write)(unsigned bar, u32 offset, unsigned width, u32 v);
};

/* The function begins anew: these ids, class and memory BARs (a mask), 64 bits wide. */
struct pci_function fake_pci(u16 vendor, u16 device, u32 class, unsigned bars,
			     const struct fake_device *d);
/* A byte of configuration space. */
void fake_config(unsigned offset, u8 v);
u8 fake_config_read(unsigned offset);

/* Call what the driver connected, if it did, and the function's commands allow it. */
bool fake_interrupt(void);

/* The n-th memory that dma_alloc gave since the function began, and its bytes; NULL: no more. */
u8 *fake_dma(unsigned n, size_t *size);

/* Are these sectors of 512 bytes all `what`, and the bytes before and behind them 1? */
bool fake_filled(const u8 *medium, u64 lba, u32 count, u8 what);

extern bool fake_no_memory;		/* dma_alloc fails */
extern bool fake_pulled;		/* the device is gone: ones are read, writes do nothing */

#endif
