/* SPDX-License-Identifier: BSD-2-Clause */
/* Local APICs with the PIC behind LINT0: expectations from Intel SDM 3A chapter 11. */
#include "drivers/pc/irqchip.h"

#include "kernel/lib/err.h"
#include "qemu-test/unit/pc_test.h"

enum { L = 0xfee00000 };

static struct irqchip *ic;
static struct lapic *lapic;
static unsigned raises[4], nmis, starts, core_now;

static void on_raise(void *o, unsigned c) { (void)o; raises[c]++; }
static void on_nmi(void *o, unsigned c) { (void)o, (void)c; nmis++; }
static void on_start(void *o, unsigned c) { (void)o, (void)c; starts++; }
static unsigned on_core(void *o) { (void)o; return core_now; }

static u32 get(u32 reg) { return readl(L + reg); }
static void set(u32 reg, u32 v) { writel(L + reg, v); }

static void test_reset_state(void)
{
	CHECK_EQ(lapic_base(lapic, 0), 0xfee00900, "IA32_APIC_BASE: BSP, enabled");
	CHECK_EQ(lapic_base(lapic, 1), 0xfee00800, "IA32_APIC_BASE: AP, enabled");
	CHECK_EQ(get(0x20), 0, "id");
	CHECK_EQ(get(0x30) & 0xff, 0x14, "version");
	CHECK_EQ(get(0x30) >> 16, 0x105, "six LVT entries, EOI broadcasts can be suppressed");
	CHECK_EQ(get(0xe0), 0xffffffff, "DFR");
	CHECK_EQ(get(0xf0), 0xff, "SVR");
	for (u32 r = 0x320; r <= 0x370; r += 16)
		CHECK_EQ(get(r), 0x10000, "LVT masked");
	set(0x350, 0x700);
	CHECK_EQ(get(0x350), 0x10700, "software disabled: LVT stays masked");
}

static void test_self_ipi(void)
{
	set(0xf0, 0x1ff);
	raises[0] = 0;
	set(0x300, 0x40030);		/* self, fixed, vector 0x30 */
	CHECK_EQ(raises[0], 1, "core told");
	CHECK(irqchip_pending(ic, 0), "pending");
	CHECK_EQ(get(0x210), 1 << 16, "IRR bit 0x30");
	CHECK_EQ(irqchip_ack(ic, 0), 0x30, "vector");
	CHECK_EQ(get(0x110), 1 << 16, "ISR bit 0x30");
	CHECK_EQ(get(0x210), 0, "IRR clear");
	CHECK_EQ(get(0xa0), 0x30, "PPR is the class in service");
	set(0x300, 0x4003f);
	CHECK(!irqchip_pending(ic, 0), "same class waits");
	set(0x300, 0x40041);
	CHECK_EQ(irqchip_ack(ic, 0), 0x41, "higher class nests");
	set(0xb0, 0);
	CHECK(!irqchip_pending(ic, 0), "0x3f still waits for 0x30");
	set(0xb0, 0);
	CHECK_EQ(irqchip_ack(ic, 0), 0x3f, "then comes");
	set(0xb0, 0);
	CHECK_EQ(irqchip_ack(ic, 0), -1, "nothing left");
	lapic_set_tpr(lapic, 0, 0x50);	/* as CR8 */
	CHECK_EQ(get(0x80), 0x50, "TPR as CR8 set it");
	set(0x300, 0x40052);
	CHECK(!irqchip_pending(ic, 0), "CR8 = 5 holds class 5");
	raises[0] = 0;
	lapic_set_tpr(lapic, 0, 0x40);
	CHECK_EQ(raises[0], 1, "core told by CR8");
	CHECK_EQ(irqchip_ack(ic, 0), 0x52, "CR8 = 4 lets class 5 in");
	set(0xb0, 0);
	set(0x80, 0x50);
	set(0x300, 0x40055);
	CHECK(!irqchip_pending(ic, 0), "TPR holds its class back");
	CHECK_EQ(get(0xa0), 0x50, "PPR is TPR");
	set(0x80, 0x40);
	CHECK_EQ(irqchip_ack(ic, 0), 0x55, "TPR lowered");
	set(0xb0, 0);
	set(0x80, 0);
	set(0x300, 0x4000f);
	set(0x280, 0);
	CHECK_EQ(get(0x280), 0x20, "vectors below 16: send illegal vector");
}

static void test_destinations(void)
{
	raises[0] = raises[1] = 0;
	set(0x310, 1u << 24), set(0x300, 0x31);
	CHECK(!irqchip_pending(ic, 1), "a software-disabled LAPIC takes no fixed IPI");
	core_now = 1;
	set(0xf0, 0x1ff), set(0xd0, 2u << 24);
	CHECK_EQ(get(0x20), 1u << 24, "id of core 1");
	core_now = 0;
	set(0xd0, 1u << 24);
	set(0x300, 0x31);
	CHECK_EQ(irqchip_ack(ic, 1), 0x31, "physical destination");
	set(0x310, 2u << 24), set(0x300, 0x832);
	CHECK(!irqchip_pending(ic, 1), "0x32 waits for 0x31");
	core_now = 1, set(0xb0, 0), core_now = 0;
	CHECK_EQ(irqchip_ack(ic, 1), 0x32, "logical flat destination");
	core_now = 1, set(0xb0, 0), core_now = 0;
	set(0x300, 0xc0042);		/* all but self */
	CHECK(!irqchip_pending(ic, 0), "not self");
	CHECK_EQ(irqchip_ack(ic, 1), 0x42, "all but self");
	core_now = 1, set(0xb0, 0), core_now = 0;
	set(0x310, 1u << 24);
	set(0x300, 0x4500);
	CHECK_EQ(starts, 1, "INIT");
	set(0x300, 0x8500);
	CHECK_EQ(starts, 1, "INIT de-assert is ignored");
	set(0x300, 0x4400);
	CHECK_EQ(nmis, 1, "NMI");
}

static void test_timer(void)
{
	/* 100 MHz: 10 ns a count. */
	set(0x3e0, 0xb);		/* divide by 1 */
	set(0x320, 0x50);
	set(0x380, 1000000);
	fake_advance(4000000);
	CHECK_EQ(get(0x390), 600000, "current count after 4 ms");
	fake_advance(5999999);
	CHECK(!irqchip_pending(ic, 0), "not yet");
	fake_advance(1);
	CHECK_EQ(irqchip_ack(ic, 0), 0x50, "after 10 ms");
	set(0xb0, 0);
	CHECK_EQ(get(0x390), 0, "one-shot stops");
	fake_advance(100000000);
	CHECK(!irqchip_pending(ic, 0), "once");
	set(0x3e0, 0x3);		/* divide by 16 */
	set(0x320, 0x20051);		/* periodic */
	set(0x380, 6250);		/* 1 ms */
	unsigned n = 0;
	for (unsigned k = 0; k < 1000; k++) {
		fake_advance(100000);
		if (irqchip_pending(ic, 0)) {
			n += irqchip_ack(ic, 0) == 0x51;
			set(0xb0, 0);
		}
	}
	CHECK_EQ(n, 100, "100 ticks in 100 ms");
	set(0x320, 0x30051);
	fake_advance(5000000);
	CHECK(!irqchip_pending(ic, 0), "masked");
	CHECK(get(0x390) > 0 && get(0x390) <= 6250, "but counting");
	set(0x380, 0);
	CHECK_EQ(get(0x390), 0, "initial count 0 stops it");
}

static void program_pic(void)
{
	outb(0x20, 0x11), outb(0x21, 0x08), outb(0x21, 0x04), outb(0x21, 0x01);
	outb(0xa0, 0x11), outb(0xa1, 0x70), outb(0xa1, 0x02), outb(0xa1, 0x01);
	outb(0x21, 0), outb(0xa1, 0);
}

static void test_virtual_wire(void)
{
	program_pic();
	raises[0] = 0;
	irqchip_isa(ic, 1, 1);
	CHECK(!irqchip_pending(ic, 0), "LINT0 masked: no INTR");
	set(0x350, 0x8700);
	CHECK_EQ(raises[0], 1, "unmasked as ExtINT: core told");
	CHECK_EQ(irqchip_ack(ic, 0), 0x09, "the PIC's vector");
	CHECK_EQ(get(0x100), 0, "not in the LAPIC's ISR");
	outb(0x20, 0x20);
	irqchip_isa(ic, 1, 0);
	irqchip_isa(ic, 1, 1);
	set(0x300, 0x40030);
	CHECK_EQ(irqchip_ack(ic, 0), 0x30, "the LAPIC's own first");
	CHECK_EQ(irqchip_ack(ic, 0), 0x09, "then the PIC's");
	set(0xb0, 0), outb(0x20, 0x20);
	irqchip_isa(ic, 1, 0);
	CHECK(!irqchip_pending(ic, 1), "core 1 has LINT0 masked");
	set(0x350, 0x10000);
	CHECK_EQ(lapic_set_base(lapic, 0, 0xfee00100), 0, "LAPIC switched off by MSR");
	irqchip_isa(ic, 1, 1);
	CHECK_EQ(irqchip_ack(ic, 0), 0x09, "INTR goes straight to the core");
	outb(0x20, 0x20);
	CHECK_EQ(get(0x30), 0xffffffff, "and the page is gone");
	CHECK_EQ(lapic_set_base(lapic, 0, 0xfed00900), 0, "another base");
	CHECK_EQ(readl(0xfed00030) & 0xff, 0x14, "registers moved");
	CHECK_EQ(lapic_set_base(lapic, 0, 0xfee00b00), -ERR_INVAL, "bit 9 is reserved");
	unsigned lines = native_printks;
	CHECK_EQ(lapic_set_base(lapic, 0, 0x00010900), 0, "over RAM");
	CHECK(native_printks == lines + 1 && strstr(native_last, "RAM answers"), "is logged");
	CHECK_EQ(lapic_set_base(lapic, 0, 0xfee00900), 0, "back");
	CHECK_EQ(native_printks, lines + 1, "without a word");
	CHECK_EQ(get(0xf0), 0x1ff, "state kept");
}

int main(void)
{
	struct cpu_intr cpu = { NULL, on_raise, on_nmi, on_start, on_core };

	bus = bus_create();
	fake_time_reset(1000);
	ic = irqchip_create(bus, 2, &cpu);
	irqchip_reset(ic);
	lapic = irqchip_lapic(ic);
	test_reset_state();
	test_self_ipi();
	test_destinations();
	test_timer();
	test_virtual_wire();
	return check_done();
}
