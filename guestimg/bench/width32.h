/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 32-bit image: what differs from width64.h. Given to each file by bench.mk (-include), not
 * included. Invariant: both define the same names.
 */
#ifndef GUESTIMG_BENCH_WIDTH32_H
#define GUESTIMG_BENCH_WIDTH32_H

#define BENCH_MODE "32"
#define ROW64(name, work, n, insns64)	/* none of its rows */

typedef unsigned int pte_t;		/* an entry of a page table */

#endif
