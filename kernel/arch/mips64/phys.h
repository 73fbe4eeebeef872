/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a MIPS64 sees host physical memory: xkphys for data, and for the image and translated code
 * kseg0, so that 32-bit absolute addresses (-msym32) and J reach them. See kernel/phys.h.
 *
 *	0xffffffff80000000	kseg0: the first 512 MiB, cached
 *	0x9800000000000000	xkphys, cached (C = 3)
 *	0x9000000000000000	xkphys, uncached (C = 2)
 */
#ifndef KERNEL_ARCH_MIPS64_PHYS_H
#define KERNEL_ARCH_MIPS64_PHYS_H

#include "kernel/lib/types.h"

#define KSEG0 0xffffffff80000000ull
#define KSEG0_MASK 0x1fffffffull
#define WINDOW_CACHED 0x9800000000000000ull
#define WINDOW_UNCACHED 0x9000000000000000ull
#define WINDOW_MASK 0x0000ffffffffffffull

static inline void *phys_to_ptr(hpa_t a) { return (void *)(uintptr_t)(a.a | WINDOW_CACHED); }

static inline hpa_t ptr_to_phys(const void *p)
{
	return hpa((uintptr_t)p & ((uintptr_t)p >= KSEG0 ? KSEG0_MASK : WINDOW_MASK));
}

/* `a` lies below 512 MiB: whoever asks mm/page for memory for code says so. */
static inline void *phys_to_code(hpa_t a) { return (void *)(uintptr_t)(a.a | KSEG0); }

#endif
