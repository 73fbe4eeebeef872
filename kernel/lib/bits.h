/* SPDX-License-Identifier: BSD-2-Clause */
/* Bit fields, alignment, array length. Pure: no state, no dependencies but types.h. */
#ifndef KERNEL_LIB_BITS_H
#define KERNEL_LIB_BITS_H

#include "kernel/lib/types.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (1u << (n))
#define BIT64(n) (1ull << (n))

/* Bits hi..lo of v, both included, moved down to bit 0. 63 >= hi >= lo >= 0. */
static inline u64 bits(u64 v, unsigned hi, unsigned lo)
{
	return (v >> lo) & (~0ull >> (63 - (hi - lo)));
}

/*
 * How many bits of v are ones. The compiler's own way may be a function that uses the host's vector
 * registers, in which the fault path finds the guest's.
 */
static inline unsigned count_ones(u64 v)
{
	v -= v >> 1 & 0x5555555555555555;
	v = (v & 0x3333333333333333) + (v >> 2 & 0x3333333333333333);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return (unsigned)(v * 0x0101010101010101 >> 56);
}

static inline u64 align_up(u64 v, u64 align) { return (v + align - 1) & ~(align - 1); }
static inline u64 align_down(u64 v, u64 align) { return v & ~(align - 1); }

/* The low `width` bits of v as a signed number. 64 >= width >= 1. */
static inline s64 sign_extend(u64 v, unsigned width)
{
	return (s64)(v << (64 - width)) >> (64 - width);
}

static inline bool fits_signed(s64 v, unsigned width) { return sign_extend((u64)v, width) == v; }

#endif
