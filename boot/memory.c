/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See memory.h. The sizes of the kernel's demands are upper bounds; test_boot holds them to that.
 */
#include "boot/memory.h"

#include <string.h>

#include "boot/demand.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"

static u64 end_of(const struct boot_mem *e) { return e->start + e->size; }

static void remove_at(struct memory_map *m, unsigned k)
{
	m->count--;
	memmove(&m->mem[k], &m->mem[k + 1], (m->count - k) * sizeof(m->mem[0]));
}

/* Make room for one entry of `size`: false if it is not worth any that is there. */
static bool make_room(struct memory_map *m, u64 size)
{
	unsigned least = 0;

	if (m->count < BOOT_MEM_MAX)
		return true;
	for (unsigned k = 1; k < m->count; k++)
		if (m->mem[k].size < m->mem[least].size)
			least = k;
	if (m->mem[least].size >= size)
		return false;
	remove_at(m, least);
	return true;
}

static void merge_next(struct memory_map *m, unsigned k)
{
	if (k + 1 >= m->count || m->mem[k].kind != m->mem[k + 1].kind ||
	    end_of(&m->mem[k]) != m->mem[k + 1].start)
		return;
	m->mem[k].size += m->mem[k + 1].size;
	remove_at(m, k + 1);
}

static void insert(struct memory_map *m, struct boot_mem e)
{
	unsigned at = 0;

	while (at < m->count && m->mem[at].start < e.start)
		at++;
	memmove(&m->mem[at + 1], &m->mem[at], (m->count - at) * sizeof(m->mem[0]));
	m->mem[at] = e;
	m->count++;
	merge_next(m, at);
	if (at > 0)
		merge_next(m, at - 1);
}

void memory_add(struct memory_map *m, u64 start, u64 size, enum boot_mem_kind kind)
{
	bool free = kind == BOOT_MEM_FREE;
	u64 end = start + size;

	start = free ? align_up(start, BOOT_PAGE) : align_down(start, BOOT_PAGE);
	end = free ? align_down(end, BOOT_PAGE) : align_up(end, BOOT_PAGE);
	if (end <= start)
		return;
	for (unsigned k = 0; k < m->count; k++) {	/* a table that is full may still grow */
		struct boot_mem *e = &m->mem[k];

		if (e->kind != kind || end_of(e) != start)
			continue;
		e->size += end - start;
		merge_next(m, k);
		return;
	}
	if (make_room(m, end - start))
		insert(m, (struct boot_mem){ start, end - start, kind });
}

int memory_reserve(struct memory_map *m, u64 start, u64 size, enum boot_mem_kind kind)
{
	u64 end = align_up(start + size, BOOT_PAGE);

	if (!size)
		return -ERR_INVAL;
	start = align_down(start, BOOT_PAGE);
	for (unsigned k = 0; k < m->count; k++) {
		struct boot_mem e = m->mem[k];

		if (e.kind != BOOT_MEM_FREE || start < e.start || end > end_of(&e))
			continue;
		remove_at(m, k);
		memory_add(m, e.start, start - e.start, BOOT_MEM_FREE);
		memory_add(m, end, end_of(&e) - end, BOOT_MEM_FREE);
		memory_add(m, start, end - start, kind);
		return 0;
	}
	return -ERR_INVAL;
}

u64 memory_free(const struct memory_map *m)
{
	u64 n = 0;

	for (unsigned k = 0; k < m->count; k++)
		n += m->mem[k].kind == BOOT_MEM_FREE ? m->mem[k].size : 0;
	return n;
}

u64 memory_largest(const struct memory_map *m)
{
	u64 n = 0;

	for (unsigned k = 0; k < m->count; k++)
		if (m->mem[k].kind == BOOT_MEM_FREE && m->mem[k].size > n)
			n = m->mem[k].size;
	return n;
}

/* -- What the kernel will ask for -- */

/* As mm/page does: page 0 is nobody's, and each region's bitmap takes its first pages. */
static void take_bitmaps(struct memory_map *m)
{
	struct memory_map all = *m;

	for (unsigned k = 0; k < all.count; k++) {
		const struct boot_mem *e = &all.mem[k];
		u64 map = align_up(e->size / BOOT_PAGE / 8 + 8, BOOT_PAGE);

		if (e->kind == BOOT_MEM_FREE)
			memory_reserve(m, e->start, map + (e->start ? 0 : BOOT_PAGE) < e->size ?
				       map + (e->start ? 0 : BOOT_PAGE) : e->size,
				       BOOT_MEM_RESERVED);
	}
}

/* Take a run as page_alloc_run would; false if there is none. limit 0: anywhere, from the top. */
static bool take_run(struct memory_map *m, u64 size, u64 align, u64 limit)
{
	size = align_up(size, BOOT_PAGE);
	for (unsigned n = 0; n < m->count; n++) {
		const struct boot_mem *e = &m->mem[limit ? n : m->count - 1 - n];
		u64 start, end = limit && end_of(e) > limit ? limit : end_of(e);

		if (e->kind != BOOT_MEM_FREE || e->start >= end || size > end - e->start)
			continue;
		start = limit ? align_up(e->start, align) : align_down(end - size, align);
		if (start >= e->start && start + size <= end)
			return memory_reserve(m, start, size, BOOT_MEM_RESERVED) == 0;
	}
	return false;
}

/* As kernel/machine does: in one run, or in pieces. */
static bool take_ram(struct memory_map *m, u64 size)
{
	if (take_run(m, size, DEMAND_RAM_ALIGN, 0))
		return true;
	for (u64 n; size; size -= n) {
		n = size < DEMAND_RAM_PIECE ? size : DEMAND_RAM_PIECE;
		if (!take_run(m, n, DEMAND_RAM_ALIGN, 0))
			return false;
	}
	return true;
}

const char *memory_lacks(const struct memory_map *map, const struct boot_config *c)
{
	struct memory_map m = *map;
	u64 frames = (c->memory + DEMAND_FIRMWARE_MAX) / BOOT_PAGE;
	u64 cache = c->code_cache ? c->code_cache : DEMAND_CODE_CACHE;

	if (c->selftest[0])
		return NULL;
	take_bitmaps(&m);
	if (!take_run(&m, DEMAND_HEAP, BOOT_PAGE, 0) || !take_run(&m, DEMAND_CORES, BOOT_PAGE, 0) ||
	    !take_ram(&m, c->memory) ||
	    !take_run(&m, frames * DEMAND_PER_FRAME, BOOT_PAGE, 0) ||
	    !take_run(&m, DEMAND_SHADOW(c->memory), PAGING_ROOT_ALIGN, 0))
		return "memory";
	for (u32 k = 1; k < c->cpus; k++)
		if (!take_run(&m, DEMAND_SHADOW(c->memory), PAGING_ROOT_ALIGN, 0) ||
		    !take_run(&m, DEMAND_CPU(frames), BOOT_PAGE, 0))
			return "cpus";
	if (!take_run(&m, cache, 65536, DEMAND_CODE_REACH))
		return "code_cache";
	return take_run(&m, DEMAND_REST, BOOT_PAGE, 0) ? NULL : "memory";
}

u64 memory_place(const struct memory_map *now, const struct memory_map *later, u64 size,
		 const struct boot_config *c)
{
	size = align_up(size, BOOT_PAGE);
	for (unsigned k = now->count; k-- > 0;) {
		const struct boot_mem *e = &now->mem[k];
		struct memory_map rest = *later;
		u64 start = end_of(e) - size;

		if (e->kind != BOOT_MEM_FREE || size >= e->size)
			continue;
		if (!memory_reserve(&rest, start, size, BOOT_MEM_RESERVED) &&
		    !memory_lacks(&rest, c))
			return start;
	}
	return 0;
}
