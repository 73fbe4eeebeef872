/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x2APIC mode: changes of mode, which MSR can be read and written, IPIs among cores of both modes
 * (SDM 3A §11.12); the TSC deadline (§11.5.4.1).
 */
#include "kernel/lib/err.h"
#include "kernel/timer.h"
#include "qemu-test/unit/lapic_test.h"

enum { X2_ID = 0x02, X2_LDR = 0x0d, X2_SVR = 0x0f, X2_ICR = 0x30, X2_SELF = 0x3f };

#define BASE(n, bits) (0xfee00000u | ((n) ? 0u : 0x100u) | (bits))
enum { OFF = 0, X1 = 0x800, X2 = 0xc00, BAD = 0x400 };

static u64 rd(unsigned n, u32 msr)
{
	u64 v = ~0ull;

	CHECK(lapic_x2_read(lapic, n, msr, &v), "can be read");
	return v;
}

static void wr(unsigned n, u32 msr, u64 v)
{
	CHECK(lapic_x2_write(lapic, n, msr, v), "can be written");
}

/* Figure 11-27: from, to, whether it goes. */
static void test_modes(void)
{
	static const struct { u32 from, to; bool good; } row[] = {
		{ OFF, OFF, true }, { OFF, X1, true }, { OFF, X2, false }, { OFF, BAD, false },
		{ X1, OFF, true }, { X1, X1, true }, { X1, X2, true }, { X1, BAD, false },
		{ X2, OFF, true }, { X2, X1, false }, { X2, X2, true }, { X2, BAD, false },
	};

	for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
		begin();
		lapic_set_base(lapic, 1, BASE(1, row[k].from));
		CHECK_EQ(lapic_base(lapic, 1), BASE(1, row[k].from), "the mode to begin with");
		CHECK_EQ(lapic_set_base(lapic, 1, BASE(1, row[k].to)),
			 row[k].good ? 0 : -ERR_INVAL, "change of mode");
		CHECK_EQ(lapic_base(lapic, 1), BASE(1, row[k].good ? row[k].to : row[k].from),
			 "the mode then");
	}
	begin();
	set(3, 0x20, 0x77000000), set(3, LDR, 0x80000000), set(3, TPR, 0x20);
	lapic_set_base(lapic, 3, BASE(3, X2));
	CHECK_EQ(rd(3, X2_ID), 3, "the id is the core's, not what xAPIC mode was told");
	CHECK_EQ(rd(3, X2_LDR), 0x00000008, "so is the logical one");
	CHECK_EQ(rd(3, 0x08), 0x20, "the rest stays");
	CHECK_EQ(get(3, TPR), 0xffffffff, "there is no page in this mode");
	set(3, TPR, 0x70);
	CHECK_EQ(rd(3, 0x08), 0x20, "nor does it take anything");
	set(0, ICR2, 0x03000000), set(0, ICR, 0x4500);
	u8 v;
	CHECK_EQ(lapic_take_start(lapic, 3, &v), LAPIC_START_WAIT, "INIT");
	CHECK(rd(3, 0x08) == 0 && rd(3, X2_ID) == 3, "resets registers, not the mode");
	wr(3, X2_SVR, 0x1ff), wr(3, 0x08, 0x20);
	lapic_set_base(lapic, 3, BASE(3, OFF));
	lapic_set_base(lapic, 3, BASE(3, X1));
	CHECK(get(3, 0x20) == 0x03000000 && get(3, TPR) == 0, "by way of off it begins anew");
}

/* Table 11-6: r, w; bits that may be 1 in a write. */
static const struct msr { u8 n; bool r, w; u32 bits; } msrs[] = {
	{ 0x02, true, false, 0 }, { 0x03, true, false, 0 }, { 0x08, true, true, 0xff },
	{ 0x0a, true, false, 0 }, { 0x0b, false, true, 0 }, { 0x0d, true, false, 0 },
	{ 0x0f, true, true, 0x11ff }, { 0x28, true, true, 0 }, { 0x30, true, true, 0xcdfff },
	{ 0x32, true, true, 0x710ff }, { 0x33, true, true, 0x117ff }, { 0x34, true, true, 0x117ff },
	{ 0x35, true, true, 0x1f7ff }, { 0x36, true, true, 0x1f7ff }, { 0x37, true, true, 0x110ff },
	{ 0x38, true, true, 0xffffffff }, { 0x39, true, false, 0 }, { 0x3e, true, true, 0xb },
	{ 0x3f, false, true, 0xff },
};

static struct msr msr_of(u32 n)
{
	for (unsigned k = 0; k < ARRAY_LEN(msrs); k++)
		if (msrs[k].n == n)
			return msrs[k];
	return (struct msr){ .r = n >= 0x10 && n < 0x28 };
}

static void test_registers(void)
{
	begin();
	lapic_set_base(lapic, 1, BASE(1, X2));
	for (u32 n = 0; n < 0x100; n++) {
		struct msr m = msr_of(n);
		u64 v;

		CHECK_EQ(lapic_x2_read(lapic, 1, n, &v), m.r, "can be read as table 11-6 says");
		CHECK_EQ(lapic_x2_write(lapic, 1, n, 0), m.w, "can be written as it says");
		for (unsigned b = 0; m.w && n != 0x30 && b < 64; b++)
			CHECK_EQ(lapic_x2_write(lapic, 1, n, 1ull << b), (u64)m.bits >> b & 1,
				 "reserved bits are #GP");
	}
	for (unsigned b = 12; b < 32; b++)
		CHECK_EQ(lapic_x2_write(lapic, 1, 0x30, 1ull << b | 0x4030),
			 b == 13 || b == 16 || b == 17 || b > 19 ? 0 : 1, "reserved bits of ICR");
	CHECK(!lapic_x2_read(lapic, 0, 3, &(u64){ 0 }) && !lapic_x2_write(lapic, 0, 8, 0),
	      "there are none in xAPIC mode");
}

/* Cores 0 and 1 in xAPIC mode, 2 and 3 in x2APIC mode. */
static void test_messages(void)
{
	begin();
	for (unsigned k = 2; k < CORES; k++) {
		lapic_set_base(lapic, k, BASE(k, X2));
		wr(k, X2_SVR, 0x1ff);
	}
	set(0, LDR, 0x01000000), set(1, LDR, 0x02000000);
	static const struct { u64 icr; u8 who; const char *name; } row[] = {
		{ 3ull << 32 | 0x4000, 8, "physical 3" }, { 1ull << 32 | 0x4000, 2, "physical 1" },
		{ 0xffull << 32 | 0x4000, 0, "physical ff is not all" },
		{ 0x103ull << 32 | 0x4000, 0, "physical 103 is not 3" },
		{ 0xffffffffull << 32 | 0x4000, ALL, "physical broadcast" },
		{ 0xcull << 32 | 0x4800, 0xc, "logical, cluster 0" },
		{ 0x1000cull << 32 | 0x4800, 0, "logical, cluster 1" },
		{ 0xffffffffull << 32 | 0x4800, ALL, "logical broadcast" },
		{ 0xc4000, 0x7, "all but self" }, { 0x44000, 0x8, "self" }, { 0x84000, ALL, "all" },
	};
	for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
		u8 v = (u8)(0x40 + k), got = 0;

		wr(3, X2_ICR, row[k].icr | v);
		CHECK_EQ(rd(3, X2_ICR), row[k].icr | v, "ICR reads what was written");
		for (unsigned n = 0; n < CORES; n++) {
			int a = irqchip_ack(ic, n);

			CHECK(a < 0 || a == v, "no other");
			got |= (u8)((a == v) << n);
			n < 2 ? set(n, EOI, 0) : wr(n, 0x0b, 0);
		}
		CHECK_EQ(got, row[k].who, row[k].name);
	}
	set(0, ICR2, 0xff000000), set(0, ICR, 0x4060);
	CHECK(irqchip_ack(ic, 2) == 0x60 && irqchip_ack(ic, 1) == 0x60, "an 8-bit ff is all");
	set(0, ICR2, 0x0c000000), set(0, ICR, 0x4870);
	CHECK(irqchip_ack(ic, 2) == 0x70 && irqchip_ack(ic, 3) == 0x70, "8-bit logical");
	wr(2, X2_SELF, 0x80);
	CHECK_EQ(irqchip_ack(ic, 2), 0x80, "SELF IPI");
	wr(2, X2_SELF, 0x08);
	wr(2, 0x28, 0);
	CHECK_EQ(rd(2, 0x28), 0x20, "of an illegal vector: send illegal vector");
}

static void test_deadline(void)
{
	enum { LVT = 0x320, DEADLINE = 0x40000 };

	begin();
	lapic_set_deadline(lapic, 1, 5000, clock_ns() + 5000);
	CHECK_EQ(lapic_deadline(lapic, 1), 0, "another mode: a write is ignored");
	set(1, LVT, DEADLINE | 0x77);
	lapic_set_deadline(lapic, 1, 5000, clock_ns() + 5000);
	CHECK_EQ(lapic_deadline(lapic, 1), 5000, "reads back");
	set(1, 0x380, 100);
	CHECK_EQ(get(1, 0x390), 0, "nothing counts in this mode");
	fake_advance(4999);
	CHECK(!irqchip_pending(ic, 1), "not yet");
	fake_advance(1);
	CHECK_EQ(irqchip_ack(ic, 1), 0x77, "at the deadline");
	set(1, EOI, 0);
	CHECK_EQ(lapic_deadline(lapic, 1), 0, "then it is gone");
	fake_advance(100000);
	CHECK(!irqchip_pending(ic, 1), "once");
	lapic_set_deadline(lapic, 1, 5000, clock_ns() - 1000);
	fake_advance(0);
	CHECK_EQ(irqchip_ack(ic, 1), 0x77, "one that has passed: at once");
	set(1, EOI, 0);
	lapic_set_deadline(lapic, 1, 6000, clock_ns() + 6000);
	lapic_set_deadline(lapic, 1, 9000, clock_ns() + 9000);
	fake_advance(8999);
	CHECK(!irqchip_pending(ic, 1), "a later one takes its place");
	lapic_set_deadline(lapic, 1, 0, 0);
	fake_advance(9000);
	CHECK(!irqchip_pending(ic, 1), "0 takes it away");
	lapic_set_deadline(lapic, 1, 6000, clock_ns() + 6000);
	set(1, LVT, 0x77);
	CHECK_EQ(lapic_deadline(lapic, 1), 0, "another mode ends it");
	fake_advance(9000);
	CHECK(!irqchip_pending(ic, 1), "for good");
	set(1, 0x3e0, 0xb), set(1, 0x380, 1000);
	set(1, LVT, DEADLINE | 0x77);
	CHECK_EQ(get(1, 0x390), 0, "and this mode ends a count");
}

int main(void)
{
	make_cores();
	test_modes();
	test_registers();
	test_messages();
	test_deadline();
	return check_done();
}
