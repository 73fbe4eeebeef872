/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt handlers by input, and what an interrupt leaves behind for the run loop. The
 * controllers are the host's (kernel/arch/HOST/irq.c). Invariant: nothing here waits, locks or
 * prints; whatever came is noted in struct cpu and the interrupted code is kicked.
 */
#include "kernel/irq.h"

#include "kernel/cpu.h"
#include "kernel/host_cpu.h"
#include "kernel/panic.h"
#include "kernel/trap_host.h"

#define INPUTS 64
static struct {			/* filled at start, only read by interrupts */
	void (*fn)(void *opaque);
	void *opaque;
} handlers[INPUTS];
static u64 spurious;		/* a statistic: a lost count does no harm */

u64 irq_spurious(void) { return spurious; }

void irq_connect(unsigned input, void (*fn)(void *opaque), void *opaque)
{
	must(input < INPUTS && !handlers[input].fn);
	handlers[input].opaque = opaque;
	handlers[input].fn = fn;
	arch_irq_unmask(input);
}

void irq_deliver(u64 inputs)
{
	if (!inputs)
		spurious++;
	for (; inputs; inputs &= inputs - 1) {
		unsigned n = (unsigned)__builtin_ctzll(inputs);

		if (handlers[n].fn)
			handlers[n].fn(handlers[n].opaque);
		else
			spurious++;
	}
}

/* Panic if the stack has overflowed: now, or earlier and over its last word, which begins as 0. */
static void check_stack(const struct cpu *c, const struct trap_frame *f)
{
	must(c->stack_top - (u64)f < CPU_STACK_SIZE);
	must(*(const u64 *)(c->stack_top - CPU_STACK_SIZE) == 0);
}

void irq_note(struct trap_frame *f, u32 events)
{
	struct cpu *c = cpu_self();

	c->irq_count++;
	check_stack(c, f);
	__atomic_fetch_or(&c->irq_pending, events, __ATOMIC_RELAXED);
	f->gpr[REG_KICK] = 1;
	if (f->pc >= (u64)idle_start && f->pc < (u64)idle_end)
		f->pc = (u64)idle_exit;
}

u32 irq_take_events(void)
{
	kick_clear();
	return __atomic_exchange_n(&cpu_self()->irq_pending, 0, __ATOMIC_RELAXED);
}
