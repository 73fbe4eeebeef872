/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a fuzz target reads of its input, and how a seed is written. Past its end an input is zeros,
 * so that every input means something.
 */
#ifndef LIBFUZZER_FEED_H
#define LIBFUZZER_FEED_H

#include <stddef.h>

#include "kernel/lib/types.h"

struct feed { const u8 *at, *end; };

static inline bool feed_more(const struct feed *f) { return f->at < f->end; }
static inline u8 feed8(struct feed *f) { return f->at < f->end ? *f->at++ : 0; }

/* Little endian, as the seeds are. */
static inline u64 feed_n(struct feed *f, unsigned bytes)
{
	u64 v = 0;

	for (unsigned k = 0; k < bytes; k++)
		v |= (u64)feed8(f) << 8 * k;
	return v;
}

static inline u16 feed16(struct feed *f) { return (u16)feed_n(f, 2); }
static inline u32 feed32(struct feed *f) { return (u32)feed_n(f, 4); }

/* A seed that is being written. */
enum { SEED_MAX = 16384 };
struct seed { u8 bytes[SEED_MAX]; size_t size; };

void seed8(struct seed *s, u8 v);
void seed_n(struct seed *s, u64 v, unsigned bytes);
void seed_bytes(struct seed *s, const void *from, size_t size);

/*
 * What a target's file gives: the function that libFuzzer calls with one input, and its seeds, each
 * of which goes to `put`.
 */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
void fuzz_seeds(void (*put)(const char *name, const struct seed *s));

/* What was reached since the start: for the test of the seeds. NULL: all that they are for. */
const char *fuzz_missed(void);

#endif
