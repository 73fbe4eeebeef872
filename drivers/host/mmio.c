/* SPDX-License-Identifier: BSD-2-Clause */
/* Device registers through the uncached window, one access each, in program order. */
#include "drivers/host/mmio.h"

#include "kernel/arch.h"

#define REGISTER(bits) \
	u##bits mmio_read##bits(hpa_t at) { return *(volatile u##bits *)phys_ptr_uncached(at); } \
	void mmio_write##bits(hpa_t at, u##bits v) \
	{ \
		*(volatile u##bits *)phys_ptr_uncached(at) = v; \
	}

REGISTER(8)
REGISTER(16)
REGISTER(32)
