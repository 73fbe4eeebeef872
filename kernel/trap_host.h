/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between kernel/trap.c, kernel/irq.c and the host's trap.c, irq.c and vectors.S: what each
 * supplies to the other. Not for anybody who claims traps (kernel/trap.h) or connects interrupts
 * (kernel/irq.h).
 */
#ifndef KERNEL_TRAP_HOST_H
#define KERNEL_TRAP_HOST_H

#include "kernel/trap.h"

/* -- the host supplies -- */

/*
 * Causes by arch_trap_code(frame), which is inline in the host's cpu.h, below TRAP_CODES: kind, and
 * name in the manual's words (NULL: no such cause). Code 0 is an interrupt. Where a code leaves it
 * open whether a load or a fetch failed, arch_trap_refine (cpu.h too) finds out.
 */
#define TRAP_CODES 64
struct trap_cause {
	const char *name;
	enum trap_kind kind;
};
extern const struct trap_cause arch_trap_causes[TRAP_CODES];
extern const char arch_register_names[32][4];

/* An interrupt arrived: acknowledge it, irq_deliver() what the board sent, irq_note() all. */
void irq_dispatch(struct trap_frame *f);

/* Unmask input 0 … 63 of the board's controller, level triggered, to this core. */
void arch_irq_unmask(unsigned input);

/*
 * By the boot core, its interrupts off: what it takes of the board goes to core hw_id from now on,
 * what it has not taken yet, too, but for messages. False: the board cannot send it there.
 */
bool arch_irq_devices_to(u32 hw_id);

/* The message by which a device raises vector IRQ_INPUTS + n. False: there is no such vector. */
struct irq_message;
bool arch_irq_message(unsigned n, struct irq_message *m);

/* The idle region (vectors.S): an interrupt within [idle_start, idle_end) goes on at idle_exit. */
void idle_wait(void);
extern char idle_start[], idle_end[], idle_exit[];

/* -- the neutral kernel supplies -- */

/* Nobody claims this core's traps yet. From arch_init_core. */
void trap_init_core(void);

/* Called by vectors.S with all registers in *f, interrupts off. */
void trap_dispatch(struct trap_frame *f);

/* Vectors: the inputs of the board's controller, then those that messages raise. */
enum { IRQ_INPUTS = 64, IRQ_MESSAGES = 64, IRQ_VECTORS = IRQ_INPUTS + IRQ_MESSAGES };

/* Call the handlers of these vectors (bit n: first + n). One without a handler: counted. */
void irq_deliver(unsigned first, u64 vectors);

/* Count an interrupt that nobody seems to have sent. */
void irq_none(void);

/* Note the events in struct cpu, kick the code that *f returns to, and end its idling. */
void irq_note(struct trap_frame *f, u32 events);

#endif
