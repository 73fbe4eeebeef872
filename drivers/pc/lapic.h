/* SPDX-License-Identifier: BSD-2-Clause */
/* Local APICs, one for each core, with their timers; what waits for a core, and how it starts. */
#ifndef DRIVERS_PC_LAPIC_H
#define DRIVERS_PC_LAPIC_H

#include "mm/bus.h"

enum { LAPIC_MAX_CORES = 16 };

/*
 * The CPU cores as the interrupt controllers see them. All are called on any core, also with
 * controllers' locks held: they may only note what happened and make the named core leave generated
 * code; they wait for nobody. A NULL function is counted and logged instead.
 */
struct cpu_intr {
	void *opaque;
	void (*raise)(void *opaque, unsigned core);	/* look at irqchip_pending() */
	void (*nmi)(void *opaque, unsigned core);
	void (*start)(void *opaque, unsigned core);	/* look at lapic_take_start() */
	unsigned (*this_core)(void *opaque);		/* NULL: always core 0 */
};

enum lapic_mode {		/* delivery modes (SDM 3A §11.5.1, 11.6.1); 3 is reserved */
	LAPIC_FIXED = 0, LAPIC_LOWEST = 1, LAPIC_SMI = 2, LAPIC_NMI = 4, LAPIC_INIT = 5,
	LAPIC_SIPI = 6, LAPIC_EXTINT = 7,
};

struct lapic;

/*
 * `eoi` is called with n = the vector when a level-triggered interrupt is ended, on the core that
 * ends it. Both are copied.
 */
struct lapic *lapic_create(struct bus *bus, unsigned cores, const struct cpu_intr *cpu,
			   const struct irq_line *eoi);

/* Power-up: core 0 runs, the others wait for a SIPI. All cores but the caller's are held. */
void lapic_reset(struct lapic *l);

/* -- A core's own side: of the core that calls, or of one that is held -- */

/* IA32_APIC_BASE (MSR 0x1b): bit 8 BSP, 10 x2APIC mode, 11 enable, base in bits 35:12. */
u64 lapic_base(const struct lapic *l, unsigned core);
/*
 * 0, or -ERR_INVAL for reserved bits and for changes of mode that are not there (§11.12.5): the CPU
 * then gives #GP.
 */
int lapic_set_base(struct lapic *l, unsigned core, u64 msr);

/*
 * MSRs 0x800 + n, n in 0…0xff, in x2APIC mode (§11.12.1): false if there is none in this mode, it
 * cannot be read or written, or for reserved bits: #GP.
 */
bool lapic_x2_read(struct lapic *l, unsigned core, u32 n, u64 *v);
bool lapic_x2_write(struct lapic *l, unsigned core, u32 n, u64 v);

/*
 * IA32_TSC_DEADLINE: 0 if no deadline is set, or LVT TIMER is in another mode; then a write does
 * nothing. `tsc` is the guest's value, `ns` when that will be on clock_ns().
 */
u64 lapic_deadline(const struct lapic *l, unsigned core);
void lapic_set_deadline(struct lapic *l, unsigned core, u64 tsc, u64 ns);

/* The task priority; CR8 is its bits 7:4, and a write of CR8 clears the others (SDM 3A §11.8.6). */
u8 lapic_tpr(const struct lapic *l, unsigned core);
void lapic_set_tpr(struct lapic *l, unsigned core, u8 tpr);

/* May a vector be deliverable now? */
bool lapic_pending(const struct lapic *l, unsigned core);
/* Take it in service: the vector, or -1 if there is none (any more). */
int lapic_ack(struct lapic *l, unsigned core);

/*
 * After cpu.start, again and again until it gives LAPIC_START_NONE: what the core is to do. INIT
 * resets its local APIC here.
 */
enum lapic_start {
	LAPIC_START_NONE,
	LAPIC_START_INIT,	/* begin at the reset vector: the boot core took INIT */
	LAPIC_START_WAIT,	/* as after INIT, and wait for the next cpu.start */
	LAPIC_START_SIPI,	/* begin in real mode at CS = *vector * 0x100, IP = 0 */
};
enum lapic_start lapic_take_start(struct lapic *l, unsigned core, u8 *vector);

/* -- The board's side: from any core -- */

/* Does the core wait for a SIPI? */
bool lapic_waits(const struct lapic *l, unsigned core);

/* Does INTR reach the core: LAPIC disabled, or LINT0 unmasked in ExtINT mode? */
bool lapic_accepts_intr(const struct lapic *l, unsigned core);

/* LINT0 (INTR) or LINT1 (NMI) of every core changes level. */
void lapic_lint(struct lapic *l, unsigned pin, int level);

/* A message of an IOAPIC or of PCI. Returns whether any core accepted it. */
bool lapic_message(struct lapic *l, u8 dest, bool logical, enum lapic_mode mode, u8 vector,
		   bool level);

/* Is the vector waiting in the IRR of a core that the destination names? */
bool lapic_waiting(struct lapic *l, u8 dest, bool logical, u8 vector);

/* Print what was counted, if anything. */
void lapic_report(const struct lapic *l);

#endif
