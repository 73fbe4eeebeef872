/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lapic.c (registers, priorities, messages) and lapic_timer.c share: the state of a core's
 * local APIC. Private to these two. Functions here are called with the LAPICs' lock held.
 */
#ifndef DRIVERS_PC_LAPIC_CORE_H
#define DRIVERS_PC_LAPIC_CORE_H

#include "drivers/pc/lapic.h"
#include "kernel/lock.h"
#include "kernel/timer.h"

enum { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVTS };
enum { LVT_MASKED = 0x10000, LVT_PERIODIC = 0x20000 };

/* A bit for each vector. */
struct vectors {
	u32 word[8];
	u8 any;			/* bit k: word k is not 0 */
};

struct core {
	struct lapic *l;
	u64 base;		/* IA32_APIC_BASE */
	u8 id, tpr, ldr, dfr;	/* dfr: model, bits 31:28 */
	u16 svr;
	u32 esr, esr_new;	/* as last latched; errors since then */
	struct vectors isr, tmr, irr;
	u32 icr[2], lvt[LVTS];
	u32 ticr;
	u8 dcr;
	u64 start;		/* ns at which the timer held ticr */
	bool counting;
	bool pending;
	struct timer timer;
};

struct lapic {
	struct lock lock;
	struct bus *bus;
	unsigned cores;
	struct core core[LAPIC_MAX_CORES];
	struct cpu_intr cpu;
	struct irq_line eoi;
	u64 unconnected, in_ram;	/* counted events */
	int lint[2];
	struct bus_region region;
};

/* Is it switched on by IA32_APIC_BASE and by SVR? */
bool lapic_core_enabled(const struct core *c);

/* A vector comes in: to IRR, or an error. */
void lapic_core_accept(struct core *c, u8 vector, bool level);

/* Set the timer up, once. */
void lapic_timer_init(struct core *c);

/* TCCR: what is left of the count. */
u32 lapic_timer_count(const struct core *c);

/* TICR is written: start at v, or stop at 0. */
void lapic_timer_start(struct core *c, u32 v);

/* DCR is written: a new divider goes on from the present count. */
void lapic_timer_divide(struct core *c, u8 v);

#endif
