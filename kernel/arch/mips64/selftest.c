/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kernel/selftest_mmu.c wants to know of this host, and the tests that only this host has: its
 * address forms, and its clock of 32 bits. Addresses and exceptions expected are the manual's
 * ("MIPS64 Architecture For Programmers", volume III, chapter 4).
 */
#include "kernel/selftest_host.h"

#include <string.h>

#include "kernel/arch.h"
#include "kernel/arch/mips64/cp0.h"
#include "kernel/arch/mips64/cpu.h"
#include "kernel/arch/mips64/trap.h"
#include "kernel/paging.h"
#include "kernel/selftest.h"
#include "kernel/timer.h"

/* Beyond 48 bits of user space, between the segments, and in xkphys above 48 bits. */
static const u64 guards[] = {
	0x0001000000000000, 0x3ffffffffffffff8, 0x4001000000000000, 0x8001000000000000,
	0x9801000000000000, 0xc001000000000000, 0xffff800000000000, 0xffffffff7ffffff8, 0,
};

/* A displacement may lead below 0: the last pages of 4 GiB are kseg3's too. */
const struct selftest_host selftest_host = {
	.patterned = 0xc3ffffec,	/* not zero, at, a0, k0, k1, gp, sp */
	.ra = 31, .core = 28, .a0 = 4, .break_mask = 0xffffffff, .break_7 = 0x0007000d,
	.high = 0xffe00000, .high_alias = 0xffffffffffe00000, .guards = guards,
};

const char *selftest_core(void)
{
	if ((cp0_read32(CP0_EBASE) & 0x3ff) != cpu_self()->hw_id)
		return "the core's number";
	if (cp0_read(CP0_KSCRATCH_CORE) != (u64)cpu_self())
		return "the trap entries' copy of the core's area";
	return cp0_read32(CP0_STATUS) & STATUS_IE ? NULL : "interrupts are off";
}

u32 selftest_asid(void) { return cp0_read32(CP0_ENTRYHI) & ENTRYHI_ASID; }

void selftest_no_tables(void) { paging_init_core(); }

void selftest_machine_error(void) { ((void (*)(void))(void *)machine_error_entry)(); }

static struct {
	u64 root[PAGING_ROOT_ENTRIES] __attribute__((aligned(PAGING_ROOT_ALIGN)));
	pte_t low[PAGING_LEAF_ENTRIES] __attribute__((aligned(4096)));
	pte_t middle[PAGING_LEAF_ENTRIES], high[PAGING_LEAF_ENTRIES], top[PAGING_LEAF_ENTRIES];
	u64 page[4][512];
} m;

#define ASID 7
#define GIB2 0x80000000ull
#define GIB4 0x100000000ull

static pte_t page(unsigned n) { return pte_make(ptr_phys(m.page[n]), true); }

/* Four pages: the first of all, those on both sides of 2 GiB, the last below 4 GiB. */
static void map_edges(void)
{
	memset(&m, 0, sizeof(m));
	paging_root_init(m.root);
	m.low[0] = page(0);
	m.middle[PAGING_LEAF_ENTRIES - 1] = page(1);
	m.high[0] = page(2);
	m.top[PAGING_LEAF_ENTRIES - 1] = page(3);
	paging_root_set(m.root, 0, ptr_phys(m.low));
	paging_root_set(m.root, (GIB2 >> PAGING_SLOT_SHIFT) - 1, ptr_phys(m.middle));
	paging_root_set(m.root, GIB2 >> PAGING_SLOT_SHIFT, ptr_phys(m.high));
	paging_root_set(m.root, PAGING_ROOT_ENTRIES - 1, ptr_phys(m.top));
	paging_drop_asid(ASID);
	paging_activate(ASID, ptr_phys(m.root));
}

/* A zero-extended guest address plus a displacement over either end of the 4 GiB meets itself. */
static const char *test_edges(void)
{
	const char *why = NULL;

	map_edges();
	selftest_store(GIB2 - 4, 0x1111222233334444);
	if (m.page[1][511] >> 32 != 0x33334444 || (u32)m.page[2][0] != 0x11112222)
		why = "a store across 2 GiB";
	selftest_store(GIB4 - 4, 0x5555666677778888);
	if (m.page[3][511] >> 32 != 0x77778888 || (u32)m.page[0][0] != 0x55556666)
		why = "a store across 4 GiB";
	selftest_store(-8ull, 99);
	if (m.page[3][511] != 99 || selftest_load(GIB4 - 8) != 99)
		why = "a borrow below address 0";
	selftest_store(GIB4 + 16, 98);
	if (m.page[0][2] != 98 || selftest_load(16) != 98)
		why = "a carry above 4 GiB";
	paging_init_core();
	return why;
}

/* The clock goes on where Count begins anew, and its interrupt comes whoever waits. */
static const char *test_wrap(void)
{
	u64 before = clock_ticks(), after;

	cp0_write(CP0_COUNT, (u64)-1000);
	clock_ticks();
	while (cp0_read32(CP0_COUNT) > 0x80000000)
		;
	after = clock_ticks();
	if (after >> 32 != (before >> 32) + 1)
		return "Count wrapped and the clock did not go on";
	arch_timer_arm(1000);
	return NULL;
}

const struct selftest arch_selftests[] = {
	{ "edges", test_edges, false },
	{ "wrap", test_wrap, false },
	{ 0 },
};
