/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of atomic.rom share: the operations that all CPUs do at once on one operand. */
#ifndef GUESTIMG_TESTS64_ATOMIC_H
#define GUESTIMG_TESTS64_ATOMIC_H

#include "guestimg/base/cpus.h"
#include "guestimg/tests64/lib.h"

/*
 * What must come out of cpus * n operations on an operand that was `first`.
 *   SAME    `first` again, and no CPU has seen anything wrong: the results are counts of that
 *   TOTAL   first + cpus * n * step; the results are counts as above
 *   OLDS    as TOTAL with step 1; the results are sums of what each found: each value once
 *   TOKENS  what was put in has come out or is there still: the results' sum is what is missing
 */
enum outcome { SAME, TOTAL, OLDS, TOKENS };

struct operation {
	const char *name;
	u32 size;			/* in bytes: 8; 16: the high half is thrice the low one */
	enum outcome outcome;
	u64 step, first;
	/* n times, by CPU `cpu`; between them visit(). Returns its result. */
	u64 (*run)(volatile u64 *at, u64 n, u32 cpu);
};
extern const struct operation operations[];
extern const u32 operations_count;

/* Runs the function at visit_at if there is one; returns whether its result was wrong. */
extern u32 (*volatile visit_at)(void);
enum { VISIT_RESULT = 0x600df00d };
static inline u64 visit(void) { return visit_at && visit_at() != VISIT_RESULT; }

/* A part of a test on each CPU: what it counts as wrong. */
extern volatile u64 wrong[CPUS_MAX * 8];
#define WRONG(cpu) wrong[(cpu) * 8]
/* part(cpu) on all; the sum of what they count must be `want`. */
void try_parts(const char *name, void (*part)(u32 cpu), const char *what, u64 want);

/* LOCK CMPXCHG16B: are 16 bytes at p `was`? Then `next`; else they are put in `was`. */
struct pair { u64 low, high; };
static inline bool cmpxchg16b(volatile u64 *p, struct pair *was, struct pair next)
{
	bool equal;

	__asm__ volatile("lock cmpxchg16b %2"
		: "+a"(was->low), "+d"(was->high), "+m"(*(volatile struct pair *)p), "=@ccz"(equal)
		: "b"(next.low), "c"(next.high));
	return equal;
}

void test_pairs(void);			/* atomic_pairs.c */
void test_far_bits(void);		/* atomic_more.c */
void test_devices(void);

#endif
