/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One number, the newest epoch, and for each core the newest that it has seen at a quiet point.
 * Why it holds: a core that has seen t has read it from who began t, so that it finds what t's
 * beginner unlinked gone, and what it did before it said so has happened for who reads that. One
 * that wakes says what it sees and then looks again (all sequentially consistent): either it finds
 * the newer number there, or who began that finds it awake.
 */
#include "kernel/epoch.h"

#include "kernel/alone.h"
#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/host_cpu.h"
#include "kernel/irq.h"
#include "kernel/panic.h"
#include "kernel/work.h"

static u64 newest;

u64 epoch_begin(void) { return __atomic_add_fetch(&newest, 1, __ATOMIC_SEQ_CST); }

static u64 seen_by(unsigned core)
{
	return __atomic_load_n(&cores_at(core)->epoch, __ATOMIC_SEQ_CST);
}

bool epoch_passed(u64 t)
{
	for (unsigned k = 0; k < cores_count(); k++)
		if (seen_by(k) < t)
			return false;
	return true;
}

void epoch_hurry(u64 t)
{
	for (unsigned k = 0; k < cores_count(); k++)
		if (seen_by(k) < t && cores_at(k) != cpu_self())
			arch_ipi(cores_at(k)->hw_id, IPI_WORK);
	if (cpu_self()->epoch < t)
		irq_note_work();
}

void epoch_wait(u64 t)
{
	must(!alone_is());
	epoch_hurry(t);
	while (!epoch_passed(t)) {
		work_run();
		epoch_quiet();
		cpu_pause();
	}
}

static void see_newest(struct cpu *c)
{
	u64 seen;

	do {
		seen = __atomic_load_n(&newest, __ATOMIC_SEQ_CST);
		__atomic_exchange_n(&c->epoch, seen, __ATOMIC_SEQ_CST);
	} while (__atomic_load_n(&newest, __ATOMIC_SEQ_CST) != seen);
	instruction_barrier();
	if (c->on_quiet)
		c->on_quiet();
}

void epoch_quiet(void)
{
	struct cpu *c = cpu_self();

	if (c->epoch != __atomic_load_n(&newest, __ATOMIC_ACQUIRE))
		see_newest(c);
	alone_stand();
}

void epoch_idle_begin(void)
{
	__atomic_store_n(&cpu_self()->epoch, EPOCH_IDLE, __ATOMIC_RELEASE);
}

void epoch_idle_end(void)
{
	see_newest(cpu_self());
	alone_stand();
}

void epoch_begin_core(struct cpu *c) { c->epoch = EPOCH_IDLE; }
