/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the CPU sees host physical memory, as inline arithmetic for hot paths (kernel/arch.h
 * has the same as functions, and the uncached window). Not for device registers. Each host's
 * phys.h has
 *
 *	void *phys_to_ptr(hpa_t a)		data, through the cached window
 *	hpa_t ptr_to_phys(const void *p)	from a pointer to data or code
 *	void *phys_to_code(hpa_t a)		where code at `a` runs, in reach of the image's text
 *
 * Invariant: ptr_to_phys undoes both others.
 */
#ifndef KERNEL_PHYS_H
#define KERNEL_PHYS_H

#include "kernel/lib/types.h"

#if defined(__loongarch64)
#include "kernel/arch/loongarch64/phys.h"
#elif defined(__mips64)
#include "kernel/arch/mips64/phys.h"
#else						/* native unit tests: identity */
static inline void *phys_to_ptr(hpa_t a) { return (void *)(uintptr_t)a.a; }
static inline hpa_t ptr_to_phys(const void *p) { return hpa((uintptr_t)p); }
static inline void *phys_to_code(hpa_t a) { return phys_to_ptr(a); }
#endif

#endif
