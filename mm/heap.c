/* SPDX-License-Identifier: BSD-2-Clause */
/* malloc that cannot fail and whose memory is zero. */
#include "mm/heap.h"

#include <stdlib.h>

#include "kernel/panic.h"

void *heap_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		panic("mm/heap: no room for %lu bytes", (unsigned long)size);
	return p;
}

void heap_free(void *p) { free(p); }
