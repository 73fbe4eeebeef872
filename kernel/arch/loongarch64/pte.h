/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A leaf of this host's tables (kernel/paging.h), the form of TLBELO (LoongArch vol. 1, 7.5.3):
 *
 *	 63   62 61 60        12 11 7 6 5 4 3 2 1 0
 *	RPLV NX NR |   page     |    |G|MAT|PLV|D|V
 */
#ifndef KERNEL_ARCH_LOONGARCH64_PTE_H
#define KERNEL_ARCH_LOONGARCH64_PTE_H

#include "kernel/panic.h"
#include "kernel/lib/types.h"

typedef u64 pte_t;		/* 0 or not valid: the access faults and is walked again */

#define PTE_V 0x1ull
#define PTE_D 0x2ull
#define PTE_CACHED 0x10ull
#define PTE_PAGE 0x0000fffffffff000ull

static inline pte_t pte_make(hpa_t page, bool writable)
{
	must((page.a & ~PTE_PAGE) == 0);
	return page.a | PTE_CACHED | PTE_V | (writable ? PTE_D : 0);
}

static inline hpa_t pte_page(pte_t p) { return hpa(p & PTE_PAGE); }

#endif
