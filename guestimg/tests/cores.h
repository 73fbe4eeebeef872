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

#ifndef __ASSEMBLER__
#include "guestimg/tests/cpus.h"

/* -- cores.S: each says there how many instructions it takes -- */

#define REGPARM __attribute__((regparm(3)))

struct spin { volatile u32 *lock; u32 spins, again; };

REGPARM void loop_xadd(volatile u32 *p, u32 n);
REGPARM u32 loop_cmpxchg(volatile u32 *p, u32 n);
REGPARM void loop_spin(struct spin *s, u32 n);
REGPARM void loop_lock_inc(volatile u32 *p, u32 n);
REGPARM void loop_plain(volatile u32 *p, u32 n);
REGPARM u32 loop_until_ipi(u32 name, u32 seen, u32 sti);
REGPARM void ipi_send(u32 name, u32 icr);
void halt_until_ipi(void);
extern volatile u32 ipis, ready;	/* so many came; the receiver is about to wait */
extern char ipi_entry[];

/* -- guestimg/bench/kernels.c, and what it wants -- */

u32 row_mix(u32 n);
u32 row_memcpy32(u32 n);
void kernels_init(void);
extern char own_start[], own_end[];	/* image.lds: each CPU's own pages */
extern u32 *buf_a, *buf_b, *buf_chase;
#endif

#endif
