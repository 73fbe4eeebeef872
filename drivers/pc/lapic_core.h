/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the local APICs share: the state of one, and who may touch what of it. Private
 * to lapic.c (its page, IA32_APIC_BASE, reset), lapic_regs.c (registers), lapic_bus.c (what comes
 * in, and goes out) and lapic_timer.c.
 *
 * Nobody takes a lock. A local APIC is written by its own core, but for what others send it: bits
 * of irr and tmr, `pending`, esr_new and startup, which all change by one atomic step at a time.
 * What others read of it (id, destinations, priority) is stored and loaded as a whole, no more:
 * silicon does not say either what a message meets that comes while these change.
 *
 * Law: whoever makes a vector deliverable leaves pending = 1. A sender sets the IRR bit and then
 * looks at the priority; the core changes its priority and then looks at the IRR. Each step between
 * is a full barrier, so one of the two sees the other's.
 */
#ifndef DRIVERS_PC_LAPIC_CORE_H
#define DRIVERS_PC_LAPIC_CORE_H

#include "drivers/pc/lapic.h"
#include "kernel/timer.h"

enum { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVTS };
enum { LVT_LEVEL = 0x8000, LVT_MASKED = 0x10000, LVT_TIMER_MODE = 0x60000,
	LVT_PERIODIC = 0x20000, LVT_DEADLINE = 0x40000 };
enum { ESR_SEND_ILLEGAL = 0x20, ESR_RECEIVE_ILLEGAL = 0x40, ESR_REGISTER = 0x80 };
enum { SVR_ENABLE = 0x100, SVR_KEEP_EOI = 0x1000 };
enum { BASE_BSP = 0x100, BASE_X2 = 0x400, BASE_ENABLE = 0x800 };

/* What more than one core touches is loaded and stored as a whole. */
#define SEEN(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define SHOW(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

/* A bit for each vector. Bit k of `any`: word k may not be 0 (it is set after the word's). */
struct vectors {
	u32 word[8];
	u32 any;
};

/* Bits of core.startup; a SIPI's vector is in bits 15:8. */
enum { STARTUP_WAITS = 1, STARTUP_INIT = 2, STARTUP_SIPI = 4 };

struct core {
	struct lapic *l;
	/* written by this core only, read by others */
	u64 base;		/* IA32_APIC_BASE */
	u32 x2id;		/* for x2APIC mode, which has no other; never changes */
	u8 id, tpr, ldr, dfr;	/* of xAPIC mode; dfr: model, bits 31:28 */
	u16 svr;
	struct vectors isr;
	u32 lvt[LVTS];
	/* written by others, too */
	struct vectors tmr, irr;
	u32 pending;		/* a vector in IRR outranks PPR, or did */
	u32 esr_new;		/* errors since ESR was latched */
	u32 startup;		/* INIT and SIPI that have come, and whether it waits for a SIPI */
	/* this core's alone */
	u32 esr;		/* as last latched */
	u64 icr;
	u32 ticr;
	u8 dcr;
	u64 start;		/* ns at which the timer held ticr */
	bool counting;
	u64 deadline;		/* in the guest's TSC: what the MSR reads, 0 for none … */
	u64 deadline_ns;	/* … and on clock_ns() */
	struct timer timer;
} __attribute__((aligned(64)));

/* Counted events: each is told once. */
enum lapic_event { LAPIC_NO_SMM, LAPIC_NO_EXTINT, LAPIC_RESERVED_MODE, LAPIC_NMI_LOST,
	LAPIC_EVENTS };

struct lapic {
	struct core core[LAPIC_MAX_CORES];
	struct bus *bus;
	unsigned cores;
	struct cpu_intr cpu;
	struct irq_line eoi;
	u64 event[LAPIC_EVENTS], in_ram;
	u64 sipi_ignored;
	u32 lint[2];
	struct bus_region region;
};

/* -- lapic_bus.c -- */

/* A write of the ICR (its low half, in xAPIC mode): sends as c->icr says. */
void lapic_bus_icr(struct core *c);

/* A vector comes in: to IRR, or an error. From any core. */
void lapic_core_accept(struct core *c, u8 vector, bool level);

/* An error is noted, and interrupts if LVT ERROR says so. From any core. */
void lapic_core_error(struct core *c, u32 bit);

/* This core has changed what stands against an interrupt: TPR, ISR, its base. */
void lapic_core_update(struct core *c);

/* Take the vector that is deliverable from IRR to ISR. Returns it, or -1. */
int lapic_core_take(struct core *c);

/* End what is in service with the highest priority. Returns its vector if it was level, or -1. */
int lapic_core_end(struct core *c);

/* LINT pin's entry was unmasked, or its level rose: the core is told. */
void lapic_core_lint(struct core *c, unsigned pin);

/* §11.8.3.1 */
u8 lapic_core_ppr(const struct core *c);

/* Is it switched on by IA32_APIC_BASE and by SVR? */
static inline bool lapic_core_enabled(const struct core *c)
{
	return SEEN(c->base) & BASE_ENABLE && SEEN(c->svr) & SVR_ENABLE;
}

static inline bool lapic_core_x2(const struct core *c) { return SEEN(c->base) & BASE_X2; }

/* Logical x2APIC destination: cluster in bits 31:16, one bit of 15:0 (§11.12.10.2). */
static inline u32 lapic_core_x2ldr(const struct core *c)
{
	return c->x2id >> 4 << 16 | 1u << (c->x2id & 15);
}

/* -- lapic_regs.c: registers by their xAPIC offsets, in xAPIC mode -- */

u32 lapic_reg_read(struct core *c, u32 reg);
void lapic_reg_write(struct core *c, u32 reg, u32 v);

/* §11.4.7.1: all registers as after power-up, reset and INIT; not id and base. */
void lapic_regs_reset(struct core *c);

/* -- lapic_timer.c -- */

/* Set the timer up, once. */
void lapic_timer_init(struct core *c);

/* TCCR: what is left of the count. */
u32 lapic_timer_count(const struct core *c);

/* TICR is written: start at v, or stop at 0. */
void lapic_timer_start(struct core *c, u32 v);

/* DCR is written: a new divider goes on from the present count. */
void lapic_timer_divide(struct core *c, u8 v);

/* LVT TIMER is written: counting and deadlines end where the mode changes from one to the other. */
void lapic_timer_mode(struct core *c, u32 was);

#endif
