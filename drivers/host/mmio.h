/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device registers by host physical address, little-endian as PCI has them, uncached. Native tests
 * have a fake device behind the same functions. Not for guests' devices.
 */
#ifndef DRIVERS_HOST_MMIO_H
#define DRIVERS_HOST_MMIO_H

#include "kernel/lib/types.h"

u8 mmio_read8(hpa_t at);
u16 mmio_read16(hpa_t at);
u32 mmio_read32(hpa_t at);
void mmio_write8(hpa_t at, u8 v);
void mmio_write16(hpa_t at, u16 v);
void mmio_write32(hpa_t at, u32 v);

/* 64-bit registers as two halves, the low one first, as every PCI device takes them. */
static inline u64 mmio_read64(hpa_t at)
{
	u64 low = mmio_read32(at);

	return low | (u64)mmio_read32(hpa(at.a + 4)) << 32;
}

static inline void mmio_write64(hpa_t at, u64 v)
{
	mmio_write32(at, (u32)v);
	mmio_write32(hpa(at.a + 4), (u32)(v >> 32));
}

#endif
