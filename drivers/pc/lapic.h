/* SPDX-License-Identifier: BSD-2-Clause */
/* Local APICs, one for each core, with their timers. */
#ifndef DRIVERS_PC_LAPIC_H
#define DRIVERS_PC_LAPIC_H

#include "mm/bus.h"

enum { LAPIC_MAX_CORES = 16 };

/*
 * The CPU cores as the interrupt controllers see them. All are called with controllers'
 * locks held: they may only note what happened and make the core leave generated code.
 * A NULL function is counted and logged instead.
 */
struct cpu_intr {
	void *opaque;
	void (*raise)(void *opaque, unsigned core);	/* look at irqchip_pending() */
	void (*nmi)(void *opaque, unsigned core);
	void (*init)(void *opaque, unsigned core);
	void (*sipi)(void *opaque, unsigned core, u8 vector);
	unsigned (*this_core)(void *opaque);		/* NULL: always core 0 */
};

enum lapic_mode {		/* delivery modes (SDM 3A §11.5.1, 11.6.1) */
	LAPIC_FIXED = 0, LAPIC_LOWEST = 1, LAPIC_SMI = 2, LAPIC_NMI = 4, LAPIC_INIT = 5,
	LAPIC_SIPI = 6, LAPIC_EXTINT = 7,
};

struct lapic;

/*
 * `eoi` is called with n = the vector when a level-triggered interrupt is ended, with no
 * lock of the LAPIC held. Both are copied.
 */
struct lapic *lapic_create(struct bus *bus, unsigned cores, const struct cpu_intr *cpu,
			   const struct irq_line *eoi);
void lapic_reset(struct lapic *l);

/* INIT: as reset, but the id and IA32_APIC_BASE stay. */
void lapic_init(struct lapic *l, unsigned core);

/* IA32_APIC_BASE (MSR 0x1b): bit 8 BSP, bit 11 enable, base in bits 35:12. */
u64 lapic_base(const struct lapic *l, unsigned core);
/* 0, or -ERR_INVAL for reserved bits (the CPU then gives #GP). */
int lapic_set_base(struct lapic *l, unsigned core, u64 msr);

/* The task priority; CR8 is its bits 7:4, and a write of CR8 clears the others (SDM 3A §11.8.6). */
u8 lapic_tpr(const struct lapic *l, unsigned core);
void lapic_set_tpr(struct lapic *l, unsigned core, u8 tpr);

/* Is a vector deliverable now? Needs no lock. */
bool lapic_pending(const struct lapic *l, unsigned core);
/* Take it in service: the vector, or -1 if there is none any more. */
int lapic_ack(struct lapic *l, unsigned core);

/* Does INTR reach the core: LAPIC disabled, or LINT0 unmasked in ExtINT mode? */
bool lapic_accepts_intr(const struct lapic *l, unsigned core);

/* LINT0 (INTR) or LINT1 (NMI) of every core changes level. */
void lapic_lint(struct lapic *l, unsigned pin, int level);

/* A message on the interrupt bus. Returns whether any core accepted it. */
bool lapic_message(struct lapic *l, u8 dest, bool logical, enum lapic_mode mode, u8 vector,
		   bool level);

/* Is the vector waiting in the IRR of a core that the destination names? */
bool lapic_waiting(struct lapic *l, u8 dest, bool logical, u8 vector);

#endif
