/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables: 4 KiB pages, 64 MiB linear = physical, and a window of 2 MiB at 40000000 that
 * differs in each of four address spaces. The local APIC has a 2 MiB page, not cached. The first
 * space has a page of user code besides.
 * Four levels; start64.S has turned paging on with tables of its own. Invariant: all other pages
 * are supervisor's, writable, never global.
 */
#include "guestimg/bench/bench.h"

enum { PRESENT_WRITE = 3, USER = 4, LARGE_UNCACHED = 0x90 };
enum { ENTRIES = 512, TABLES = 32, WINDOW_SIZE = 0x200000 };

unsigned long spaces[SPACES];
pte_t *window_table;

static unsigned long next_page = PAGE_TABLES;

static pte_t *new_page(void)
{
	unsigned long p = next_page;

	next_page += 4096;
	return memset((void *)p, 0, 4096);
}

static pte_t entry(const pte_t *table, unsigned bits)
{
	return (pte_t)table | PRESENT_WRITE | bits;
}

/* `low` and `apic` are the directories of the first and the fourth GiB. */
static pte_t *make_space(int s, const pte_t *low, const pte_t *apic)
{
	pte_t *top = new_page(), *pointers = new_page(), *directory = new_page();
	pte_t *window = new_page();

	for (int j = 0; j < ENTRIES; j++)
		window[j] = (WINDOW_PHYS + s * WINDOW_SIZE + (j << 12)) | PRESENT_WRITE;
	directory[0] = entry(window, 0);
	pointers[0] = entry(low, 0);
	pointers[(unsigned long)WINDOW >> 30] = entry(directory, 0);
	pointers[(unsigned long)LAPIC >> 30] = entry(apic, 0);
	top[0] = entry(pointers, 0);
	spaces[s] = (unsigned long)top;
	if (s == 0)
		window_table = window;
	return top;
}

static void map_user(pte_t *top)
{
	pte_t *pointers = new_page(), *directory = new_page(), *table = new_page();

	table[0] = USER_PHYS | PRESENT_WRITE | USER;
	directory[0] = entry(table, USER);
	pointers[0] = entry(directory, USER);
	top[USER_CODE >> 39] = entry(pointers, USER);
}

void paging_init(void)
{
	pte_t *low = new_page(), *apic;

	for (int i = 0; i < TABLES; i++) {
		pte_t *table = new_page();

		for (int j = 0; j < ENTRIES; j++)
			table[j] = ((pte_t)(i * ENTRIES + j) << 12) | PRESENT_WRITE;
		low[i] = entry(table, 0);
	}
	apic = new_page();
	apic[(unsigned long)LAPIC >> 21 & (ENTRIES - 1)] =
		(unsigned long)LAPIC | LARGE_UNCACHED | PRESENT_WRITE;
	for (int s = 0; s < SPACES; s++) {
		pte_t *top = make_space(s, low, apic);

		if (s == 0)
			map_user(top);
	}
	set_cr3(spaces[0]);
}
