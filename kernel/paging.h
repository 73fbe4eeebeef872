/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host MMU as mm/shadow sees it: roots of two-level tables for 32-bit
 * guests, leaves, address space numbers, invalidation. Implemented in
 * kernel/arch/HOST/paging.c; natively in unit tests by a fake that models the
 * host TLB. Tables live in host physical memory, 4 KiB aligned (the root of a
 * 32-bit context: 2048 entries, 16 KiB aligned; leaf tables: 512 entries of
 * 8 bytes, each a 4 KiB page: 2 MiB of address space).
 *
 * Bits above 31 of a mapped address take no part in the walk (design 1.1), so
 * a page near 0x80000000 can be in the TLB under two virtual addresses: every
 * invalidation here drops both.
 */
#ifndef KERNEL_PAGING_H
#define KERNEL_PAGING_H

#include "kernel/lib/types.h"

typedef u64 pte_t;		/* 0 = invalid: the access faults and is walked again */

#define PAGING_ROOT_ENTRIES 2048
#define PAGING_LEAF_ENTRIES 512

/* A valid leaf for the 4 KiB page at `page`; never global; cached; executable is not expressed. */
pte_t pte_make(hpa_t page, bool writable);
bool pte_valid(pte_t p);
bool pte_writable(pte_t p);
hpa_t pte_page(pte_t p);

/* Fill a fresh root: every entry points to the one shared leaf table that is always invalid. */
void paging_root_init(u64 *root);
/* Install or remove (table.a == 0: the shared invalid one again) the leaf table of a 2 MiB slot. */
void paging_root_set(u64 *root, unsigned slot, hpa_t table);
/* Is there a leaf table other than the shared invalid one? Its address, or 0. */
hpa_t paging_root_get(const u64 *root, unsigned slot);

/* Make root and asid current on this core: three CSR writes. asid 1 … PAGING_ASID_MAX. */
#define PAGING_ASID_MAX 1023
void paging_activate(unsigned asid, hpa_t root);

/* Drop what this core's TLB holds of asid for the page (and its even/odd partner) of addr. */
void paging_drop_page(unsigned asid, gva_t addr);
void paging_drop_asid(unsigned asid);
void paging_drop_all(void);

/*
 * A leaf of the *current* asid went from invalid to valid, or from read-only to writable:
 * make an entry that the TLB may hold for that pair agree with even/odd. Cheaper than a drop.
 */
void paging_upgrade(gva_t addr, pte_t even, pte_t odd);

#endif
