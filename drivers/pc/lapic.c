/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local APICs (Intel SDM 3A chapter 11): their page, IA32_APIC_BASE and its modes, reset, INIT and
 * SIPI as the core takes them. Registers are in lapic_regs.c, messages in lapic_bus.c.
 * Deviation: the register page answers for all cores at one base, the last one that a core set, and
 * not where RAM is (logged).
 * Invariant: lapic_core.h's, of core->pending.
 */
#include "drivers/pc/lapic.h"

#include <stdlib.h>

#include "drivers/pc/lapic_core.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "mm/gpa.h"

#define BASE_ADDR 0xffffff000ull
#define BASE_DEFAULT 0xfee00000ull

/* -- The register page ----------------------------------------------------- */

static struct core *this_core(struct lapic *l)
{
	unsigned n = l->cpu.this_core ? l->cpu.this_core(l->cpu.opaque) : 0;

	must(n < l->cores);
	return &l->core[n];
}

/* In x2APIC mode the page is not there (§11.12.2). */
static bool has_page(const struct core *c)
{
	return (c->base & (BASE_ENABLE | BASE_X2)) == BASE_ENABLE;
}

/* Registers are the first 32 bits of each 16 bytes. */
static u64 lapic_read(void *opaque, u32 off, unsigned size)
{
	struct core *c = this_core(opaque);

	(void)size;
	if (!has_page(c))
		return 0xffffffff;
	return off & 0xf ? 0 : lapic_reg_read(c, off);
}

static void lapic_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct core *c = this_core(opaque);

	(void)size;
	if (off & 0xf)
		return;
	if (has_page(c))
		lapic_reg_write(c, off, (u32)v);
	else
		trace(IRQ, "lapic: write to a disabled LAPIC\n");
}

static const struct io_ops lapic_ops = {
	.read = lapic_read, .write = lapic_write, .min = 4, .max = 4,
};

/* -- The core's side ------------------------------------------------------- */

bool lapic_pending(const struct lapic *l, unsigned core)
{
	return __atomic_load_n(&l->core[core].pending, __ATOMIC_ACQUIRE);
}

int lapic_ack(struct lapic *l, unsigned core)
{
	return lapic_pending(l, core) ? lapic_core_take(&l->core[core]) : -1;
}

u8 lapic_tpr(const struct lapic *l, unsigned core) { return l->core[core].tpr; }

void lapic_set_tpr(struct lapic *l, unsigned core, u8 tpr)
{
	SHOW(l->core[core].tpr, tpr);
	lapic_core_update(&l->core[core]);
}

u64 lapic_base(const struct lapic *l, unsigned core) { return l->core[core].base; }

/* §11.12.5: to x2APIC from xAPIC mode, from x2APIC to off only, from off to xAPIC only. */
static bool mode_follows(u64 was, u64 msr)
{
	if (msr & BASE_X2)
		return msr & BASE_ENABLE && was & BASE_ENABLE;
	return !(was & BASE_X2 && msr & BASE_ENABLE);
}

int lapic_set_base(struct lapic *l, unsigned core, u64 msr)
{
	struct core *c = &l->core[core];
	u64 was = c->base;

	if (msr & ~(BASE_ADDR | BASE_ENABLE | BASE_BSP | BASE_X2) || !mode_follows(was, msr))
		return -ERR_INVAL;
	SHOW(c->base, msr);
	if (was & BASE_X2 && !(msr & BASE_X2)) {
		SHOW(c->id, (u8)c->x2id);
		lapic_regs_reset(c);
	}
	lapic_core_update(c);
	lapic_core_lint(c, 0);
	bus_move(l->bus, BUS_MMIO, &l->region, msr & BASE_ADDR, 0x1000, true);
	if (gpa_host(gpa(msr & BASE_ADDR)) && printk_due(&l->in_ram))
		printk("lapic: its page at 0x%llx is RAM: RAM answers there, not the LAPIC\n",
		       (unsigned long long)(msr & BASE_ADDR));
	return 0;
}

/* -- INIT and SIPI --------------------------------------------------------- */

bool lapic_waits(const struct lapic *l, unsigned core)
{
	return SEEN(l->core[core].startup) & STARTUP_WAITS;
}

/* What the core is to do of `old`; *next is what is left of it then. */
static enum lapic_start next_start(const struct core *c, u32 old, u32 *next)
{
	if (old & STARTUP_INIT) {
		bool boots = c->base & BASE_BSP;

		*next = boots ? 0 : (old & ~(u32)STARTUP_INIT) | STARTUP_WAITS;
		return boots ? LAPIC_START_INIT : LAPIC_START_WAIT;
	}
	*next = 0;
	return old & STARTUP_SIPI ? LAPIC_START_SIPI : LAPIC_START_NONE;
}

enum lapic_start lapic_take_start(struct lapic *l, unsigned core, u8 *vector)
{
	struct core *c = &l->core[core];
	u32 old = SEEN(c->startup), next;
	enum lapic_start what;

	do {
		what = next_start(c, old, &next);
		if (what == LAPIC_START_NONE)
			return what;
	} while (!__atomic_compare_exchange_n(&c->startup, &old, next, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	*vector = (u8)(old >> 8);
	if (what != LAPIC_START_SIPI)
		lapic_regs_reset(c);
	return what;
}

/* -- Set-up ---------------------------------------------------------------- */

void lapic_reset(struct lapic *l)
{
	for (unsigned k = 0; k < l->cores; k++) {
		struct core *c = &l->core[k];

		SHOW(c->id, (u8)k);
		SHOW(c->base, BASE_DEFAULT | BASE_ENABLE | (k ? 0 : BASE_BSP));
		SHOW(c->startup, k ? STARTUP_WAITS : 0);
		lapic_regs_reset(c);
	}
	bus_move(l->bus, BUS_MMIO, &l->region, BASE_DEFAULT, 0x1000, true);
}

void lapic_report(const struct lapic *l)
{
	u64 events = 0;

	for (unsigned k = 0; k < LAPIC_EVENTS; k++)
		events += l->event[k];
	if (events || l->sipi_ignored)
		printk("counters: lapic_ignored %lu sipi_ignored %lu\n", (unsigned long)events,
		       (unsigned long)l->sipi_ignored);
}

struct lapic *lapic_create(struct bus *bus, unsigned cores, const struct cpu_intr *cpu,
			   const struct irq_line *eoi)
{
	struct lapic *l = aligned_alloc(64, sizeof(*l));

	must(l && cores >= 1 && cores <= LAPIC_MAX_CORES);
	*l = (struct lapic){ .bus = bus, .cores = cores, .cpu = *cpu, .eoi = *eoi };
	for (unsigned k = 0; k < cores; k++) {
		l->core[k].l = l;
		l->core[k].x2id = k;
		lapic_timer_init(&l->core[k]);
	}
	l->region = (struct bus_region){
		"lapic", BASE_DEFAULT, 0x1000, &lapic_ops, l, 1, true, NULL,
	};
	bus_add(bus, BUS_MMIO, &l->region);
	lapic_reset(l);
	return l;
}
