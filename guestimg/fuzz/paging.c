/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables: off, 32-bit with and without large pages, PAE, PAE with NX. The first 32 MiB, the
 * APICs and the ROM are mapped identically by entries that stay; CODE32's 4 MiB by 4 KiB entries,
 * some of which are odd from the start and more of which become so.
 */
#include "guestimg/fuzz/fuzz.h"

enum { P = 1, W = 2, U = 4, PS = 0x80, ODD = 0x1ff };

u32 paging_cr3, paging_cr4;

static int pae;
static u32 *const root = (u32 *)TABLES;
static u32 *const leaves = (u32 *)(TABLES + 0x8000);	/* of CODE32 */

static void set_leaf(u32 n, u32 pa, u32 bits, u32 high)
{
	if (pae) {
		leaves[2 * n + 1] = high;
		leaves[2 * n] = pa | bits;
	} else {
		leaves[n] = pa | bits;
	}
}

static u32 leaf_count(void) { return 1024; }

/* An address that a page may have for fun: code, tables, the program, devices, nowhere. */
static u32 some_page(void)
{
	static const u32 pages[] = {
		CODE32, CODE32 + 0x1000, CODE16, TABLES, TABLES + 0x8000, 0xa0000, 0xb8000, 0xf0000,
		0xfee00000, 0xfec00000, 0xfffff000, 0xd0000000, RAM_SIZE, DATA,
	};

	return one_in(4) ? edge() & ~0xfffu : pages[rnd(COUNT(pages))];
}

static void odd_leaf(void)
{
	u32 n = one_in(2) ? rnd(8) : rnd(leaf_count());
	u32 high = pae ? (one_in(2) ? 0 : one_in(2) ? 0x80000000 : edge()) : 0;

	set_leaf(n, one_in(2) ? CODE32 + n * 0x1000 : some_page(), rnd(ODD + 1) | !one_in(4), high);
}

/* A directory entry of the upper half, which nothing needs: itself, a table, large, anything. */
static void odd_directory(void)
{
	u32 n = 0x200 + rnd(0x180), v = some_page() | rnd(ODD + 1);

	if (one_in(4))
		v = (AT(root) & ~0xfffu) | P | W | U;
	if (pae)
		((u32 *)(TABLES + 0x3000))[n & ~1u] = v;	/* the third GiB */
	else
		root[n] = v;
}

static void map_leaves(void)
{
	for (u32 n = 0; n < leaf_count(); n++)
		set_leaf(n, CODE32 + n * 0x1000, P | W | U, 0);
	for (u32 n = rnd(12); n; n--)
		odd_leaf();
	for (u32 n = rnd(12); n; n--)
		odd_directory();
}

/* 32 bits: large pages, which want CR4.PSE, for all that stays. */
static void init_32(void)
{
	static const u32 high[] = { 0xfec00000, 0xffc00000, 0xfe800000, 0xe0000000 };
	u32 user = one_in(2) ? U : 0;

	for (u32 at = 0; at < RAM_SIZE; at += 0x400000)
		root[at >> 22] = at | P | W | PS | U;
	for (u32 n = 0; n < COUNT(high); n++)
		root[high[n] >> 22] = high[n] | P | W | PS | user;
	root[CODE32 >> 22] = AT(leaves) | P | W | U;
	paging_cr4 = 0x10 | (one_in(2) ? 0x80 : 0);
	paging_cr3 = AT(root);
}

static void init_pae(void)
{
	u32 *pd = (u32 *)(TABLES + 0x1000), *last = (u32 *)(TABLES + 0x4000);

	for (u32 n = 0; n < 4; n++)
		root[2 * n] = (TABLES + 0x1000 + n * 0x1000) | P;
	for (u32 n = 0; n < RAM_SIZE >> 21; n++)
		pd[2 * n] = n << 21 | P | W | PS | U;
	for (u32 n = 0x1f0; n < 0x200; n++)
		last[2 * n] = (0xc0000000 + (n << 21)) | P | W | PS | U;
	pd[2 * (CODE32 >> 21)] = AT(leaves) | P | W | U;
	pd[2 * (CODE32 >> 21) + 2] = (AT(leaves) + 0x1000) | P | W | U;
	paging_cr4 = 0x20 | (one_in(2) ? 0x10 : 0) | (one_in(2) ? 0x80 : 0);
	paging_cr3 = AT(root);
	if (one_in(2))
		wrmsr(0xc0000080, 0, 0x800);		/* NXE */
}

static void clear(u32 from, u32 bytes)
{
	u32 count = bytes / 4;

	__asm__ volatile("rep stosl" : "+D"(from), "+c"(count) : "a"(0) : "memory");
}

void paging_init(void)
{
	u32 kind = rnd(5);

	pae = kind >= 3;
	clear(TABLES, 0xa000);
	pae ? init_pae() : init_32();
	map_leaves();
	write_cr4((read_cr4() & ~0xb0u) | paging_cr4);
	write_cr3(paging_cr3);
	if (kind)
		write_cr0((read_cr0() & ~0x10000u) | 0x80000000 | (one_in(2) ? 0x10000 : 0));
}

void paging_disturb(void)
{
	for (u32 n = 1 + rnd(4); n; n--)
		one_in(3) ? odd_directory() : odd_leaf();
	switch (rnd(3)) {
	case 0: write_cr3(paging_cr3 | (one_in(8) ? rnd(0x20) : 0)); break;
	case 1: invlpg(CODE32 + rnd(8) * 0x1000); break;
	}
}
