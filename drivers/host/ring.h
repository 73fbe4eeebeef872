/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes from one who puts to those who get (with a lock among them), on different cores. Who puts
 * and finds no room stops its source and says so; who makes room is told to switch it on again.
 * Why nobody sleeps for ever: it says so and then looks once more whether there is room, and who
 * gets makes room and then looks whether it has stopped (all sequentially consistent).
 */
#ifndef DRIVERS_HOST_RING_H
#define DRIVERS_HOST_RING_H

#include "kernel/lib/types.h"

#ifndef RING_SIZE
#define RING_SIZE 4096u		/* a power of two; the test's is small */
#endif

struct ring {
	u8 byte[RING_SIZE];
	u32 head, tail;		/* put at head, got at tail */
	u32 stopped;
};

/* -- Who puts -- */

static inline bool ring_is_full(const struct ring *r)
{
	return r->head - __atomic_load_n(&r->tail, __ATOMIC_SEQ_CST) == RING_SIZE;
}

/* It is not full. */
static inline void ring_put(struct ring *r, u8 byte)
{
	r->byte[r->head % RING_SIZE] = byte;
	__atomic_store_n(&r->head, r->head + 1, __ATOMIC_RELEASE);
}

/* Either side: true for one of those who call it after a stop; that one switches the source on. */
static inline bool ring_goes_on(struct ring *r)
{
	return __atomic_load_n(&r->stopped, __ATOMIC_SEQ_CST) &&
	       __atomic_exchange_n(&r->stopped, 0, __ATOMIC_SEQ_CST);
}

/* The source has been switched off, since the ring was full. Returns whether it is still. */
static inline bool ring_stops(struct ring *r)
{
	__atomic_exchange_n(&r->stopped, 1, __ATOMIC_SEQ_CST);
	return ring_is_full(r);
}

/* -- Who gets: ring_goes_on is to be asked after it -- */

static inline int ring_get(struct ring *r)
{
	int byte;

	if (r->tail == __atomic_load_n(&r->head, __ATOMIC_ACQUIRE))
		return -1;
	byte = r->byte[r->tail % RING_SIZE];
	__atomic_exchange_n(&r->tail, r->tail + 1, __ATOMIC_SEQ_CST);
	return byte;
}

#endif
