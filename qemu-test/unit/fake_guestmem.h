/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dbt/sys/guestmem.h for native tests: 1 MiB of flat RAM, linear = physical,
 * with rights by page, so that a test can make any page fault.
 */
#ifndef UNIT_FAKE_GUESTMEM_H
#define UNIT_FAKE_GUESTMEM_H

#include "kernel/lib/types.h"

#define FAKE_MEM_SIZE (1u << 20)
#define FAKE_MEM_PAGES (FAKE_MEM_SIZE >> 12)
#define FAKE_HIGH 0xffff800000000000ull	/* the same RAM once more, for long mode */

enum fake_right { FAKE_PRESENT = 1, FAKE_WRITE = 2, FAKE_USER = 4, FAKE_ALL = 7 };

extern u8 fake_mem[FAKE_MEM_SIZE];
extern u8 fake_rights[FAKE_MEM_PAGES];	/* enum fake_right; addresses beyond RAM are not present */
extern unsigned fake_stores;		/* stores and rmw that went through */

/* Zero the RAM, give every page all rights. */
void fake_mem_reset(void);

/* Where linear address a is in the RAM; beyond it: nowhere. */
u64 fake_place(u64 a);

void fake_put(u32 at, unsigned size, u64 v);
u64 fake_get(u32 at, unsigned size);

#endif
