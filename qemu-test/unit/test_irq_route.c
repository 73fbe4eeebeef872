/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IOAPIC, messages of PCI and PIC among four cores: expectations from the 82093AA (§3.2.4, remote
 * IRR), SDM 3A §11.8.5, 11.11 and the MP specification's virtual wire mode.
 */
#include "drivers/pc/ioapic.h"
#include "qemu-test/unit/lapic_test.h"

enum { A = 0xfec00000, LEVEL = 0x8000, LOGICAL = 0x800, MASKED = 0x10000, REMOTE_IRR = 0x4000,
	PIN = 11 };

static u32 rte(unsigned pin) { writel(A, 0x10 + 2 * pin); return readl(A + 0x10); }

static void route(unsigned pin, u32 low, u8 dest)
{
	writel(A, 0x11 + 2 * pin), writel(A + 0x10, (u32)dest << 24);
	writel(A, 0x10 + 2 * pin), writel(A + 0x10, low);
}

static void begin_flat(void)
{
	begin();
	for (unsigned k = 0; k < CORES; k++)
		set(k, LDR, 1u << (24 + k));
}

/* The cores that have it waiting; they take it. */
static u8 take_all(u8 vector)
{
	u8 who = 0;

	for (unsigned k = 0; k < CORES; k++)
		who |= (u8)((irqchip_ack(ic, k) == vector) << k);
	return who;
}

static void end(unsigned n) { set(n, EOI, 0); }

static void test_edges(void)
{
	static const struct { u32 low; u8 dest, who; } row[] = {
		{ 0x51, 0, 0x1 }, { 0x52, 2, 0x4 }, { 0x53, 7, 0 }, { 0x54, 0xff, ALL },
		{ LOGICAL | 0x55, 0x0a, 0xa }, { LOGICAL | 0x56, 0xf0, 0 },
		{ LOGICAL | 0x157, 0x0c, 0x4 },		/* lowest priority: the first of equals */
	};

	for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
		begin_flat();
		route(PIN, row[k].low, row[k].dest);
		irqchip_isa(ic, PIN, 1);
		irqchip_isa(ic, PIN, 0);
		CHECK_EQ(take_all((u8)row[k].low), row[k].who, "an edge goes where the entry says");
	}
	begin_flat();
	set(2, TPR, 0x60);
	route(PIN, LOGICAL | 0x157, 0x0c);
	irqchip_isa(ic, PIN, 1);
	irqchip_isa(ic, PIN, 0);
	CHECK_EQ(take_all(0x57), 0x8, "lowest priority");
}

/* Two cores get it; the first EOI ends it at the IOAPIC. */
static void test_level(void)
{
	begin_flat();
	route(PIN, LEVEL | LOGICAL | 0x61, 0x06);
	irqchip_isa(ic, PIN, 1);
	CHECK(rte(PIN) & REMOTE_IRR, "remote IRR");
	CHECK(waits_in(1, TMR, 0x61) && waits_in(2, TMR, 0x61), "a level at both");
	CHECK_EQ(take_all(0x61), 0x6, "both get it");
	set(3, ICR, 0x44061), set(3, ICR2, 0), irqchip_ack(ic, 3), end(3);
	CHECK(rte(PIN) & REMOTE_IRR, "an edge of that vector ended elsewhere does not count");
	set(1, ICR, 0x44071), irqchip_ack(ic, 1), end(1);
	CHECK(rte(PIN) & REMOTE_IRR, "nor another vector's EOI on one of them");
	end(1);
	CHECK(rte(PIN) & REMOTE_IRR, "EOI with the line up: again");
	CHECK_EQ(irqchip_ack(ic, 1), 0x61, "at the one");
	CHECK_EQ(irqchip_ack(ic, 2), -1, "the other has it in service");
	irqchip_isa(ic, PIN, 0);
	end(2);
	CHECK(!(rte(PIN) & REMOTE_IRR), "EOI with the line down: it is over");
	end(1);
	CHECK_EQ(irqchip_ack(ic, 2), 0x61, "what came meanwhile");
	end(2);
	CHECK_EQ(take_all(0x61), 0, "no more");
}

/* SVR bit 12: the core keeps its EOIs to itself; who wants it ended tells the IOAPIC. */
static void test_suppressed(void)
{
	begin_flat();
	set(1, SVR, 0x1000 | ENABLED);
	route(PIN, LEVEL | 0x62, 1);
	irqchip_isa(ic, PIN, 1);
	CHECK_EQ(irqchip_ack(ic, 1), 0x62, "level");
	irqchip_isa(ic, PIN, 0);
	end(1);
	CHECK(rte(PIN) & REMOTE_IRR, "no broadcast");
	writel(A + 0x40, 0x63);
	CHECK(rte(PIN) & REMOTE_IRR, "another vector");
	writel(A + 0x40, 0x62);
	CHECK(!(rte(PIN) & REMOTE_IRR), "ended");
}

/* NMI, INIT and their like are edges whatever bit 15 says. */
static void test_modes(void)
{
	begin_flat();
	route(PIN, LEVEL | 0x400, 3);
	irqchip_isa(ic, PIN, 1);
	CHECK(nmis[3] == 1 && !(rte(PIN) & REMOTE_IRR), "NMI, without remote IRR");
	irqchip_isa(ic, PIN, 0);
	irqchip_isa(ic, PIN, 1);
	CHECK_EQ(nmis[3], 2, "each edge");
	irqchip_isa(ic, PIN, 0);
	route(PIN, 0x500, 3);
	irqchip_isa(ic, PIN, 1);
	CHECK_EQ(starts[3], 1, "INIT");
	irqchip_isa(ic, PIN, 0);
}

/* SDM 3A §11.11; bit 3 = redirection hint, bit 2 = logical. */
static void test_messages(void)
{
	static const struct { u32 at, data; u8 who; } row[] = {
		{ 0x01000, 0x71, 0x2 }, { 0xff000, 0x72, ALL }, { 0x09000, 0x73, 0 },
		{ 0x0c004, 0x74, 0xc }, { 0x0c00c, 0x75, 0x4 }, { 0x03008, 0x76, 0x8 },
		{ 0x0c004, 0x177, 0x4 }, { 0x01000, 0xc078, 0x2 }, { 0x01000, 0x8079, 0 },
		{ 0x01000, 0x17a, 0x2 },
	};

	for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
		begin_flat();
		irqchip_message(ic, 0xfee00000 | row[k].at, row[k].data);
		CHECK_EQ(take_all((u8)row[k].data), row[k].who, "a message goes where it says");
	}
	begin_flat();
	irqchip_message(ic, 0xfee02000, 0x4400);
	CHECK(nmis[2] == 1 && !nmis[0], "NMI by message");
}

static void test_virtual_wire(void)
{
	begin_flat();
	outb(0x20, 0x11), outb(0x21, 0x08), outb(0x21, 0x04), outb(0x21, 0x01), outb(0x21, 0xfd);
	set(0, 0x350, 0x700);
	irqchip_isa(ic, 1, 1);
	CHECK(irqchip_pending(ic, 0) && told[0], "INTR at the boot core");
	for (unsigned k = 1; k < CORES; k++)
		CHECK(!irqchip_pending(ic, k) && !told[k], "not at the others");
	CHECK_EQ(irqchip_ack(ic, 0), 0x09, "the PIC's vector");
	outb(0x20, 0x20);
	irqchip_isa(ic, 1, 0);
	set(0, 0x350, 0x10700), set(2, 0x350, 0x700);
	irqchip_isa(ic, 1, 1);
	CHECK(irqchip_pending(ic, 2) && !irqchip_pending(ic, 0), "where LINT0 is unmasked");
	CHECK_EQ(irqchip_ack(ic, 2), 0x09, "there");
	outb(0x20, 0x20);
	irqchip_isa(ic, 1, 0);
	set(1, 0x360, 0x400);
	lapic_lint(lapic, 1, 1);
	CHECK(nmis[1] == 1 && !nmis[0], "LINT1 is NMI where it is unmasked");
	lapic_lint(lapic, 1, 0);
	CHECK_EQ(nmis[1], 1, "as it rises");
}

int main(void)
{
	make_cores();
	test_edges();
	test_level();
	test_suppressed();
	test_modes();
	test_messages();
	test_virtual_wire();
	return check_done();
}
