/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt controllers of the board together: ISA lines in, vectors for the cores
 * out. What a CPU core needs to know of interrupts is here and in struct cpu_intr.
 */
#ifndef DRIVERS_PC_IRQCHIP_H
#define DRIVERS_PC_IRQCHIP_H

#include "drivers/pc/lapic.h"

struct irqchip;

struct irqchip *irqchip_create(struct bus *bus, unsigned cores, const struct cpu_intr *cpu);
void irqchip_reset(struct irqchip *c);

/* ISA interrupt n (0…15), to PIC and IOAPIC: an irq_line.set function, which takes IRQ_PULSE. */
void irqchip_isa(void *irqchip, unsigned n, int level);

/* Does an earlier edge of ISA interrupt n still wait for a core that will take it? */
bool irqchip_isa_waiting(void *irqchip, unsigned n);

/* A PCI function's message (SDM 3A 11.11): a write of `data` at `at`. Elsewhere it is a write. */
void irqchip_message(void *irqchip, u64 at, u32 data);

/* An irq_line that drives ISA interrupt n. */
struct irq_line irqchip_line(struct irqchip *c, unsigned n);

/* Is an interrupt waiting for the core? Cheap, takes no lock; may be asked at any time. */
bool irqchip_pending(const struct irqchip *c, unsigned core);

/*
 * The core takes the interrupt (IF is set, no shadow): returns its vector, 0…255, now in
 * service; or -1 if there is none any more.
 */
int irqchip_ack(struct irqchip *c, unsigned core);

/* For IA32_APIC_BASE, CR8, x2APIC's registers, INIT and SIPI. */
struct lapic *irqchip_lapic(struct irqchip *c);

#endif
