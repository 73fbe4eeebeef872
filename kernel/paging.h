/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host MMU as mm/shadow sees it: tables, leaves, address space numbers, invalidation.
 * Implemented in kernel/arch/HOST/paging.c; natively in unit tests by a fake that models the
 * host TLB. Tables live in host physical memory. Leaf tables have PAGING_LEAF_ENTRIES 8-byte
 * leaves, each a 4 KiB page, 4 KiB aligned, together 1 << PAGING_SLOT_SHIFT bytes of address space.
 * Above them there are two forms, of which one is walked at a time:
 *
 * Narrow: a root of PAGING_ROOT_ENTRIES 8-byte entries, PAGING_ROOT_ALIGN aligned. Bits above 31
 * of a mapped address take no part in the walk (design 1.1), so a page can be in the TLB under more
 * than one virtual address: every invalidation here drops all of them.
 *
 * Wide: three levels of directories of PAGING_DIR_ENTRIES 8-byte entries, 4 KiB aligned, for 48
 * bits of address; a root is one of level 3, and level 1 points at leaf tables. Addresses are x86's
 * canonical ones.
 *
 * An address space number belongs to one form as long as anything is held under it.
 */
#ifndef KERNEL_PAGING_H
#define KERNEL_PAGING_H

#include "kernel/host_limits.h"
#include "kernel/host_pte.h"
#include "kernel/lib/types.h"

/* Fill a fresh root: every entry points to the one shared leaf table that is always invalid. */
void paging_root_init(u64 *root);
/* Install or remove (table.a == 0: the shared invalid one again) the leaf table of a slot. */
void paging_root_set(u64 *root, unsigned slot, hpa_t table);
/* Is there a leaf table other than the shared invalid one? Its address, or 0. */
hpa_t paging_root_get(const u64 *root, unsigned slot);

/* A directory of the wide form, level 1 … 3: every entry points to shared tables without a leaf. */
void paging_dir_init(u64 *dir, unsigned level);
/* Install or remove (table.a == 0) the table below entry `index`. */
void paging_dir_set(u64 *dir, unsigned level, unsigned index, hpa_t table);
/* Is there a table other than the shared ones? Its address, or 0. */
hpa_t paging_dir_get(const u64 *dir, unsigned level, unsigned index);

/*
 * Walk tables of this form from now on, on this core. The root of the other one stays current, so
 * mapped addresses may be used only after the next paging_activate.
 */
enum paging_form { PAGING_NARROW, PAGING_WIDE, PAGING_FORMS };
void paging_set_form(enum paging_form form);

/* Make root and asid current on this core: two or three writes. asid 1 … PAGING_ASID_MAX. */
void paging_activate(unsigned asid, hpa_t root);

/*
 * For addresses of the narrow form; those of the wide form below.
 *
 * The host virtual address by which a guest's linear address is accessed; `other`: by a second one
 * under which the TLB may hold the same page, if there is one.
 */
hva_t paging_hva(gva_t addr, bool other);

/* Drop what this core's TLB holds of asid for the page (and its even/odd partner) of addr. */
void paging_drop_page(unsigned asid, gva_t addr);
void paging_drop_asid(unsigned asid);
void paging_drop_all(void);

/*
 * The leaf of addr in the *current* asid went from invalid to valid, or from read-only to writable:
 * make what the TLB may hold for it agree. `leaf` points into its table. Cheaper than a drop.
 */
void paging_upgrade(gva_t addr, const pte_t *leaf);

/* The same for the wide form: `addr` is canonical. */
hva_t paging_hva_wide(gva_t addr, bool other);
void paging_drop_page_wide(unsigned asid, gva_t addr);
void paging_upgrade_wide(gva_t addr, const pte_t *leaf);

#endif
