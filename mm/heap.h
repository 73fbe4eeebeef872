/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small objects of the monitor, on newlib's malloc. Sizes never come from the guest: running out
 * is a bug of ours and panics. Natively (unit tests) this is the C library's malloc.
 */
#ifndef MM_HEAP_H
#define MM_HEAP_H

#include "kernel/lib/types.h"

/* Zeroed, 16-byte aligned; never NULL. */
void *heap_alloc(size_t size);
void heap_free(void *p);

#endif
