/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of host physical memory that boot code makes for the kernel, and whether what
 * loam.cfg asks for will fit in it. Not an allocator: mm/page is, later. Invariant: entries are
 * sorted, do not overlap, are whole pages, and neighbours of one kind are one entry.
 */
#ifndef BOOT_MEMORY_H
#define BOOT_MEMORY_H

#include "boot/boot_info.h"

#define BOOT_PAGE 4096ull

struct memory_map {
	struct boot_mem mem[BOOT_MEM_MAX];
	unsigned count;
};

/*
 * Add a piece that no entry overlaps. Free pieces shrink to whole pages, others grow. When the
 * table is full the smallest entry is left out: memory that is in no entry is never used.
 */
void memory_add(struct memory_map *m, u64 start, u64 size, enum boot_mem_kind kind);

/* Make [start, start+size) of a free entry another kind. Returns 0, or -ERR_INVAL if not free. */
int memory_reserve(struct memory_map *m, u64 start, u64 size, enum boot_mem_kind kind);

/* Free bytes in all, and in the largest piece. */
u64 memory_free(const struct memory_map *m);
u64 memory_largest(const struct memory_map *m);

/*
 * Will the kernel's own memory, the guest's RAM and the code cache of `c` fit into the free part?
 * NULL if so, else the key (memory, cpus or code_cache) that asks for too much. Places them as
 * mm/page and kernel/machine will. A configuration that runs self-tests always fits.
 */
const char *memory_lacks(const struct memory_map *m, const struct boot_config *c);

/*
 * Where to put `size` bytes of a file: the highest page-aligned place that is free in `now` and
 * in `later` (the map that the kernel will get) and leaves what memory_lacks wants. 0: none.
 */
u64 memory_place(const struct memory_map *now, const struct memory_map *later, u64 size,
		 const struct boot_config *c);

#endif
