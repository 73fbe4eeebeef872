/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words that other cores store to while this one reads them: an aligned one is read whole, and
 * once. A relaxed atomic load says the same, but compilers extend and address it apart, which are
 * instructions that hot paths have no room for. Of order nothing is said.
 */
#ifndef KERNEL_LIB_ONCE_H
#define KERNEL_LIB_ONCE_H

#include "kernel/lib/types.h"

#ifdef __SANITIZE_THREAD__
#define ONCE(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#else
#define ONCE(p) (*(p))
#endif

static inline u64 once_u64(const u64 *p)
{
	u64 v = ONCE(p);

	__asm__("" : "+r"(v));
	return v;
}

static inline u64 once_u32(const u32 *p)
{
	u64 v = ONCE(p);

	__asm__("" : "+r"(v));
	return v;
}

static inline u64 once_u8(const u8 *p)
{
	u64 v = ONCE(p);

	__asm__("" : "+r"(v));
	return v;
}

#endif
