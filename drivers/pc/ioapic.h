/* SPDX-License-Identifier: BSD-2-Clause */
/* 82093AA I/O APIC with 24 pins at 0xfec00000. */
#ifndef DRIVERS_PC_IOAPIC_H
#define DRIVERS_PC_IOAPIC_H

#include "drivers/pc/lapic.h"

struct ioapic;

enum { IOAPIC_PINS = 24 };

struct ioapic *ioapic_create(struct bus *bus, struct lapic *lapic);
void ioapic_reset(struct ioapic *a);

/* Pin n (0…23) as driven, 1 = asserted: an irq_line.set function, which takes IRQ_PULSE. */
void ioapic_set(void *ioapic, unsigned n, int level);

/* Is the last interrupt of edge pin n still waiting in a core's IRR? */
bool ioapic_waiting(struct ioapic *a, unsigned n);

/* A core ended level-triggered vector n: an irq_line.set function. */
void ioapic_eoi(void *ioapic, unsigned n, int unused);

#endif
