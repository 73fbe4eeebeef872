/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * If the board has more cores than the guest has CPUs, the first of the others does the devices'
 * work: it takes the host's interrupts, ends requests to host disks, moves the console's bytes, and
 * has the timers of devices on its queue. The guest's CPUs are interrupted, by dbt_raise.
 * Law: it holds nothing at the top of its loop, where it is quiet, and waits for nobody but a lock.
 *
 * With several guest CPUs it ends a request for the guest, too: their code is ordered, and whoever
 * writes guest memory may drop translated code (dbt/cache/lock.h). With one, whose code has no
 * barriers and whose cache no lock, the guest's memory is that CPU's alone: what is over is handed
 * to it, and it writes rings and status itself before it goes on.
 */
#include "kernel/machine/guest.h"

#include "dbt/backend/host_limits.h"
#include "drivers/host/disks.h"
#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/epoch.h"
#include "kernel/host_cpu.h"
#include "kernel/irq.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

void guest_devices_find(struct guest *g)
{
	g->devices.core = HOST_MANY_CPUS && cores_count() > g->cpus ? g->cpus : 0;
}

/* -- Requests that are over -- */

/* Who finds some that were not taken need not interrupt: that is on its way. */
static void hand_over(struct guest_devices *d, struct block_request *r)
{
	struct block_request *first = __atomic_load_n(&d->over, __ATOMIC_RELAXED);

	do
		r->next = first;
	while (!__atomic_compare_exchange_n(&d->over, &first, r, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED));
	if (!first)
		arch_ipi(cores_at(0)->hw_id, IPI_WORK);
}

/* A CPU finds some itself when it waits for all disks, before power off. */
static void is_over(void *opaque, struct block_request *r)
{
	struct guest *g = opaque;
	struct guest_devices *d = &g->devices;

	if (cpu_self()->id != d->core)
		__atomic_fetch_add(&d->requests_cpus, 1, __ATOMIC_RELAXED);
	else if (++d->requests && g->cpus == 1) {
		hand_over(d, r);
		return;
	}
	r->done(r, r->rc);
}

void guest_devices_over(struct guest *g)
{
	struct guest_devices *d = &g->devices;
	struct block_request *r = __atomic_exchange_n(&d->over, NULL, __ATOMIC_ACQUIRE);
	struct block_request *list = NULL, *next;

	for (; r; r = next) {		/* the oldest first */
		next = r->next;
		r->next = list;
		list = r;
	}
	for (; list; list = next) {
		next = list->next;
		d->taken++;
		list->done(list, list->rc);
	}
}

/* -- On the core itself -- */

/* What interrupts before they are all sent here waits until this core takes them. */
static void come(struct guest *g)
{
	struct guest_devices *d = &g->devices;

	timer_devices_come();
	if (g->cpus > 1 && dbt_init_writer())
		panic("no memory for the core of the devices");
	__atomic_store_n(&d->has_come, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&d->begins, __ATOMIC_ACQUIRE))
		cpu_pause();
	irq_devices_here();
}

/*
 * An interrupt after irq_take_events sets the kick register: then cpu_idle does not wait. What came
 * before this core was told is looked at in the first round.
 */
static void run(void *opaque)
{
	struct guest *g = opaque;
	struct guest_devices *d = &g->devices;
	u32 events = CPU_EVENT_DEVICE;

	come(g);
	for (;;) {
		if (events & CPU_EVENT_TIMER)
			d->timers += timer_run_devices();
		if (events & CPU_EVENT_DEVICE) {
			d->events++;
			disks_poll();
			machine_poll(g->pc);
		}
		work_run();
		timer_asked();
		epoch_idle_begin();
		cpu_idle();
		epoch_idle_end();
		events = irq_take_events();
	}
}

/* -- By the boot core -- */

void guest_devices_run(struct guest *g)
{
	struct guest_devices *d = &g->devices;

	if (!d->core)
		return;
	timer_devices_leave();
	d->run = (struct work){ .fn = run, .opaque = g };
	work_post(d->core, &d->run);
	while (!__atomic_load_n(&d->has_come, __ATOMIC_ACQUIRE))
		cpu_pause();
	disk_give(is_over, g);
	if (!irq_devices_to(cores_at(d->core)))
		printk("Loam: host devices interrupt core 0, which tells core %u\n", d->core);
	__atomic_store_n(&d->begins, true, __ATOMIC_RELEASE);
}

void guest_devices_report(const struct guest *g)
{
	const struct guest_devices *d = &g->devices;
	u64 timers = 0;

	if (!d->core)
		return;
	for (unsigned k = 0; k < g->cpus; k++)
		timers += g->cpu[k].timers;
	printk("counters: core %u of devices: requests %lu interrupts %lu timers %lu\n", d->core,
	       d->requests, d->events, d->timers);
	printk("counters: CPUs: interrupts of devices %lu requests %lu timers %lu handed %lu\n",
	       irq_passed_on(), d->requests_cpus, timers, d->taken);
}
