/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel gives newlib. The C library itself is used through its own headers. */
#ifndef KERNEL_NEWLIB_H
#define KERNEL_NEWLIB_H

#include "kernel/lib/types.h"

/* The run of memory that sbrk hands out, once; before this, malloc has nothing. */
void newlib_set_heap(void *start, size_t size);

#endif
