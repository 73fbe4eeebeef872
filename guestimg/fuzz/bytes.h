/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that an unkind guest might run: random ones, instructions put together at random, long runs
 * of one kind, and real code with mistakes. Freestanding: the fuzz guest and the native fuzz
 * program make the same. Knows no mode and runs nothing. What comes out depends on the seed alone.
 */
#ifndef GUESTIMG_FUZZ_BYTES_H
#define GUESTIMG_FUZZ_BYTES_H

struct bytes_rng { unsigned long long state; };

void bytes_seed(struct bytes_rng *r, unsigned seed);
/* 0 … n - 1; n 0: all 32 bits. */
unsigned bytes_random(struct bytes_rng *r, unsigned n);

/* One chance in n. */
static inline int bytes_one_in(struct bytes_rng *r, unsigned n) { return !bytes_random(r, n); }

/* A number with a taste for edges: 0, ±1, powers of two and their neighbours, page ends. */
unsigned bytes_edge(struct bytes_rng *r);

/*
 * Fill `size` bytes at p with code; wide: for 64-bit code, with REX prefixes. `real`: code to make
 * mistakes in (real_size 0: none).
 */
void bytes_fill(struct bytes_rng *r, unsigned char *p, unsigned size, int wide,
		const unsigned char *real, unsigned real_size);

#endif
