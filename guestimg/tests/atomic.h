/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of atomic.rom share: the operations that all CPUs do at once on one operand. */
#ifndef GUESTIMG_TESTS_ATOMIC_H
#define GUESTIMG_TESTS_ATOMIC_H

#include "guestimg/tests/cpus.h"

/*
 * What must come out of cpus * n operations on an operand that was `first`, modulo its size.
 *   SAME    `first` again, and no CPU has seen anything wrong: the results are counts of that
 *   TOTAL   first + cpus * n * step; the results are counts as above
 *   OLDS    as TOTAL with step 1; the results are sums of what each found: each value once
 *   TOKENS  what was put in has come out or is there still: the results' sum is what is missing
 */
enum outcome { SAME, TOTAL, OLDS, TOKENS };

struct operation {
	const char *name;
	u32 size;			/* in bytes: 1, 2, 4, 8 */
	enum outcome outcome;
	u32 step, first;
	/* n times, by CPU `cpu`; between them visit(). Returns its result. */
	u32 (*run)(volatile void *at, u32 n, u32 cpu);
};
extern const struct operation operations[];
extern const u32 operations_count;

/* Runs the function at visit_at if there is one; returns whether its result was wrong. */
extern u32 (*volatile visit_at)(void);
enum { VISIT_RESULT = 0x600df00d };
static inline u32 visit(void) { return visit_at && visit_at() != VISIT_RESULT; }

void test_neighbours(void);		/* atomic_more.c */
void test_far_bits(void);
void test_locks(void);
void test_walks(void);

#endif
