/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spin locks. Not recursive. Interrupt handlers take none (they note and kick): no irq variant.
 * Who spins does nothing else, so a holder waits for no other core (kernel/alone.h, kernel/work.h).
 */
#ifndef KERNEL_LOCK_H
#define KERNEL_LOCK_H

#include "kernel/lib/types.h"

struct lock { u32 held; };

/* How many the running thread holds: counted where natively built tests look after that law. */
#if defined(__loongarch64) || defined(__mips64)
static inline void lock_count(int n) { (void)n; }
static inline int locks_held(void) { return 0; }
#else						/* qemu-test/unit/native.c */
extern __thread int native_locks;
static inline void lock_count(int n) { native_locks += n; }
static inline int locks_held(void) { return native_locks; }
#endif

static inline void lock_take(struct lock *l)
{
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&l->held, __ATOMIC_RELAXED))
			;
	lock_count(1);
}

/* Take it if it is free. */
static inline bool lock_try(struct lock *l)
{
	if (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
		return false;
	lock_count(1);
	return true;
}

static inline void lock_drop(struct lock *l)
{
	lock_count(-1);
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

#endif
