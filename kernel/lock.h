/* SPDX-License-Identifier: BSD-2-Clause */
/* Spin locks. Not recursive. Interrupt handlers take none (they note and kick): no irq variant. */
#ifndef KERNEL_LOCK_H
#define KERNEL_LOCK_H

#include "kernel/lib/types.h"

struct lock { u32 held; };

static inline void lock_take(struct lock *l)
{
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&l->held, __ATOMIC_RELAXED))
			;
}

static inline void lock_drop(struct lock *l) { __atomic_store_n(&l->held, 0, __ATOMIC_RELEASE); }

#endif
