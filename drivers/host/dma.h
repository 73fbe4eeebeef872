/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that a device reads and writes: rings, tables, buffers. Both hosts' devices see host
 * physical addresses and are coherent with the caches (3A5000 and 3A4000 manuals, chapters on HT),
 * so the cached window serves; what order needs is dma_barrier(). Nothing is given back.
 */
#ifndef DRIVERS_HOST_DMA_H
#define DRIVERS_HOST_DMA_H

#include "kernel/lib/types.h"
#include "kernel/phys.h"

/* `size` bytes (at most 64 MiB), zeroed, 4 KiB aligned, contiguous; NULL if there are none. */
void *dma_alloc(size_t size);

/* Where a device sees what lies at p: dma_alloc's, the heap's, guest RAM; never a stack. */
static inline u64 dma_address(const void *p) { return ptr_to_phys(p).a; }

/* Everything before is visible to devices before anything after, register accesses included. */
static inline void dma_barrier(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

#endif
