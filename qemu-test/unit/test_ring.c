/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring between an interrupt handler and those who read: one thread is the source, which sends
 * while it is switched on and rests while it is not; two others get, now and then so slowly that
 * the ring fills. Every byte comes, in order, and nobody waits for ever; once more under
 * ThreadSanitizer (test_ring_tsan).
 */
#define RING_SIZE 4u		/* often full, often empty */
#include "drivers/host/ring.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "kernel/lock.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/native.h"

enum { BYTES = 300000, GETTERS = 2, SLOW = 64 };
#define PATIENCE 20.0		/* s without a byte: somebody sleeps */

static struct ring ring;
static struct lock reading;
static u32 source_on = 1, stops, got, mistakes, asleep;

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static u8 byte_of(u32 n) { return (u8)(n * 7 + n / 251); }
static void switch_on(u32 on) { __atomic_store_n(&source_on, on, __ATOMIC_RELEASE); }

static void go_on(void)
{
	if (ring_goes_on(&ring))
		switch_on(1);
}

/* As uart_interrupt. Returns whether the byte was put. */
static bool put(u8 byte)
{
	if (ring_is_full(&ring)) {
		switch_on(0);
		if (++stops % 4 == 0)
			sched_yield();		/* meanwhile all of it may be got */
		if (ring_stops(&ring))
			return false;
		go_on();
	}
	ring_put(&ring, byte);
	return true;
}

static bool late(double *since)
{
	if (seconds() - *since < PATIENCE)
		return false;
	__atomic_store_n(&asleep, 1, __ATOMIC_RELAXED);
	return true;
}

static void *send(void *opaque)
{
	double since = seconds();
	u32 n = 0;

	(void)opaque;
	while (n < BYTES && !__atomic_load_n(&asleep, __ATOMIC_RELAXED)) {
		if (!__atomic_load_n(&source_on, __ATOMIC_ACQUIRE)) {
			if (late(&since))
				break;
			sched_yield();
		} else if (put(byte_of(n))) {
			n++;
			since = seconds();
		}
	}
	return NULL;
}

static int get(void)
{
	int byte;

	lock_take(&reading);
	byte = ring_get(&ring);
	if (byte >= 0) {
		go_on();
		mistakes += byte != byte_of(got);
		__atomic_store_n(&got, got + 1, __ATOMIC_RELAXED);
	}
	lock_drop(&reading);
	return byte;
}

static void *take(void *opaque)
{
	u32 n;

	(void)opaque;
	while ((n = __atomic_load_n(&got, __ATOMIC_RELAXED)) < BYTES &&
	       !__atomic_load_n(&asleep, __ATOMIC_RELAXED))
		if (get() < 0 || n % SLOW == 0)
			sched_yield();
	return NULL;
}

int main(void)
{
	pthread_t t[1 + GETTERS];

	CHECK_EQ(ring_get(&ring), -1, "empty");
	pthread_create(&t[0], NULL, send, NULL);
	while (!__atomic_load_n(&ring.stopped, __ATOMIC_ACQUIRE))
		sched_yield();		/* it is full, and has been stopped */
	for (unsigned k = 0; k < GETTERS; k++)
		pthread_create(&t[1 + k], NULL, take, NULL);
	for (unsigned k = 0; k < 1 + GETTERS; k++)
		pthread_join(t[k], NULL);
	CHECK(!asleep, "who is switched off is switched on again");
	CHECK_EQ(got, BYTES, "each byte comes");
	CHECK_EQ(mistakes, 0, "in order");
	CHECK(stops > 1, "it was full");
	return check_done();
}
