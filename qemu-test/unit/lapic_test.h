/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of several local APICs share: four cores, and what each was told. */
#ifndef UNIT_LAPIC_TEST_H
#define UNIT_LAPIC_TEST_H

#include "drivers/pc/irqchip.h"
#include "kernel/lib/bits.h"
#include "qemu-test/unit/pc_test.h"

enum { CORES = 4, ALL = (1 << CORES) - 1, L = 0xfee00000, ENABLED = 0x1ff };
enum { TPR = 0x80, PPR = 0xa0, EOI = 0xb0, LDR = 0xd0, DFR = 0xe0, SVR = 0xf0, TMR = 0x180,
	IRR = 0x200, ESR = 0x280, ICR = 0x300, ICR2 = 0x310, LVT_ERR = 0x370 };

static struct irqchip *ic;
static struct lapic *lapic;
static unsigned core_now, told[CORES], nmis[CORES], starts[CORES];

static void on_raise(void *o, unsigned c) { (void)o; told[c]++; }
static void on_nmi(void *o, unsigned c) { (void)o; nmis[c]++; }
static void on_start(void *o, unsigned c) { (void)o; starts[c]++; }
static unsigned on_core(void *o) { (void)o; return core_now; }

/* Of core n, by its own page. */
static inline u32 get(unsigned n, u32 reg) { core_now = n; return readl(L + reg); }
static inline void set(unsigned n, u32 reg, u32 v) { core_now = n; writel(L + reg, v); }

static inline bool waits_in(unsigned n, u32 reg, u8 v)
{
	return get(n, reg + (v / 32u) * 16) >> v % 32 & 1;
}

/* All as after power-up, then switched on by SVR. */
static inline void begin(void)
{
	irqchip_reset(ic);
	for (unsigned k = 0; k < CORES; k++) {
		u8 v;

		while (lapic_take_start(lapic, k, &v) != LAPIC_START_NONE)
			;
		set(k, SVR, ENABLED);
	}
	memset(told, 0, sizeof(told));
	memset(nmis, 0, sizeof(nmis));
	memset(starts, 0, sizeof(starts));
}

static inline void make_cores(void)
{
	static const struct cpu_intr cpu = { NULL, on_raise, on_nmi, on_start, on_core };

	bus = bus_create();
	fake_time_reset(1000);
	ic = irqchip_create(bus, CORES, &cpu);
	lapic = irqchip_lapic(ic);
	begin();
}

#endif
