/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of x86's page tables (SDM vol. 3, tables 4-4 … 4-11), for the walk and for the shadow
 * nodes that mirror tables. Numbers only.
 *
 *   63 62   M-1     12 11  9 8 7 6 5  4   3   2   1   0
 *   XD  0 | address  | free |G|S|D|A|PCD|PWT|U/S|R/W|P|     S: page size in a PDE, PAT in a PTE
 */
#ifndef MM_X86_ENTRY_H
#define MM_X86_ENTRY_H

#include "kernel/lib/bits.h"
#include "mm/x86_walk.h"

enum {
	E_P = 1u << 0, E_RW = 1u << 1, E_US = 1u << 2, E_A = 1u << 5, E_D = 1u << 6,
	E_PS = 1u << 7, E_G = 1u << 8,
};
#define E_XD (1ull << 63)
#define E_ADDR 0x000ffffffffff000ull

/* A PDE of a 4 MiB page: bits 21:13 are reserved, since no model here has PSE-36 (table 4-4). */
#define RSVD_4M 0x003fe000ull
#define RSVD_2M 0x001fe000ull

/* Bits that are reserved in every entry of PAE paging. */
static inline u64 x86_rsvd_pae(const struct x86_paging *p)
{
	unsigned m = p->phys_bits ? p->phys_bits : 32;

	return bits(~0ull, 62, m) << m | (p->nxe ? 0 : E_XD);
}

#endif
