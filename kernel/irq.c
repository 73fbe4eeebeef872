/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt handlers by input, and what an interrupt leaves behind for the run loop. The
 * controllers are the host's (kernel/arch/HOST/irq.c). Invariant: nothing here waits, locks or
 * prints; whatever came is noted in struct cpu and the interrupted code is kicked.
 */
#include "kernel/irq.h"

#include "kernel/arch.h"
#include "kernel/cpu.h"
#include "kernel/host_cpu.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"
#include "kernel/trap_host.h"

#define HANDLERS 64
#define LINKS (HANDLERS + IRQ_VECTORS)	/* one more of each vector, when they move */

static struct handler {		/* filled at start, only read by interrupts */
	void (*fn)(void *opaque);
	void *opaque;
	struct handler *next;	/* of the same vector */
} handlers[LINKS], *vectors[IRQ_VECTORS];
static unsigned handler_count, message_count;
static u64 spurious;		/* a statistic: a lost count does no harm */
static u64 passed_on;		/* the boot core's count */

u64 irq_spurious(void) { return spurious; }
void irq_none(void) { spurious++; }

static void add_handler(unsigned vector, void (*fn)(void *opaque), void *opaque)
{
	struct handler *h = &handlers[handler_count++];

	must(vector < IRQ_VECTORS && handler_count <= LINKS);
	*h = (struct handler){ .fn = fn, .opaque = opaque, .next = vectors[vector] };
	__atomic_store_n(&vectors[vector], h, __ATOMIC_RELEASE);
}

void irq_connect(unsigned input, void (*fn)(void *opaque), void *opaque)
{
	must(input < IRQ_INPUTS);
	add_handler(input, fn, opaque);
	arch_irq_unmask(input);
}

int irq_connect_message(void (*fn)(void *opaque), void *opaque, struct irq_message *m)
{
	if (handler_count >= HANDLERS || !arch_irq_message(message_count, m))
		return -ERR_NOENT;
	add_handler(IRQ_INPUTS + message_count++, fn, opaque);
	return 0;
}

/* -- Another core takes them -- */

/*
 * The last handler of each vector: what a device was asked is there for who is told of it now. With
 * an IPI both are pending, since a core takes its events all at once.
 */
static void pass_on(void *opaque)
{
	struct cpu *to = opaque;

	if (to == cpu_self())
		return;
	passed_on++;
	__atomic_fetch_or(&to->irq_pending, CPU_EVENT_DEVICE, __ATOMIC_RELAXED);
	arch_ipi(to->hw_id, IPI_WORK);
}

static void add_last(struct handler **at, void *opaque)
{
	struct handler *h = &handlers[handler_count++];

	must(handler_count <= LINKS);
	*h = (struct handler){ .fn = pass_on, .opaque = opaque };
	while (*at)
		at = &(*at)->next;
	__atomic_store_n(at, h, __ATOMIC_RELEASE);
}

bool irq_devices_to(struct cpu *c)
{
	bool were_on = irq_disable(), moved;

	for (unsigned v = 0; v < IRQ_VECTORS; v++)
		if (vectors[v])
			add_last(&vectors[v], c);
	moved = arch_irq_devices_to(c->hw_id);
	irq_restore(were_on);
	return moved;
}

u64 irq_passed_on(void) { return __atomic_load_n(&passed_on, __ATOMIC_RELAXED); }

void irq_deliver(unsigned first, u64 raised)
{
	for (; raised; raised &= raised - 1) {
		const struct handler *h = vectors[first + (unsigned)__builtin_ctzll(raised)];

		if (!h)
			spurious++;
		for (; h; h = h->next)
			h->fn(h->opaque);
	}
}

/* Panic if the stack has overflowed: now, or earlier and over its last word, which begins as 0. */
static void check_stack(const struct cpu *c, const struct trap_frame *f)
{
	must(c->stack_top - (u64)f < CPU_STACK_SIZE);
	must(*(const u64 *)(c->stack_top - CPU_STACK_SIZE) == 0);
}

static void set_kick(struct trap_frame *f) { f->gpr[REG_KICK] = 1; }
static void (*kick)(struct trap_frame *f) = set_kick;

void irq_on_kick(void (*fn)(struct trap_frame *f)) { kick = fn; }

void irq_note(struct trap_frame *f, u32 events)
{
	struct cpu *c = cpu_self();

	c->irq_count++;
	check_stack(c, f);
	__atomic_fetch_or(&c->irq_pending, events, __ATOMIC_RELAXED);
	kick(f);
	if (f->pc >= (u64)idle_start && f->pc < (u64)idle_end)
		f->pc = (u64)idle_exit;
}

void irq_note_work(void)
{
	__atomic_fetch_or(&cpu_self()->irq_pending, CPU_EVENT_IPI, __ATOMIC_RELAXED);
	kick_set();
}

void irq_settle(void)
{
	kick_clear();
	if (__atomic_load_n(&cpu_self()->irq_pending, __ATOMIC_RELAXED))
		kick_set();
}

u32 irq_take_events(void)
{
	kick_clear();
	return __atomic_exchange_n(&cpu_self()->irq_pending, 0, __ATOMIC_RELAXED);
}
