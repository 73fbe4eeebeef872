/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bump arena: memory that is handed out in order and given back all at once. One for each
 * translation context, reset at the start of each translation. Nothing in it is freed alone.
 */
#ifndef MM_ARENA_H
#define MM_ARENA_H

#include "kernel/lib/types.h"

struct arena {
	char *start;
	size_t size, used;
	size_t peak;		/* highest `used` so far */
};

/* Use `size` bytes at `memory`, which stay the caller's; memory is 16-byte aligned. */
void arena_init(struct arena *a, void *memory, size_t size);

/* Everything handed out becomes invalid. */
void arena_reset(struct arena *a);

/* The same; panics when it is full. */
void *arena_get(struct arena *a, size_t size);

/* arena_get, zeroed. */
void *arena_alloc(struct arena *a, size_t size);

static inline size_t arena_left(const struct arena *a) { return a->size - a->used; }

#endif
