/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of x86's page tables (SDM vol. 3, tables 4-4 … 4-20), for the walk and for the shadow
 * nodes that mirror tables. Numbers only.
 *
 *   63 62   M-1     12 11  9 8 7 6 5  4   3   2   1   0
 *   XD  0 | address  | free |G|S|D|A|PCD|PWT|U/S|R/W|P|     S: page size in a PDE or PDPTE, PAT in
 *      62:52 are free with four levels                      a PTE, reserved in a PML4E
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
#define RSVD_1G 0x3fffe000ull

/* Bits that are reserved in every entry of 8 bytes: of PAE paging, or of four levels. */
static inline u64 x86_rsvd(const struct x86_paging *p)
{
	unsigned m = p->phys_bits ? p->phys_bits : 32, top = p->lma ? 51 : 62;

	return (m > top ? 0 : bits(~0ull, top, m) << m) | (p->nxe ? 0 : E_XD);
}

/*
 * What a PML4E (level 3) or PDPTE (2), a PDE (1) or PTE (0) of four levels may not have: `rsvd` is
 * x86_rsvd's. Bit 7 makes a large page at levels 2 and 1, and is reserved where there are none.
 */
static inline u64 x86_rsvd_long(u64 rsvd, unsigned level, u64 e, bool page1g)
{
	if (level == 0 || !(e & E_PS))
		return rsvd;
	if (level == 3 || (level == 2 && !page1g))
		return rsvd | E_PS;
	return rsvd | (level == 2 ? RSVD_1G : RSVD_2M);
}

#endif
