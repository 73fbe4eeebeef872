/* SPDX-License-Identifier: BSD-2-Clause */
/* Host physical memory on LoongArch64: window 0x9… (DMW1: cached, PLV0). See kernel/phys.h. */
#ifndef KERNEL_ARCH_LOONGARCH64_PHYS_H
#define KERNEL_ARCH_LOONGARCH64_PHYS_H

#include "kernel/lib/types.h"

#define PHYS_WINDOW 0x9000000000000000ull
#define PHYS_MASK 0x0000ffffffffffffull

static inline void *phys_to_ptr(hpa_t a) { return (void *)(uintptr_t)(a.a | PHYS_WINDOW); }
static inline hpa_t ptr_to_phys(const void *p) { return hpa((uintptr_t)p & PHYS_MASK); }
static inline void *phys_to_code(hpa_t a) { return phys_to_ptr(a); }

#endif
