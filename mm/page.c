/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bitmap for each free region of the boot map, kept in the region's first pages. Single pages
 * come from a rising hint in the last region that has one, runs by search. Invariant: a set bit is
 * a page in use; the bitmap's own pages are always set.
 */
#include "mm/page.h"

#include <string.h>

#include "boot/boot_info.h"
#include "kernel/arch.h"
#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"

struct region {
	u64 start;		/* host physical */
	u64 pages;
	u64 *map;
	u64 hint;		/* no free page below this one */
	u64 used;
};

static struct region regions[BOOT_MEM_MAX];
static unsigned region_count;
static u64 own_pages;		/* that the bitmaps take: not counted as used */
static struct lock lock;

void *page_ptr(hpa_t page) { return phys_ptr(page); }

static bool is_used(const struct region *r, u64 page) { return r->map[page / 64] >> page % 64 & 1; }

static void mark(struct region *r, u64 page, u64 count, bool used)
{
	for (u64 k = page; k < page + count; k++) {
		must(is_used(r, k) != used);
		r->map[k / 64] ^= BIT64(k % 64);
	}
	r->used += used ? count : -count;
	if (!used && page < r->hint)
		r->hint = page;
}

static void add_region(u64 start, u64 size)
{
	u64 pages = size / PAGE_SIZE, map_pages;
	struct region *r = &regions[region_count];

	if (start == 0) {	/* page 0 means "none" */
		start += PAGE_SIZE;
		pages -= pages != 0;
	}
	map_pages = align_up(align_up(pages, 64) / 8, PAGE_SIZE) / PAGE_SIZE;
	if (pages <= map_pages)
		return;
	*r = (struct region){ .start = start, .pages = pages, .map = phys_ptr(hpa(start)) };
	memset(r->map, 0, map_pages * PAGE_SIZE);
	mark(r, 0, map_pages, true);
	own_pages += map_pages;
	region_count++;
}

void page_init(const struct boot_mem *mem, unsigned count)
{
	must(count <= BOOT_MEM_MAX && region_count == 0);
	for (unsigned k = 0; k < count; k++)
		if (mem[k].kind == BOOT_MEM_FREE)
			add_region(mem[k].start, mem[k].size);
	if (region_count == 0)
		panic("mm/page: the boot map has no free memory");
}

/* The first free page at or after `page`, or r->pages. */
static u64 next_free(const struct region *r, u64 page)
{
	while (page < r->pages) {
		u64 open = ~r->map[page / 64] >> page % 64;

		if (open) {
			page += (u64)__builtin_ctzll(open);
			return page < r->pages ? page : r->pages;
		}
		page = align_down(page, 64) + 64;
	}
	return r->pages;
}

/* The first used page in [page, end), or end. */
static u64 next_used(const struct region *r, u64 page, u64 end)
{
	while (page < end) {
		u64 taken = r->map[page / 64] >> page % 64;

		if (taken) {
			page += (u64)__builtin_ctzll(taken);
			return page < end ? page : end;
		}
		page = align_down(page, 64) + 64;
	}
	return end;
}

/* Lowest fitting run below limit, as a page number of the region; r->pages if there is none. */
static u64 find_low(const struct region *r, u64 count, u64 align, u64 limit)
{
	u64 page = r->hint;

	for (;;) {
		u64 start, end;

		page = next_free(r, page);
		start = (align_up(r->start + page * PAGE_SIZE, align) - r->start) / PAGE_SIZE;
		if (start + count > r->pages || start + count < start)
			return r->pages;
		if (r->start + (start + count) * PAGE_SIZE > limit)
			return r->pages;
		end = next_used(r, start, start + count);
		if (end == start + count)
			return start;
		page = end;
	}
}

/* Highest fitting run, or r->pages. */
static u64 find_high(const struct region *r, u64 count, u64 align)
{
	u64 start, end = r->start + r->pages * PAGE_SIZE;

	if (count > r->pages)
		return r->pages;
	for (start = align_down(end - count * PAGE_SIZE, align); start >= r->start;
	     start -= align) {
		u64 page = (start - r->start) / PAGE_SIZE;

		if (next_used(r, page, page + count) == page + count)
			return page;
		if (start < align)
			break;
	}
	return r->pages;
}

static hpa_t take(struct region *r, u64 page, u64 count)
{
	mark(r, page, count, true);
	return hpa(r->start + page * PAGE_SIZE);
}

hpa_t page_alloc_run(u64 count, u64 align, u64 limit)
{
	hpa_t found = hpa(0);

	must(count && align >= PAGE_SIZE && (align & (align - 1)) == 0);
	lock_take(&lock);
	for (unsigned k = 0; k < region_count && !found.a; k++) {
		bool low = limit != PAGE_ANYWHERE;
		struct region *r = &regions[low ? k : region_count - 1 - k];
		u64 page = low ? find_low(r, count, align, limit) : find_high(r, count, align);

		if (page < r->pages)
			found = take(r, page, count);
	}
	lock_drop(&lock);
	return found;
}

void page_free(hpa_t start, u64 count)
{
	lock_take(&lock);
	for (unsigned k = 0; k < region_count; k++) {
		struct region *r = &regions[k];
		u64 page = (start.a - r->start) / PAGE_SIZE;

		if (start.a < r->start || page >= r->pages)
			continue;
		must(start.a % PAGE_SIZE == 0 && page + count <= r->pages);
		mark(r, page, count, false);
		lock_drop(&lock);
		return;
	}
	panic("mm/page: %#lx is in no region", start.a);
}

u64 page_used(void)
{
	u64 n = 0;

	for (unsigned k = 0; k < region_count; k++)
		n += regions[k].used;
	return n - own_pages;
}

u64 page_total(void)
{
	u64 n = 0;

	for (unsigned k = 0; k < region_count; k++)
		n += regions[k].pages;
	return n - own_pages;
}
