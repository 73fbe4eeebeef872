/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host interrupts: who is told, and what the run loop finds afterwards. A handler
 * runs with interrupts off, takes no lock, prints nothing, and does only what cannot
 * wait (drain a FIFO). The interrupt is then noted in cpu->irq_pending and the kick
 * register of the interrupted code is set; the run loop does the rest.
 */
#ifndef KERNEL_IRQ_H
#define KERNEL_IRQ_H

#include "kernel/lib/types.h"

enum cpu_event {		/* bits of cpu->irq_pending */
	CPU_EVENT_TIMER = 1u << 0,	/* the deadline queue has something due: timer_run() */
	CPU_EVENT_DEVICE = 1u << 1,	/* a host device's handler ran */
	CPU_EVENT_IPI = 1u << 2,	/* another core has queued work */
};

/*
 * Set the host's interrupt controllers up, by the boot core: everything masked but its timer and
 * IPIs. Each other core: those two of its own.
 */
void irq_init(void);
void irq_init_core(void);

/*
 * Call fn on each interrupt of the board's controller input (0 … 63), and unmask it. Inputs are
 * level triggered and may be shared: every handler of one is called, and quiets its device alone.
 */
void irq_connect(unsigned input, void (*fn)(void *opaque), void *opaque);

/* What a device writes, and where, to interrupt by a message (PCI's MSI and MSI-X). */
struct irq_message {
	u64 address;		/* as the device sees it */
	u32 data;
};

/*
 * Call fn whenever somebody sends the message that *m is set to. Messages are counted once, not
 * held: a handler has nothing to quiet. Returns 0, or -ERR_NOENT where the board takes no messages
 * or none are left.
 */
int irq_connect_message(void (*fn)(void *opaque), void *opaque, struct irq_message *m);

/*
 * From now on fn sets the kick register in the frame that an interrupt returns through, with
 * whatever else belongs to it. For all cores; called at start, by the boot core.
 */
struct trap_frame;
void irq_on_kick(void (*fn)(struct trap_frame *f));

/* Clear the kick register, then return and clear the noted events of this core. */
u32 irq_take_events(void);

/*
 * What set the kick register has been seen to, but for events that are still noted: it is set for
 * those only. An interrupt at any time sets it again.
 */
void irq_settle(void);

/* As if another core had interrupted this one for its work (kernel/work.h). */
void irq_note_work(void);

/*
 * From now on core c takes the devices' interrupts (irq_devices_here then, on it) instead of the
 * boot core, which calls this when all are connected. False: the board cannot; then the boot core
 * takes them, calls their handlers, and passes them on as CPU_EVENT_DEVICE of c. What came until
 * then may be nowhere noted: c looks at all devices once afterwards.
 */
struct cpu;
bool irq_devices_to(struct cpu *c);
void irq_devices_here(void);

/* So many interrupts of devices has the boot core taken since, and passed on. */
u64 irq_passed_on(void);

/* Interrupts that no handler wanted (visible in statistics). */
u64 irq_spurious(void);

#endif
