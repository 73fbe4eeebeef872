/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 64-bit image: what differs from width32.h. Given to each file by bench.mk (-include), not
 * included. Invariant: both define the same names.
 */
#ifndef GUESTIMG_BENCH_WIDTH64_H
#define GUESTIMG_BENCH_WIDTH64_H

#define BENCH_MODE "64"
#define USER_CODE 0x8000000000

typedef unsigned long pte_t;		/* an entry of a page table */

#endif
