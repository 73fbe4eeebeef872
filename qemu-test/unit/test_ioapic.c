/* SPDX-License-Identifier: BSD-2-Clause */
/* I/O APIC: expectations from the 82093AA datasheet (290566). */
#include "drivers/pc/ioapic.h"
#include "drivers/pc/irqchip.h"

#include "qemu-test/unit/pc_test.h"

enum { A = 0xfec00000, L = 0xfee00000 };

static struct irqchip *ic;

static u32 get(u8 reg) { writel(A, reg); return readl(A + 0x10); }
static void set(u8 reg, u32 v) { writel(A, reg); writel(A + 0x10, v); }

static void route(unsigned pin, u32 low, u8 dest)
{
	set((u8)(0x11 + 2 * pin), (u32)dest << 24);
	set((u8)(0x10 + 2 * pin), low);
}

static void test_registers(void)
{
	CHECK_EQ(get(1), 0x00170020, "version 0x20, 24 entries");
	set(0, 0x0f000000);
	CHECK_EQ(get(0), 0x0f000000, "id");
	CHECK_EQ(get(0x10), 0x10000, "masked at reset");
	CHECK_EQ(get(0x3e), 0x10000, "last entry");
	set(0x12, 0xffffffff);
	CHECK_EQ(get(0x12), 0x1afff, "status and remote IRR are read-only");
	set(0x13, 0xffffffff);
	CHECK_EQ(get(0x13), 0xff000000, "destination in the top byte");
	set(0x12, 0x10000), set(0x13, 0);
	CHECK_EQ(get(0x40), 0, "past the last entry");
	CHECK_EQ(readl(A), 0x40, "IOREGSEL reads back");
}

static void test_edge(void)
{
	irqchip_isa(ic, 4, 0);
	irqchip_isa(ic, 4, 1);
	route(4, 0x44, 0);
	CHECK(!irqchip_pending(ic, 0), "an edge while masked is not kept");
	irqchip_isa(ic, 4, 0);
	irqchip_isa(ic, 4, 1);
	CHECK_EQ(irqchip_ack(ic, 0), 0x44, "edge");
	writel(L + 0xb0, 0);
	CHECK(!irqchip_pending(ic, 0), "a high line is no new edge");
	CHECK_EQ(get(0x18) & 0x4000, 0, "edge entries have no remote IRR");
	irqchip_isa(ic, 4, IRQ_PULSE);
	CHECK_EQ(irqchip_ack(ic, 0), 0x44, "a pulse of a line that is up");
	writel(L + 0xb0, 0);
	irqchip_isa(ic, 4, 1);
	CHECK(!irqchip_pending(ic, 0), "it is up since");
	route(2, 0x42, 0);
	irqchip_isa(ic, 0, 1);
	CHECK_EQ(irqchip_ack(ic, 0), 0x42, "IRQ 0 is pin 2");
	writel(L + 0xb0, 0);
	irqchip_isa(ic, 0, 0);
	irqchip_isa(ic, 4, 0);
}

static void test_level(void)
{
	route(11, 0x8000 | 0x4b, 0);
	irqchip_isa(ic, 11, 1);
	CHECK_EQ(get(0x26) & 0x4000, 0x4000, "remote IRR");
	CHECK_EQ(irqchip_ack(ic, 0), 0x4b, "level");
	CHECK_EQ(readl(L + 0x180 + 0x20) >> 11 & 1, 1, "TMR bit 0x4b");
	CHECK(!irqchip_pending(ic, 0), "not again before EOI");
	writel(L + 0xb0, 0);
	CHECK(irqchip_pending(ic, 0), "still asserted at EOI: again");
	CHECK_EQ(irqchip_ack(ic, 0), 0x4b, "again");
	irqchip_isa(ic, 11, 0);
	writel(L + 0xb0, 0);
	CHECK(!irqchip_pending(ic, 0), "line down: no more");
	CHECK_EQ(get(0x26) & 0x4000, 0, "remote IRR clear");
	route(11, 0x18000 | 0x4b, 0);
	irqchip_isa(ic, 11, 1);
	CHECK(!irqchip_pending(ic, 0), "masked");
	route(11, 0x8000 | 0x4b, 0);
	CHECK_EQ(irqchip_ack(ic, 0), 0x4b, "unmasking a high level line interrupts");
	irqchip_isa(ic, 11, 0);
	writel(L + 0xb0, 0);
	route(11, 0x10000, 0);
}

static void test_destination(void)
{
	route(5, 0x55, 1);
	irqchip_isa(ic, 5, 1);
	CHECK(!irqchip_pending(ic, 0), "nobody has id 1");
	irqchip_isa(ic, 5, 0);
	writel(L + 0xd0, 0x04000000);
	route(5, 0x800 | 0x100 | 0x55, 0x04);
	irqchip_isa(ic, 5, 1);
	CHECK_EQ(irqchip_ack(ic, 0), 0x55, "logical, lowest priority");
	writel(L + 0xb0, 0);
}

int main(void)
{
	struct cpu_intr cpu = { 0 };

	bus = bus_create();
	ic = irqchip_create(bus, 1, &cpu);
	irqchip_reset(ic);
	writel(L + 0xf0, 0x1ff);
	test_registers();
	test_edge();
	test_level();
	test_destination();
	return check_done();
}
