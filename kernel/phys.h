/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the CPU sees host physical memory, as inline arithmetic for hot paths (kernel/arch.h
 * has the same as functions, and the uncached window). Not for device registers.
 * Invariant: phys_to_ptr(ptr_to_phys(p)) == p for every pointer into the cached window.
 */
#ifndef KERNEL_PHYS_H
#define KERNEL_PHYS_H

#include "kernel/lib/types.h"

#if defined(__loongarch64)
#define PHYS_WINDOW 0x9000000000000000ull	/* DMW0: cached, PLV0 */
#define PHYS_MASK 0x0000ffffffffffffull
#elif defined(__mips64)
#define PHYS_WINDOW 0x9800000000000000ull	/* xkphys, cached coherent */
#define PHYS_MASK 0x0000ffffffffffffull
#else						/* native unit tests: identity */
#define PHYS_WINDOW 0ull
#define PHYS_MASK (~0ull)
#endif

static inline void *phys_to_ptr(hpa_t a) { return (void *)(uintptr_t)(a.a | PHYS_WINDOW); }
static inline hpa_t ptr_to_phys(const void *p) { return hpa((uintptr_t)p & PHYS_MASK); }

#endif
