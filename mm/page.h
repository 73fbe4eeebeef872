/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host physical memory in 4 KiB pages, and in contiguous runs of them (guest RAM, code cache,
 * tables). Not for small objects: those are mm/heap's. Not for interrupt handlers.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include "kernel/lib/types.h"

#define PAGE_SIZE 4096ull
#define PAGE_ANYWHERE (~0ull)

struct boot_mem;

/* Take over the free entries of a boot map. Panics if there are none. Call once. */
void page_init(const struct boot_mem *mem, unsigned count);

/*
 * `count` contiguous pages, contents undefined, start a multiple of `align` bytes (a power of two
 * >= 4096), all of it below `limit` (PAGE_ANYWHERE: no limit). Runs that have no limit are taken
 * from the top of memory, so that low memory stays free for those that have.
 * Returns hpa(0) if there is no such run.
 */
hpa_t page_alloc_run(u64 count, u64 align, u64 limit);

/* Give back what page_alloc (count 1) or page_alloc_run returned; part of a run is allowed. */
void page_free(hpa_t start, u64 count);

/* Pages in use and in total (of those that the boot map called free). */
u64 page_used(void);
u64 page_total(void);

/* A page's contents through the cached window. */
void *page_ptr(hpa_t page);

#endif
