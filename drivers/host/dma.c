/* SPDX-License-Identifier: BSD-2-Clause */
/* DMA memory is whole pages of mm/page, anywhere: every device here takes 64-bit addresses. */
#include "drivers/host/dma.h"

#include <string.h>

#include "kernel/lib/bits.h"
#include "mm/page.h"

#define DMA_MAX (64u << 20)

void *dma_alloc(size_t size)
{
	u64 pages = align_up(size, PAGE_SIZE) / PAGE_SIZE;
	hpa_t at = hpa(0);

	if (size && size <= DMA_MAX)
		at = page_alloc_run(pages, PAGE_SIZE, PAGE_ANYWHERE);
	if (!at.a)
		return NULL;
	return memset(phys_to_ptr(at), 0, pages * PAGE_SIZE);
}
