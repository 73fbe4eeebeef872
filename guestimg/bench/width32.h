/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 32-bit image: what differs from width64.h. Given to each file by bench.mk (-include), not
 * included. Invariant: both define the same names.
 */
#ifndef GUESTIMG_BENCH_WIDTH32_H
#define GUESTIMG_BENCH_WIDTH32_H

#define BENCH_MODE "32"
#define USER_CODE 0x50000000

typedef unsigned int pte_t;		/* an entry of a page table */

#endif
