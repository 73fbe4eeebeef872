/* SPDX-License-Identifier: BSD-2-Clause */
/* What cores.c and its loops (cores.S) share; tools/bench_cores.py knows the marks, too. */
#ifndef GUESTIMG_TESTS_CORES_H
#define GUESTIMG_TESTS_CORES_H

/*
 * A store of N there begins span N of this CPU, and ends the one before; 0: none (the counting
 * plugin, tools/plugin/count.c). With MARK_ALL on all CPUs.
 */
#define MARK_AT 0x4f0000
#define MARK_ALL 0x80000000

#define LOCK_INCS 8

/* struct spin: offsets. The lock, and what it guards, is at its first word. */
#define SPIN_LOCK 0
#define SPIN_SPINS 4
#define SPIN_AGAIN 8
#define SPIN_COUNT 64		/* in what SPIN_LOCK points at */

#endif
