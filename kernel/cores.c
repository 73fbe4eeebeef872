/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See cores.h. A core that starts goes through
 *
 *	offered ─(it comes)─► arrived ─(the boot core numbers it)─► running
 *	   └────(the boot core waits no longer)────► refused: it halts if it ever comes
 *
 * Both sides leave `offered` by compare-and-swap, so that they agree. Invariant: who reads a count
 * sees the areas of all cores below it, each of which takes work from then on.
 */
#include "kernel/cores.h"

#include "kernel/arch.h"
#include "kernel/epoch.h"
#include "kernel/host_cpu.h"
#include "kernel/irq.h"
#include "kernel/panic.h"
#include "kernel/timer.h"
#include "kernel/work.h"

#define WAKE_AGAIN_NS 1000000ull

enum core_state { CORE_OFFERED, CORE_ARRIVED, CORE_RUNS, CORE_REFUSED };

static struct cpu *cores[CORES_MAX];
static u32 count;

void cores_init(void)
{
	struct cpu *c = cpu_self();

	c->state = CORE_RUNS;
	cores[0] = c;
	__atomic_store_n(&count, 1, __ATOMIC_RELEASE);
}

unsigned cores_count(void) { return __atomic_load_n(&count, __ATOMIC_ACQUIRE); }

struct cpu *cores_at(unsigned id)
{
	must(id < cores_count());
	return cores[id];
}

/* -- The boot core's side -- */

static void offer(const struct core_start *s)
{
	struct cpu *c = s->area;

	c->hw_id = s->hw_id;
	c->stack_top = (u64)(uintptr_t)s->area + CPU_AREA_SIZE + CPU_STACK_SIZE;
	c->state = CORE_OFFERED;
	epoch_begin_core(c);
}

static bool has_come(const struct core_start *s)
{
	const struct cpu *c = s->area;

	return __atomic_load_n(&c->state, __ATOMIC_ACQUIRE) == CORE_ARRIVED;
}

/* Wake those that have not come. Returns how many these were. */
static unsigned wake(const struct core_start *s, unsigned n)
{
	unsigned left = 0;

	for (unsigned k = 0; k < n; k++)
		if (!has_come(&s[k])) {
			arch_core_wake(s[k].area);
			left++;
		}
	return left;
}

static bool all_have_come(const struct core_start *s, unsigned n)
{
	while (n && has_come(&s[n - 1]))
		n--;
	return !n;
}

static bool accept(struct cpu *c)
{
	u32 was = CORE_OFFERED;

	if (__atomic_compare_exchange_n(&c->state, &was, CORE_REFUSED, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return false;
	c->id = count;
	cores[count] = c;
	__atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&c->state, CORE_RUNS, __ATOMIC_RELEASE);
	return true;
}

void cores_start(struct core_start *s, unsigned n, u64 limit)
{
	u64 end = clock_ns() + limit;

	must(count + n <= CORES_MAX);
	for (unsigned k = 0; k < n; k++)
		offer(&s[k]);
	while (wake(s, n) && clock_ns() < end) {
		u64 again = clock_ns() + WAKE_AGAIN_NS;

		while (!all_have_come(s, n) && clock_ns() < again)
			cpu_pause();
	}
	for (unsigned k = 0; k < n; k++)
		s[k].runs = accept(s[k].area);
}

void cores_stop(void)
{
	for (unsigned k = 0; k < cores_count(); k++)
		if (cores[k] != cpu_self())
			arch_ipi(cores[k]->hw_id, IPI_STOP);
}

/* -- The other core's side -- */

static bool arrive(struct cpu *c)
{
	u32 was = CORE_OFFERED;

	if (!__atomic_compare_exchange_n(&c->state, &was, CORE_ARRIVED, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return false;
	while (__atomic_load_n(&c->state, __ATOMIC_ACQUIRE) != CORE_RUNS)
		cpu_pause();
	return true;
}

/*
 * Work that is posted after work_run has found nothing comes with an interrupt, which sets the kick
 * register: then cpu_idle does not wait. A core begins as one that idles (epoch_begin_core), and so
 * wakes before its first work, which may be there already.
 */
static __attribute__((noreturn)) void run(void)
{
	epoch_idle_end();
	for (;;) {
		if (irq_take_events() & CPU_EVENT_TIMER)
			timer_run();
		work_run();
		timer_asked();
		epoch_idle_begin();
		cpu_idle();
		epoch_idle_end();
	}
}

void core_main(void)
{
	arch_init_core();
	if (!arrive(cpu_self()))
		cpu_halt();
	irq_init_core();
	irq_enable();
	run();
}
