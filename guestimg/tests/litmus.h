/* SPDX-License-Identifier: BSD-2-Clause */
/* A litmus test: what each CPU does to three words, and which outcomes there are. */
#ifndef GUESTIMG_TESTS_LITMUS_H
#define GUESTIMG_TESTS_LITMUS_H

#include "guestimg/tests/cpus.h"

/* Words that are 0 before; out: what the thread loaded, two values. */
typedef void (*thread)(volatile u32 *x, volatile u32 *y, volatile u32 *z, u32 *out);

struct outcome { u32 r[CPUS_MAX][2], x, y, z; };	/* r by thread; the words at the end */
struct counts { u32 rounds, forbidden, allowed; };

struct litmus {
	const char *name;
	u32 threads;				/* 2 up to CPUS_MAX */
	thread thread[CPUS_MAX];
	bool (*forbidden)(const struct outcome *o);
	bool (*allowed)(const struct outcome *o);	/* may be seen, and is worth counting */
	const char *in_tcg;			/* what TCG does instead; NULL: as CPUs */
};
extern const struct litmus litmus_tests[];
extern const u32 litmus_count;

#endif
