/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine asks of the CPU and the CPU of the machine, and what both ask of the host: power
 * off, the console, counters. Not how either is set up (guest.c).
 */
#include "kernel/machine/guest.h"

#include "boot/demand.h"
#include "drivers/host/disks.h"
#include "drivers/host/power.h"
#include "kernel/cores.h"
#include "kernel/host_cpu.h"
#include "kernel/image.h"
#include "kernel/irq.h"
#include "kernel/machine/console.h"
#include "kernel/printk.h"
#include "kernel/work.h"
#include "mm/page.h"

#include <string.h>

#define MIB (1024ull * 1024)

/* The bound that Loam's own memory keeps: bytes, and bytes for each frame of the guest. */
#define OWN_MEMORY (32 * MIB)
#define OWN_MEMORY_FRAME 32u

static void raise_intr(void *opaque, unsigned core)
{
	(void)opaque;
	dbt_raise(core, PENDING_INTR);
}

static void raise_nmi(void *opaque, unsigned core)
{
	(void)opaque;
	dbt_raise(core, PENDING_NMI);
}

static void raise_start(void *opaque, unsigned core)
{
	(void)opaque;
	dbt_raise(core, PENDING_START);
}

static unsigned this_core(void *opaque)
{
	(void)opaque;
	return cpu_self()->id;
}

static void reset_request(void *opaque)
{
	const struct guest *g = opaque;

	dbt_raise(cpu_self()->id < g->cpus ? cpu_self()->id : 0, PENDING_RESET);
}

static bool intr_pending(void *opaque)
{
	const struct guest_cpu *c = opaque;

	return irqchip_pending(c->irqchip, c->id);
}

static int intr_ack(void *opaque)
{
	const struct guest_cpu *c = opaque;

	return irqchip_ack(c->irqchip, c->id);
}

static void host_events(void *opaque, u32 events)
{
	const struct guest_cpu *c = opaque;

	if (events & CPU_EVENT_TIMER)
		timer_run();
	if (events & CPU_EVENT_DEVICE) {
		disks_poll();
		machine_poll(c->guest->pc);
	}
}

/*
 * With more than one core: their work, and that they may wait until this one holds nothing; before
 * it does what time asks for, since they may have held the clock for it (watch.c).
 */
static void host_events_cores(void *opaque, u32 events)
{
	if (events & CPU_EVENT_IPI) {
		work_run();
		timer_asked();
		dbt_quiet();
	}
	host_events(opaque, events);
}

/* While another core does the devices' work. */
static void host_events_cpu(void *opaque, u32 events)
{
	struct guest_cpu *c = opaque;

	if (events & CPU_EVENT_IPI) {
		work_run();
		timer_asked();
		if (!c->id)
			guest_devices_over(c->guest);
		dbt_quiet();
	}
	if (events & CPU_EVENT_TIMER) {
		c->timers++;
		timer_run();
	}
}

static void reset_machine(void *opaque)
{
	const struct guest_cpu *c = opaque;

	machine_reset(c->guest->pc);
	machine_poll(c->guest->pc);
}

static bool busy(void *opaque)
{
	const struct guest_cpu *c = opaque;

	return machine_busy(c->guest->pc);
}

static enum dbt_start start(void *opaque, u8 *vector)
{
	const struct guest_cpu *c = opaque;

	switch (lapic_take_start(c->lapic, c->id, vector)) {
	case LAPIC_START_INIT: return DBT_START_INIT;
	case LAPIC_START_WAIT: return DBT_START_WAIT;
	case LAPIC_START_SIPI: return DBT_START_SIPI;
	case LAPIC_START_NONE: break;
	}
	return DBT_START_NONE;
}

static void ferr(void *opaque) { machine_ferr(((const struct guest_cpu *)opaque)->guest->pc); }

/* FERR# and IGNNE# are the first CPU's, whoever writes to the port. */
static void ignne(void *opaque)
{
	(void)opaque;
	if (cpu_self()->id)
		dbt_raise(0, PENDING_IGNNE);
	else
		dbt_ignne();
}

static bool set_apic_base(void *opaque, u64 base)
{
	const struct guest_cpu *c = opaque;

	return !lapic_set_base(c->lapic, c->id, base);
}

static bool x2apic_read(void *opaque, u32 n, u64 *v)
{
	const struct guest_cpu *c = opaque;

	return lapic_x2_read(c->lapic, c->id, n, v);
}

static bool x2apic_write(void *opaque, u32 n, u64 v)
{
	const struct guest_cpu *c = opaque;

	return lapic_x2_write(c->lapic, c->id, n, v);
}

static u64 get_deadline(void *opaque)
{
	const struct guest_cpu *c = opaque;

	return lapic_deadline(c->lapic, c->id);
}

static void set_deadline(void *opaque, u64 tsc, u64 ns)
{
	const struct guest_cpu *c = opaque;

	lapic_set_deadline(c->lapic, c->id, tsc, ns);
}

static u8 get_tpr(void *opaque)
{
	const struct guest_cpu *c = opaque;

	return lapic_tpr(c->lapic, c->id);
}

static void set_tpr(void *opaque, u8 tpr)
{
	const struct guest_cpu *c = opaque;

	lapic_set_tpr(c->lapic, c->id, tpr);
}

/*
 * Loam's own memory: what is in use but for the guest's RAM and the code cache; 1 % of that RAM is
 * for the nodes of the shadow tables, and each further CPU takes what boot/demand.h says.
 */
static void report_memory(const struct guest *g)
{
	u64 own = page_used() * PAGE_SIZE + (u64)(image_end - image_start) - g->lent;
	u64 allowed = OWN_MEMORY + OWN_MEMORY_FRAME * g->frames + g->cfg->memory / 100 +
		      (g->cpus - 1) * (DEMAND_CPU(g->frames) + DEMAND_SHADOW(g->cfg->memory));

	printk("counters: memory %lu allowed %lu\n", own, allowed);
}

static void guest_off(void *opaque, int status)
{
	const struct guest *g = opaque;

	printk_quiet(false);
	printk_log_note();
	guest_watch_end();
	disks_flush();
	dbt_report();
	machine_report(g->pc);
	report_memory(g);
	guest_devices_report(g);
	printk("guest: power off, status %d\n", status);
	power_off(status);
}

/* A character end with nobody behind it. */
static int nobody_read(void *opaque) { (void)opaque; return -1; }
static bool nobody_write(void *opaque, u8 byte) { (void)opaque, (void)byte; return true; }
static const struct chardev nobody = { .read = nobody_read, .write = nobody_write };

/* Is `name` in the list `console = a,b`? */
static bool console_has(const struct boot_config *cfg, const char *name)
{
	size_t size = strlen(name);

	for (const char *at = cfg->console; *at; at += *at == ',') {
		size_t n = strcspn(at, ",");

		if (n == size && !memcmp(at, name, n))
			return true;
		at += n;
	}
	return false;
}

static struct chardev console_if(const struct boot_config *cfg, const char *name)
{
	return console_has(cfg, name) ? console_end() : nobody;
}

void guest_console_begin(const struct guest *g)
{
	printk_quiet(!console_has(g->cfg, "log") && !trace_mask);
}

/* The guest asked for it, so it is shown; it comes back once the line is out. */
static void counters_print(void *opaque, u32 tag)
{
	const struct guest *g = opaque;

	printk_quiet(false);
	dbt_counters_print(tag);
	guest_console_begin(g);
}

static u64 counters_get(void *opaque, unsigned n)
{
	(void)opaque;
	return dbt_counter(n);
}

void guest_join_machine(struct guest *g, struct machine_config *m)
{
	m->opaque = m->power.opaque = m->counters.opaque = m->cpu.opaque = g;
	m->cpu.raise = raise_intr;
	m->cpu.nmi = raise_nmi;
	m->cpu.start = raise_start;
	m->cpu.this_core = m->cores > 1 ? this_core : NULL;
	m->reset_request = reset_request;
	m->ignne = ignne;
	m->power.off = guest_off;
	m->com[0] = console_if(g->cfg, "com1");
	m->com[1] = console_if(g->cfg, "com2");
	m->debug = console_if(g->cfg, "debug");
	m->counters.print = counters_print;
	m->counters.get = counters_get;
}

struct dbt_platform guest_join_cpu(struct guest *g, unsigned id)
{
	struct guest_cpu *c = &g->cpu[id];

	c->guest = g;
	c->id = id;
	c->irqchip = machine_irqchip(g->pc);
	c->lapic = irqchip_lapic(c->irqchip);
	return (struct dbt_platform){
		.opaque = c, .bus = machine_bus(g->pc), .intr_pending = intr_pending,
		.intr_ack = intr_ack, .reset = reset_machine, .busy = busy,
		.host_events = g->devices.core ? host_events_cpu :
			       cores_count() > 1 ? host_events_cores : host_events,
		.start = start, .ferr = ferr, .set_apic_base = set_apic_base,
		.x2apic_read = x2apic_read, .x2apic_write = x2apic_write,
		.get_deadline = get_deadline, .set_deadline = set_deadline,
		.get_tpr = get_tpr, .set_tpr = set_tpr,
	};
}
