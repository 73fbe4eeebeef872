/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See fake_cores.h: what kernel/cores.c, work.c, epoch.c and their self-tests ask of a host.
 * Invariant: interrupts are relaxed atomic words, polled.
 */
#define _GNU_SOURCE
#include "qemu-test/unit/fake_cores.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/irq.h"
#include "kernel/panic.h"
#include "kernel/selftest_host.h"
#include "kernel/timer.h"

static struct core {
	struct cpu *offered;
	pthread_t thread;
	unsigned comes, wakes;
	bool is_there;
	u32 sent;		/* enum ipi bits */
	bool kick;
} cores[FAKE_CORES];

static __thread struct cpu *self;

struct cpu *this_cpu(void) { return self; }
void *fake_area(void)
{
	void *p = aligned_alloc(4096, CPU_AREA_SIZE + CPU_STACK_SIZE);

	must(p);
	return memset(p, 0, CPU_AREA_SIZE + CPU_STACK_SIZE);
}

void fake_cores_begin(void)
{
	self = fake_area();
	self->stack_top = CPU_STACK_SIZE;
	for (unsigned k = 0; k < FAKE_CORES; k++)
		cores[k].comes = 1;
}

/* -- Start -- */

static void *begin(void *opaque)
{
	self = opaque;
	core_main();
	return NULL;
}

void fake_core_comes(u32 hw_id, unsigned n) { cores[hw_id].comes = n; }

bool fake_core_join(u32 hw_id)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 20;
	return !pthread_timedjoin_np(cores[hw_id].thread, NULL, &end);
}

void fake_core_come(u32 hw_id)
{
	struct core *c = &cores[hw_id];

	must(!c->is_there && c->offered);
	c->is_there = true;
	must(!pthread_create(&c->thread, NULL, begin, c->offered));
}

void arch_core_wake(struct cpu *area)
{
	struct core *c = &cores[area->hw_id];

	c->offered = area;
	if (++c->wakes == c->comes)
		fake_core_come(area->hw_id);
}

void arch_init_core(void) { }
void irq_init_core(void) { }

static bool held;

void fake_cores_hold(bool hold) { __atomic_store_n(&held, hold, __ATOMIC_RELEASE); }

void irq_enable(void)
{
	while (__atomic_load_n(&held, __ATOMIC_ACQUIRE))
		usleep(20);
}
void cpu_halt(void) { pthread_exit(NULL); }

/* -- Interrupts -- */

void arch_ipi(u32 hw_id, enum ipi what)
{
	__atomic_fetch_or(&cores[hw_id].sent, 1u << what, __ATOMIC_RELAXED);
	__atomic_store_n(&cores[hw_id].kick, true, __ATOMIC_RELAXED);
}

void irq_note_work(void) { arch_ipi(self->hw_id, IPI_WORK); }

u32 irq_take_events(void)
{
	struct core *c = &cores[self->hw_id];
	u32 sent;

	__atomic_store_n(&c->kick, false, __ATOMIC_RELAXED);
	sent = __atomic_exchange_n(&c->sent, 0, __ATOMIC_RELAXED);
	if (sent & 1u << IPI_STOP)
		cpu_halt();
	return sent & 1u << IPI_WORK ? CPU_EVENT_IPI : 0;
}

void cpu_idle(void)
{
	while (!__atomic_load_n(&cores[self->hw_id].kick, __ATOMIC_RELAXED))
		usleep(20);
	__atomic_fetch_add(&self->irq_count, 1, __ATOMIC_RELAXED);
}

/* -- The rest that self-tests look at -- */

/* Ten times the processor time of all: on a busy machine nobody is late. */
u64 clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return ((u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec) * 10;
}

void cpu_pause(void) { sched_yield(); }
void timer_run(void) { }
void timer_asked(void) { }
u64 arch_stack_pointer(void) { return self->stack_top; }
const char *selftest_core(void) { return NULL; }
