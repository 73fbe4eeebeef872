/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native test of mm/page.c and mm/arena.c: runs, limits, alignment, counts, exhaustion, and a long
 * random sequence checked against a model that knows the owner of every page.
 */
#include "mm/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/boot_info.h"
#include "kernel/arch.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "mm/arena.h"

static unsigned passed, failed;

static void check(bool ok, const char *what)
{
	if (ok) {
		passed++;
		return;
	}
	failed++;
	printf("FAIL %s\n", what);
}

/* What the allocator needs of the kernel. Memory: two regions, with a hole and a kept part. */
#define MIB (1024ull * 1024)
#define SPAN (80 * MIB)
static char *memory;

void *phys_ptr(hpa_t a)
{
	if (a.a >= SPAN)
		panic("address %#lx is outside the fake memory", (unsigned long)a.a);
	return memory + a.a;
}

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\nFAIL panic\n%u passed, %u failed\n", passed, failed + 1);
	exit(1);
}

static const struct boot_mem map[] = {
	{ 0, 16 * MIB, BOOT_MEM_FREE },
	{ 16 * MIB, 4 * MIB, BOOT_MEM_RESERVED },
	{ 20 * MIB, 4096, BOOT_MEM_FREE },	/* too small for its bitmap and a page */
	{ 32 * MIB, 48 * MIB, BOOT_MEM_FREE },
};

static bool in_free(hpa_t a, u64 count)
{
	u64 end = a.a + count * PAGE_SIZE;

	return (a.a >= PAGE_SIZE && end <= 16 * MIB) || (a.a >= 32 * MIB && end <= 80 * MIB);
}

static void test_runs(void)
{
	u64 used = page_used();
	hpa_t guest = page_alloc_run(32 * MIB / PAGE_SIZE, 2 * MIB, PAGE_ANYWHERE);
	hpa_t cache = page_alloc_run(4 * MIB / PAGE_SIZE, 65536, 16 * MIB);
	hpa_t none = page_alloc_run(60 * MIB / PAGE_SIZE, PAGE_SIZE, PAGE_ANYWHERE);
	hpa_t low = page_alloc_run(16 * MIB / PAGE_SIZE, PAGE_SIZE, 16 * MIB);

	check(guest.a % (2 * MIB) == 0 && in_free(guest, 32 * MIB / PAGE_SIZE), "2 MiB aligned run");
	check(guest.a >= 32 * MIB, "a run without a limit comes from the top");
	check(cache.a && cache.a + 4 * MIB <= 16 * MIB && cache.a % 65536 == 0, "a limited run");
	check(none.a == 0 && low.a == 0, "runs that do not fit");
	check(page_used() == used + 36 * MIB / PAGE_SIZE, "pages counted");
	page_free(guest, 16 * MIB / PAGE_SIZE);
	page_free(hpa(guest.a + 16 * MIB), 16 * MIB / PAGE_SIZE);
	page_free(cache, 4 * MIB / PAGE_SIZE);
	check(page_used() == used, "all given back, a run in two parts");
}

static void test_exhaustion(void)
{
	u64 total = page_total() - page_used(), n = 0;
	hpa_t *all = malloc(total * sizeof(*all)), p;
	bool zero = true, inside = true;

	memset(memory + MIB, 0xaa, 14 * MIB);	/* the region's bitmap is in its first pages */
	memset(memory + 33 * MIB, 0xaa, 40 * MIB);
	while (n < total && (p = page_alloc()).a) {
		char *c = page_ptr(p);

		inside &= in_free(p, 1);
		for (unsigned k = 0; k < PAGE_SIZE; k += 64)
			zero &= c[k] == 0;
		all[n++] = p;
	}
	check(n == total && page_alloc().a == 0, "every page can be had, and no more");
	check(zero, "single pages are zeroed");
	check(inside, "only free memory is handed out");
	check(page_alloc_run(1, PAGE_SIZE, PAGE_ANYWHERE).a == 0, "no run when all is taken");
	while (n > 0)
		page_free(all[--n], 1);
	check(page_used() == 0, "all pages given back");
	free(all);
}

/* A model: for each page of the span, the number of the allocation that owns it. */
static void test_random(void)
{
	static u16 owner[SPAN / PAGE_SIZE];
	static struct { hpa_t at; u64 count; } held[256];
	bool overlap = false, aligned = true, lost = false;
	u32 seed = 12345;

	for (unsigned step = 0; step < 20000; step++) {
		unsigned k = (seed = seed * 1664525 + 1013904223) >> 8 & 255;
		u64 count = 1 + (seed >> 20) % 300, align = PAGE_SIZE << (seed >> 17 & 7);
		u64 limit = seed >> 16 & 1 ? 16 * MIB : PAGE_ANYWHERE;
		u64 set;

		if (held[k].count) {
			set = 0;
			page_free(held[k].at, held[k].count);
		} else {
			set = k + 1;
			held[k].count = count;
			held[k].at = page_alloc_run(count, align, limit);
			if (!held[k].at.a) {
				held[k].count = 0;
				continue;
			}
			aligned &= held[k].at.a % align == 0 && in_free(held[k].at, count);
			aligned &= limit == PAGE_ANYWHERE ||
				   held[k].at.a + count * PAGE_SIZE <= limit;
		}
		for (u64 n = 0; n < held[k].count; n++) {
			u16 *o = &owner[held[k].at.a / PAGE_SIZE + n];

			overlap |= set && *o;
			lost |= !set && *o != k + 1;
			*o = (u16)set;
		}
		if (!set)
			held[k].count = 0;
	}
	check(!overlap && !lost, "no page has two owners");
	check(aligned, "alignment and limits of random runs");
	for (unsigned k = 0; k < 256; k++)
		if (held[k].count)
			page_free(held[k].at, held[k].count);
	check(page_used() == 0, "nothing is lost in a random sequence");
}

static void test_arena(void)
{
	static _Alignas(16) char room[1000];
	struct arena a;
	char *first, *second;

	arena_init(&a, room, sizeof(room));
	check(arena_left(&a) == 992, "the size is rounded down to 16");
	first = arena_try(&a, 1);
	second = arena_alloc(&a, 900);
	check(first == room && second == room + 16 && second[899] == 0, "16-byte steps, zeroed");
	check(!arena_try(&a, 65) && arena_try(&a, 64), "full is told, the rest can be had");
	check(a.peak == 992 && arena_left(&a) == 0, "peak");
	arena_reset(&a);
	check(arena_try(&a, 992) == room && !arena_try(&a, 1), "reset gives everything back");
}

int main(void)
{
	memory = aligned_alloc(4096, SPAN);
	memset(memory, 0xaa, SPAN);
	page_init(map, ARRAY_LEN(map));
	check(page_used() == 0, "nothing is in use at first");
	check(page_total() > 63 * MIB / PAGE_SIZE && page_total() < 64 * MIB / PAGE_SIZE,
	      "nearly all of the free memory is there");
	test_runs();
	test_exhaustion();
	test_random();
	test_arena();
	free(memory);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
