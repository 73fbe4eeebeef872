/* SPDX-License-Identifier: BSD-2-Clause */
/* The bump arena. Pure: no memory but its caller's. Invariant: used is a multiple of 16. */
#include "mm/arena.h"

#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/panic.h"

void arena_init(struct arena *a, void *memory, size_t size)
{
	must(((uintptr_t)memory & 15) == 0);
	*a = (struct arena){ .start = memory, .size = size & ~(size_t)15 };
}

void arena_reset(struct arena *a) { a->used = 0; }

static void *arena_try(struct arena *a, size_t size)
{
	void *p = a->start + a->used;

	if (size > arena_left(a))
		return NULL;
	a->used += align_up(size, 16);
	if (a->used > a->peak)
		a->peak = a->used;
	return p;
}

void *arena_get(struct arena *a, size_t size)
{
	void *p = arena_try(a, size);

	if (!p)
		panic("mm/arena: %lu bytes asked for, %lu of %lu left", (unsigned long)size,
		      (unsigned long)arena_left(a), (unsigned long)a->size);
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return memset(arena_get(a, size), 0, size);
}
