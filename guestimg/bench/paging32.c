/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables: 4 KiB pages, 64 MiB linear = physical, and a window of 2 MiB at 40000000 that
 * differs in each of four address spaces. The local APIC has a 4 MiB page, not cached.
 * 32-bit paging, no PAE. Invariant: all pages are writable, never global, and supervisor's but for
 * the one at USER_CODE.
 */
#include "guestimg/bench/bench.h"

enum { PRESENT_WRITE = 3, USER = 4, LARGE_UNCACHED = 0x90 };
enum { ENTRIES = 1024, TABLES = 16, WINDOW_PAGES = 512, WINDOW_SIZE = 0x200000 };

unsigned long spaces[SPACES];
pte_t *window_table;

static unsigned long next_page = PAGE_TABLES;

static pte_t *new_page(void)
{
	unsigned long p = next_page;

	next_page += 4096;
	return memset((void *)p, 0, 4096);
}

static void make_space(int s, pte_t *const tables[])
{
	pte_t *directory = new_page(), *window = new_page();

	for (int j = 0; j < WINDOW_PAGES; j++)
		window[j] = (WINDOW_PHYS + s * WINDOW_SIZE + (j << 12)) | PRESENT_WRITE;
	for (int i = 0; i < TABLES; i++)
		directory[i] = (u32)tables[i] | PRESENT_WRITE;
	directory[(u32)WINDOW >> 22] = (u32)window | PRESENT_WRITE;
	directory[(u32)LAPIC >> 22] = ((u32)LAPIC & 0xffc00000) | LARGE_UNCACHED | PRESENT_WRITE;
	spaces[s] = (unsigned long)directory;
	if (s == 0)
		window_table = window;
}

static void map_user(void)
{
	pte_t *table = new_page();

	table[0] = USER_PHYS | PRESENT_WRITE | USER;
	for (int s = 0; s < SPACES; s++)
		((pte_t *)spaces[s])[USER_CODE >> 22] = (u32)table | PRESENT_WRITE | USER;
}

void paging_init(void)
{
	pte_t *tables[TABLES];
	unsigned long r;

	for (int i = 0; i < TABLES; i++) {
		tables[i] = new_page();
		for (int j = 0; j < ENTRIES; j++)
			tables[i][j] = ((i * ENTRIES + j) << 12) | PRESENT_WRITE;
	}
	for (int s = 0; s < SPACES; s++)
		make_space(s, tables);
	map_user();
	asm volatile("mov %%cr4, %0; or $0x10, %0; mov %0, %%cr4" : "=r"(r));	/* PSE */
	set_cr3(spaces[0]);
	asm volatile("mov %%cr0, %0; or $0x80010000, %0; mov %0, %%cr0; jmp 1f; 1:"	/* PG, WP */
		: "=r"(r) : : "memory");
}
