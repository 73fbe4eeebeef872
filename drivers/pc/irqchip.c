/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joins PIC, IOAPIC and LAPICs: the board's interrupt wiring. No registers of its own.
 * ISA interrupt n is PIC input n and IOAPIC pin n, but IRQ 0 is pin 2 (the ACPI MADT's
 * interrupt source override says so to the guest). The PIC's INT is LINT0 of every LAPIC.
 * Lock order: device, then PIC or IOAPIC; local APICs have none (lapic_core.h).
 * Invariant: after a change that makes something pending, cpu.raise was called.
 */
#include "drivers/pc/irqchip.h"

#include <stdlib.h>

#include "drivers/pc/ioapic.h"
#include "drivers/pc/pic.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "mm/gpa.h"

enum { MESSAGES = 0xfee, MESSAGE_LOGICAL = 4, MESSAGE_REDIRECT = 8 };
enum { MESSAGE_ASSERT = 0x4000, MESSAGE_LEVEL = 0x8000 };

struct irqchip {
	struct pic *pic;
	struct ioapic *ioapic;
	struct lapic *lapic;
};

static unsigned pin_of(unsigned isa) { return isa ? isa : 2; }

void irqchip_isa(void *irqchip, unsigned n, int level)
{
	struct irqchip *c = irqchip;

	pic_set(c->pic, n, level);
	if (n != 2)
		ioapic_set(c->ioapic, pin_of(n), level);
}

bool irqchip_isa_waiting(void *irqchip, unsigned n)
{
	struct irqchip *c = irqchip;

	return (pic_waiting(c->pic, n) && lapic_accepts_intr(c->lapic, 0)) ||
	       ioapic_waiting(c->ioapic, pin_of(n));
}

void irqchip_message(void *irqchip, u64 at, u32 data)
{
	struct irqchip *c = irqchip;
	enum lapic_mode mode = (enum lapic_mode)bits(data, 10, 8);

	if (at >> 20 != MESSAGES) {
		gpa_write(gpa(at), &data, sizeof(data));
		return;
	}
	if (data & MESSAGE_LEVEL && !(data & MESSAGE_ASSERT))
		return;			/* the end of a level: nothing is held */
	if (mode == LAPIC_FIXED && at & MESSAGE_REDIRECT)
		mode = LAPIC_LOWEST;	/* one of those that the destination names */
	lapic_message(c->lapic, (u8)(at >> 12), at & MESSAGE_LOGICAL, mode, (u8)data,
		      data & MESSAGE_LEVEL);
}

struct irq_line irqchip_line(struct irqchip *c, unsigned n)
{
	return (struct irq_line){ .set = irqchip_isa, .opaque = c, .n = n };
}

static void pic_int(void *opaque, unsigned n, int level)
{
	struct irqchip *c = opaque;

	(void)n;
	lapic_lint(c->lapic, 0, level);
}

static void eoi(void *opaque, unsigned n, int level)
{
	struct irqchip *c = opaque;

	ioapic_eoi(c->ioapic, n, level);
}

bool irqchip_pending(const struct irqchip *c, unsigned core)
{
	return lapic_pending(c->lapic, core) ||
	       (pic_output(c->pic) && lapic_accepts_intr(c->lapic, core));
}

int irqchip_ack(struct irqchip *c, unsigned core)
{
	int v = lapic_ack(c->lapic, core);

	if (v < 0 && pic_output(c->pic) && lapic_accepts_intr(c->lapic, core))
		v = pic_ack(c->pic);
	return v;
}

struct lapic *irqchip_lapic(struct irqchip *c)
{
	return c->lapic;
}

void irqchip_reset(struct irqchip *c)
{
	pic_reset(c->pic);
	ioapic_reset(c->ioapic);
	lapic_reset(c->lapic);
}

struct irqchip *irqchip_create(struct bus *bus, unsigned cores, const struct cpu_intr *cpu)
{
	struct irqchip *c = calloc(1, sizeof(*c));
	struct irq_line intr = { .set = pic_int, .opaque = c };
	struct irq_line ended = { .set = eoi, .opaque = c };

	must(c);
	c->lapic = lapic_create(bus, cores, cpu, &ended);
	c->ioapic = ioapic_create(bus, c->lapic);
	c->pic = pic_create(bus, &intr);
	return c;
}
