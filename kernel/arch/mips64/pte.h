/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A leaf of this host's tables (kernel/paging.h), the form of EntryLo (MIPS64 vol. III, 9.6):
 *
 *	63 62 61 54 53          6 5 3 2 1 0
 *	RI XI |    |  page >> 12 | C |D|V|G
 */
#ifndef KERNEL_ARCH_MIPS64_PTE_H
#define KERNEL_ARCH_MIPS64_PTE_H

#include "kernel/panic.h"
#include "kernel/lib/types.h"

typedef u64 pte_t;		/* 0 or not valid: the access faults and is walked again */

#define PTE_V 0x2ull
#define PTE_D 0x4ull
#define PTE_CACHED 0x18ull		/* C = 3 */
#define PTE_PAGE 0x0000fffffffff000ull	/* the address, before it is shifted */
#define PTE_PAGE_SHIFT 6		/* address bit 12 is bit 6 */

static inline pte_t pte_make(hpa_t page, bool writable)
{
	must((page.a & ~PTE_PAGE) == 0);
	return page.a >> PTE_PAGE_SHIFT | PTE_CACHED | PTE_V | (writable ? PTE_D : 0);
}

static inline hpa_t pte_page(pte_t p) { return hpa(p << PTE_PAGE_SHIFT & PTE_PAGE); }

#endif
