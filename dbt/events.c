/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to be done between two blocks when somebody has asked for attention: host events, resets,
 * waiting in HLT; and how they ask.
 */
#include "dbt/exec.h"

#include "dbt/core/this.h"
#include "dbt/cache/cache.h"
#include "dbt/cache/lock.h"
#include "dbt/debug.h"
#include "dbt/sys/sysops.h"
#include "kernel/alone.h"
#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/epoch.h"
#include "kernel/host_cpu.h"
#include "kernel/irq.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/timer.h"
#include "kernel/work.h"

static void host_events(struct dbt *d)
{
	u32 events = irq_take_events();

	if (events)
		d->platform.host_events(d->platform.opaque, events);
}

static void triple_fault(struct dbt *d)
{
	if (printk_due(&d->count.triple_faults))
		printk("guest: triple fault at %08x: reset\n", (u32)d->c->eip);
	vcpu_raise(d->c, PENDING_RESET);
	d->c->shutdown = false;
}

#define CLOCK_LEADS_PER_S 20	/* 50 ms ahead: until all cores see when the clock stops */

/* What every CPU's TSC counts from: clock_ticks() at the machine's last reset. */
static u64 reset_ticks;

void exec_reset_clock(void) { reset_ticks = clock_ticks_still(); }

/* The TSCs stop when clock_ns does. */
static void tell_clock_stop(void)
{
	u64 at = clock_stops_at();

	for (unsigned k = 0; k < cores_count(); k++) {
		struct vcpu *c = cpu_vcpu_area(cores_at(k));

		__atomic_store_n(&c->not_clock_stop, ~at, __ATOMIC_SEQ_CST);
	}
}

void dbt_clock_stop(void)
{
	u64 lead = clock_hz() / CLOCK_LEADS_PER_S;
	bool again = clock_stop(lead);

	do
		tell_clock_stop();
	while (again && clock_stop_later(lead));
}

/* As if the TSCs had counted from later on. */
u64 dbt_clock_go_on(u64 grace)
{
	u64 ticks = clock_go_on(grace);

	for (unsigned k = 0; k < cores_count(); k++) {
		struct vcpu *c = cpu_vcpu_area(cores_at(k));

		c->tsc_zero += ticks;
		c->tsc_offset -= ticks * c->tsc_mul;
		__atomic_store_n(&c->not_clock_stop, 0, __ATOMIC_RELAXED);
	}
	reset_ticks += ticks;
	return ticks;
}

void exec_power_up(struct dbt *d)
{
	bool boots = !d->c->apic_id;

	d->c->tsc_zero = reset_ticks;
	vcpu_reset(d->c, RESET_POWER_UP, boots);
	if (!boots)
		vcpu_wait_sipi(d->c);
	d->mode_dirty = true;
	d->link = NULL;
}

/* On each CPU's core while one is alone. What was raised before the reset is gone. */
static void note_reset(void *opaque)
{
	struct dbt *d = dbt_this();

	(void)opaque;
	__atomic_store_n(&d->mail, 0, __ATOMIC_RELAXED);
	vcpu_settle(d->c, PENDING_RESET | PENDING_START | PENDING_NMI);
	vcpu_raise(d->c, PENDING_POWER_UP);
	kick_set();
}

static void note_all(void)
{
	struct work w[CORES_MAX];

	note_reset(NULL);
	for (unsigned k = 0; k < cache_cores; k++) {
		w[k] = (struct work){ .fn = note_reset };
		if (k != cpu_self()->id)
			work_post(k, &w[k]);
	}
	for (unsigned k = 0; k < cache_cores; k++)
		work_wait(&w[k]);
}

/*
 * The devices, and then all CPUs, while they stand still. One that does so in the middle of an
 * instruction ends it before. Of two that ask the second finds it done.
 */
static __attribute__((noinline)) void take_reset(struct dbt *d)
{
	alone_begin();
	if (!(d->c->pending & PENDING_POWER_UP)) {
		d->platform.reset(d->platform.opaque);
		exec_reset_clock();
		note_all();
	}
	alone_end();
}

/* INIT (SDM vol. 3, 9.1): the CPU begins at its reset vector; memory, FPU and MSRs stay. */
static void take_init(struct dbt *d)
{
	trace(EXC, "INIT at %08x\n", (u32)d->c->eip);
	vcpu_settle(d->c, PENDING_NMI);
	vcpu_reset(d->c, RESET_INIT, true);
}

static __attribute__((noinline)) void take_start(struct dbt *d)
{
	enum dbt_start what;
	u8 vector;

	vcpu_settle(d->c, PENDING_START);
	while ((what = d->platform.start(d->platform.opaque, &vector)) != DBT_START_NONE) {
		if (what == DBT_START_SIPI)
			vcpu_sipi(d->c, vector);
		else
			take_init(d);
		if (what == DBT_START_WAIT)
			vcpu_wait_sipi(d->c);
	}
	d->mode_dirty = true;
	d->link = NULL;
}


/*
 * STI found nothing pending and left the shadow out, but its exit was not chained yet. An interrupt
 * that came since must not be taken before the next instruction: HLT would wait for it.
 */
static void begin_shadow(struct dbt *d)
{
	if (!d->after_sti)
		return;
	d->after_sti = false;
	d->c->inhibit |= INHIBIT_STI;
	d->mode_dirty = true;
}

/* It holds nothing, and is not waited for. */
static void idle_quietly(struct dbt *d)
{
	d->link = NULL;
	cache_idle_begin();
	epoch_idle_begin();
	cpu_idle();
	epoch_idle_end();
	cache_idle_end();
}

static void idle(struct dbt *d)
{
	u64 start = clock_ticks();

	if (cache_many())
		idle_quietly(d);
	else
		cpu_idle();
	d->count.idle_ticks += clock_ticks() - start;
}

/*
 * What devices were asked for before the reset still comes into the memory of whoever runs next, so
 * the CPU that boots lets them end. Another core may see that end: nobody tells this one.
 */
static void take_power_up(struct dbt *d)
{
	vcpu_settle(d->c, PENDING_POWER_UP);
	exec_power_up(d);
	while (!d->c->apic_id && d->platform.busy(d->platform.opaque)) {
		if (cache_many())
			cpu_pause();
		else
			idle(d);
		host_events(d);
	}
}

static inline void take_resets(struct dbt *d)
{
	if (!(d->c->pending & (PENDING_RESET | PENDING_START | PENDING_POWER_UP)))
		return;
	if (d->c->pending & PENDING_RESET)
		take_reset(d);
	if (d->c->pending & PENDING_POWER_UP)
		take_power_up(d);
	if (d->c->pending & PENDING_START)
		take_start(d);
}

static void busy_page(struct dbt *d)
{
	vcpu_settle(d->c, PENDING_BUSY_PAGE);
	cache_page_busy(d->busy_page, clock_ns());
}

/* The guest CPU did nothing since `begin`, for the sake of other cores. */
static void note_stood(struct dbt *d, u64 begin)
{
	u64 took = clock_ticks() - begin;

	if (took > d->stood)
		d->stood = took;
}

/* Others are to come to their quiet points, as this one does here: it serves them meanwhile. */
static __attribute__((noinline)) void await_region(struct dbt *d)
{
	u64 begin = clock_ticks();

	vcpu_settle(d->c, PENDING_REGION);
	if (!cache_next_region())
		cache_hurry_region();
	while (!cache_has_region() && !cache_next_region()) {
		cpu_pause();
		dbt_quiet();
		host_events(d);
	}
	note_stood(d, begin);
}

/* What is not an interrupt. */
static __attribute__((noinline)) void attend_to_rest(struct dbt *d)
{
	struct vcpu *c = d->c;

	if (c->pending & PENDING_BUSY_PAGE)
		busy_page(d);
	if (c->pending & PENDING_IGNNE) {
		vcpu_settle(c, PENDING_IGNNE);
		dbt_ignne();
	}
	if (c->pending & PENDING_REGION)
		await_region(d);
	if (c->shutdown)
		triple_fault(d);
	take_resets(d);
	if (debug_trap_waits(c))
		exec_take_debug_trap(d);
}

static __attribute__((noinline)) void wait_halted(struct dbt *d)
{
	while (d->c->halted) {
		idle(d);
		host_events(d);
		take_resets(d);
		exec_take_interrupts(d);
	}
}

/* All that is to be done between two blocks. */
void exec_attend(struct dbt *d)
{
	struct vcpu *c = d->c;

	begin_shadow(d);
	host_events(d);
	if (cache_self_checks())
		cache_self_check_end(clock_ns());
	if ((c->pending & ~(u32)(PENDING_INTR | PENDING_NMI)) || c->shutdown)
		attend_to_rest(d);
	exec_take_interrupts(d);
	if (c->halted)
		wait_halted(d);
	vcpu_settle(c, PENDING_INTR);
	irq_settle();		/* what was raised meanwhile was taken, or is asked for here */
	if (d->platform.intr_pending(d->platform.opaque)) {
		vcpu_raise(c, PENDING_INTR);
		if (exec_interruptible(c))
			kick_set();
	}
}

/* The exit that led here is left unchained: its block may be gone. */
void dbt_quiet(void)
{
	struct dbt *d = dbt_this();
	u32 mail = __atomic_exchange_n(&d->mail, 0, __ATOMIC_ACQUIRE);
	u64 begin = clock_ticks();

	d->link = NULL;
	epoch_quiet();
	cache_quiet();
	note_stood(d, begin);
	if (mail)
		vcpu_raise(d->c, mail);
}

bool dbt_wanted(void) { return kick_is_set(); }

/* Who finds mail that was not taken need not interrupt: the interrupt for that is on its way. */
static __attribute__((noinline)) void raise_other(struct cpu *core, u32 pending)
{
	struct dbt *d = ((struct vcpu *)cpu_vcpu_area(core))->owner;

	must(d);
	if (!__atomic_fetch_or(&d->mail, pending, __ATOMIC_ACQ_REL))
		arch_ipi(core->hw_id, IPI_WORK);
}

void dbt_raise(unsigned core, u32 pending)
{
	if (core != cpu_self()->id) {
		raise_other(cores_at(core), pending);
		return;
	}
	vcpu_raise(dbt_this()->c, pending);
	kick_set();
}
