/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing seeds: see feed.h. Invariant: a seed that is too long is a mistake, not cut. */
#include <string.h>

#include "kernel/panic.h"
#include "qemu-test/libfuzzer/feed.h"

void seed_bytes(struct seed *s, const void *from, size_t size)
{
	must(size <= SEED_MAX - s->size);
	memcpy(s->bytes + s->size, from, size);
	s->size += size;
}

void seed8(struct seed *s, u8 v) { seed_bytes(s, &v, 1); }

void seed_n(struct seed *s, u64 v, unsigned bytes)
{
	for (unsigned k = 0; k < bytes; k++)
		seed8(s, k < 8 ? (u8)(v >> 8 * k) : 0);
}
