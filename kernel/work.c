/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of work for each core: others push to the list `posted`, without a lock; its core takes
 * all of it at once, turns it round, and keeps it in `taken`. Invariant: while `posted` is not
 * empty an interrupt that tells of it is on its way, or its core has yet to look since one came:
 * who posts to an empty list sends it, and messages that merge do no harm, since all is taken.
 */
#include "kernel/work.h"

#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/host_cpu.h"
#include "kernel/irq.h"
#include "kernel/panic.h"

void work_post(unsigned core, struct work *w)
{
	struct cpu *c = cores_at(core);
	struct work *first = __atomic_load_n(&c->posted, __ATOMIC_RELAXED);

	must(!work_busy(w));
	__atomic_store_n(&w->busy, 1, __ATOMIC_RELAXED);
	do
		w->next = first;
	while (!__atomic_compare_exchange_n(&c->posted, &first, w, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED));
	if (first)
		return;
	if (c == cpu_self())
		irq_note_work();
	else
		arch_ipi(c->hw_id, IPI_WORK);
}

bool work_busy(const struct work *w) { return __atomic_load_n(&w->busy, __ATOMIC_ACQUIRE); }

/* What was posted since, the oldest first. */
static struct work *take(struct cpu *c)
{
	struct work *w = __atomic_exchange_n(&c->posted, NULL, __ATOMIC_ACQUIRE), *list = NULL;

	while (w) {
		struct work *next = w->next;

		w->next = list;
		list = w;
		w = next;
	}
	return list;
}

/* Work that waits comes here again, and goes on with what is left. */
void work_run(void)
{
	struct cpu *c = cpu_self();

	for (;;) {
		struct work *w = c->taken ? c->taken : take(c);

		if (!w)
			return;
		c->taken = w->next;
		w->fn(w->opaque);
		__atomic_store_n(&w->busy, 0, __ATOMIC_RELEASE);
	}
}

void work_wait(const struct work *w)
{
	while (work_busy(w)) {
		work_run();
		cpu_pause();
	}
}
