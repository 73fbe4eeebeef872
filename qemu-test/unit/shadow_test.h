/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the directed tests of mm/shadow share: a directory, a table of 4 MiB, two data pages, and
 * accesses whose end is known. For one file of each test program. Not a test.
 */
#ifndef UNIT_SHADOW_TEST_H
#define UNIT_SHADOW_TEST_H

#include "mm/shadow.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/mm_world.h"

#define PD 0x100000u
#define PT 0x101000u		/* maps 4 MiB at VA */
#define PD2 0x102000u
#define A 0x200000u
#define B 0x201000u
#define VA 0x08000000u
#define PDE(va) (PD + ((va) >> 22) * 4)
#define PTE(va) (PT + ((va) >> 12 & 0x3ff) * 4)
#define ALL (W_P | W_RW | W_US)

static struct shadow *s;
static const struct x86_paging mode = { .pg = true, .pse = true, .wp = true, .pge = true,
					.cr3 = PD };

static inline void start(u32 tables)
{
	world_reset(tables);
	s = world_shadow;
	shadow_set_paging(s, &mode);
	world_set32(PDE(VA), PT | ALL);
}

static inline void hit(u32 va, bool write, bool user, u64 page, unsigned fills, const char *name)
{
	struct world_result r = world_access(va, false, write, user);

	CHECK_EQ(r.end, WORLD_HIT, name);
	CHECK_EQ(r.host, (uintptr_t)world_ram + page + (va & 0xfff), name);
	CHECK_EQ(r.fills, fills, name);
}

static inline void ends(u32 va, bool write, bool user, enum world_end end, u64 what,
			const char *name)
{
	struct world_result r = world_access(va, false, write, user);

	CHECK_EQ(r.end, end, name);
	CHECK_EQ(end == WORLD_FAULT ? r.error : r.page, what, name);
}

#endif
