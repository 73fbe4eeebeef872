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

/* Is it an interrupt? Else: what kind of exception, and its name in the manual's words. */
bool arch_trap_is_irq(const struct trap_frame *f);
enum trap_kind arch_trap_kind(const struct trap_frame *f);
const char *arch_trap_name(const struct trap_frame *f);
extern const char arch_register_names[32][4];

/* An interrupt arrived: acknowledge it, irq_deliver() what the board sent, irq_note() all. */
void irq_dispatch(struct trap_frame *f);

/* Unmask input 0 … 63 of the board's controller, level triggered, to this core. */
void arch_irq_unmask(unsigned input);

/* The idle region (vectors.S): an interrupt within [idle_start, idle_end) goes on at idle_exit. */
void idle_wait(void);
extern char idle_start[], idle_end[], idle_exit[];

/* -- the neutral kernel supplies -- */

/* Called by vectors.S with all registers in *f, interrupts off. */
void trap_dispatch(struct trap_frame *f);

/* Call the handlers of these inputs (bit n: input n). None set, or no handler: counted. */
void irq_deliver(u64 inputs);

/* Note the events in struct cpu, kick the code that *f returns to, and end its idling. */
void irq_note(struct trap_frame *f, u32 events);

#endif
