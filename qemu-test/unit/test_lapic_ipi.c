/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPIs between four cores: each delivery mode by each destination and shorthand, against tables
 * written from the SDM (3A §11.6); errors; who takes INIT and SIPI (§9.4).
 */
#include "qemu-test/unit/lapic_test.h"

/* -- Who is meant ---------------------------------------------------------- */

struct row {
	bool logical;
	u8 dest;
	u8 who;			/* a bit for each core */
	const char *name;
};

/* §11.6.2.1, and .2 with one bit of LDR for each core. */
static const struct row flat[] = {
	{ false, 0x00, 0x1, "physical 0" }, { false, 0x02, 0x4, "physical 2" },
	{ false, 0x03, 0x8, "physical 3" }, { false, 0x04, 0x0, "physical 4: nobody" },
	{ false, 0x0f, 0x0, "physical 15: nobody" }, { false, 0xff, 0xf, "physical broadcast" },
	{ true, 0x01, 0x1, "flat 1" }, { true, 0x06, 0x6, "flat 6" },
	{ true, 0x0f, 0xf, "flat 15" },
	{ true, 0xf8, 0x8, "flat f8" }, { true, 0x10, 0x0, "flat 10: nobody" },
	{ true, 0x00, 0x0, "flat 0: nobody" }, { true, 0xff, 0xf, "flat broadcast" },
};
static const u8 flat_ldr[CORES] = { 0x01, 0x02, 0x04, 0x08 };

/* Two clusters, 1 and 2. */
static const struct row cluster[] = {
	{ false, 0x01, 0x2, "physical 1" }, { true, 0x11, 0x1, "cluster 1, first" },
	{ true, 0x13, 0x3, "cluster 1, both" }, { true, 0x2f, 0xc, "cluster 2, all" },
	{ true, 0x24, 0x8, "cluster 2, third" }, { true, 0x28, 0x0, "cluster 2, fourth: nobody" },
	{ true, 0x3f, 0x0, "cluster 3: nobody" }, { true, 0x10, 0x0, "cluster 1, none" },
	{ true, 0xf1, 0x5, "first of all clusters" }, { true, 0xff, 0xf, "cluster broadcast" },
};
static const u8 cluster_ldr[CORES] = { 0x11, 0x12, 0x21, 0x24 };

static void model(u32 dfr, const u8 ldr[CORES])
{
	begin();
	for (unsigned k = 0; k < CORES; k++) {
		set(k, DFR, dfr);
		set(k, LDR, (u32)ldr[k] << 24);
	}
}

/* -- What it does ---------------------------------------------------------- */

/* Those of `who` have got what the mode gives, nobody else anything. `waiting`: for a SIPI. */
static void check_effect(unsigned mode, u8 vector, u8 who, u8 waiting, const char *name)
{
	unsigned lowest = 0;

	for (unsigned k = 0; k < CORES; k++) {
		bool me = who >> k & 1, w = waiting >> k & 1;
		bool irr = vector >= 16 && waits_in(k, IRR, vector);

		CHECK(mode == 1 ? !irr || me : irr == (me && mode == 0), name);
		lowest += irr;
		CHECK(!irr || !waits_in(k, TMR, vector), "an IPI is an edge");
		CHECK_EQ(nmis[k], me && mode == 4, name);
		CHECK_EQ(starts[k], me && (mode == 5 || (mode == 6 && w)), name);
		CHECK_EQ(told[k], irr, name);
	}
	if (mode == 1)
		CHECK_EQ(lowest, who != 0, "lowest priority: one of them");
}

/* Forget it: of IRR by taking it in service and ending it. */
static void settle(void)
{
	for (unsigned k = 0; k < CORES; k++) {
		u8 v;

		while (irqchip_ack(ic, k) >= 0)
			set(k, EOI, 0);
		while (lapic_take_start(lapic, k, &v) != LAPIC_START_NONE)
			;
		told[k] = nmis[k] = starts[k] = 0;
		if (get(k, SVR) != ENABLED)	/* INIT */
			set(k, SVR, ENABLED);
	}
}

static u8 waiting_now(void)
{
	u8 w = 0;

	for (unsigned k = 0; k < CORES; k++)
		w |= (u8)(lapic_waits(lapic, k) << k);
	return w;
}

/* One ICR value, whose low half lacks mode, trigger and vector, in all their forms. */
static void try_forms(unsigned sender, const u8 ldr[CORES], u32 dfr, u32 low, u8 dest, u8 who,
		      const char *name)
{
	for (unsigned mode = 0; mode < 8; mode++)
		for (unsigned trigger = 0; trigger < 4; trigger++) {
			u8 vector = (u8)(0x40 + mode), waiting;
			bool nothing = mode == 5 && trigger == 2;	/* level, de-assert */

			model(dfr, ldr);
			waiting = waiting_now();
			set(sender, ICR2, (u32)dest << 24);
			set(sender, ICR, low | mode << 8 | trigger << 14 | vector);
			CHECK_EQ(get(sender, ICR) & 0x1000, 0, "delivered at once");
			check_effect(mode, vector, nothing ? 0 : who, waiting, name);
			settle();
		}
}

/* Trigger's bits 15:14 are 14 = assert, 15 = level. */
static void test_destinations(void)
{
	for (unsigned k = 0; k < ARRAY_LEN(flat); k++)
		for (unsigned s = 0; s < CORES; s++)
			try_forms(s, flat_ldr, 0xffffffff, flat[k].logical ? 0x800 : 0,
				  flat[k].dest, flat[k].who, flat[k].name);
	for (unsigned k = 0; k < ARRAY_LEN(cluster); k++)
		try_forms(k % CORES, cluster_ldr, 0x0fffffff, cluster[k].logical ? 0x800 : 0,
			  cluster[k].dest, cluster[k].who, cluster[k].name);
}

/* Table 11-3; destination fields do not take part. */
static void test_shorthands(void)
{
	for (unsigned s = 0; s < CORES; s++) {
		u8 me = (u8)(1 << s);

		try_forms(s, flat_ldr, 0xffffffff, 0x40000, 0xff, me, "self");
		try_forms(s, flat_ldr, 0xffffffff, 0x80000, 0x00, ALL, "all");
		try_forms(s, flat_ldr, 0xffffffff, 0xc0000, me, ALL & ~me, "all but self");
	}
}

/* -- Lowest priority, switched off, errors --------------------------------- */

static void test_lowest(void)
{
	model(0xffffffff, flat_ldr);
	set(0, TPR, 0x50), set(1, TPR, 0x30), set(2, TPR, 0x10), set(3, TPR, 0x20);
	set(0, ICR2, 0x0f000000), set(0, ICR, 0x4961);
	CHECK(waits_in(2, IRR, 0x61) && !waits_in(3, IRR, 0x61), "lowest TPR");
	CHECK_EQ(irqchip_ack(ic, 2), 0x61, "taken");
	set(0, ICR, 0x4962);
	CHECK(waits_in(3, IRR, 0x62), "then it has a higher PPR than another");
	set(0, ICR2, 0x03000000), set(0, ICR, 0x4963);
	CHECK(waits_in(1, IRR, 0x63), "lowest of those that are named");
	set(1, SVR, 0xff);
	set(0, ICR, 0x4964);
	CHECK(!waits_in(1, IRR, 0x64) && waits_in(0, IRR, 0x64), "not one that is switched off");
}

static void test_off(void)
{
	model(0xffffffff, flat_ldr);
	set(1, SVR, 0xff);
	set(0, ICR2, 0x01000000);
	set(0, ICR, 0x4070);
	CHECK(!waits_in(1, IRR, 0x70), "off by SVR: no interrupt");
	set(0, ICR, 0x4400), set(0, ICR, 0x4500);
	CHECK(nmis[1] == 1 && starts[1] == 1, "but NMI and INIT (§11.4.7.2)");
	settle();
	CHECK_EQ(lapic_set_base(lapic, 1, 0xfee00000), 0, "off by MSR");
	set(0, ICR, 0x4400), set(0, ICR, 0x4500), set(0, ICR, 0x4670), set(0, ICR, 0xc4400);
	CHECK(!nmis[1] && !starts[1], "is not on the bus at all");
	CHECK(nmis[2] == 1 && nmis[3] == 1, "others are");
	CHECK_EQ(lapic_set_base(lapic, 1, 0xfee00800), 0, "on again");
}

static u32 errors(unsigned n)
{
	set(n, ESR, 0);
	return get(n, ESR);
}

static void test_errors(void)
{
	model(0xffffffff, flat_ldr);
	for (unsigned vector = 0; vector < 18; vector++) {
		set(0, ICR2, 0x01000000), set(0, ICR, 0x4000 | vector);
		CHECK_EQ(errors(0), vector < 16 ? 0x20 : 0, "send illegal vector");
		CHECK_EQ(errors(1), 0, "which nobody receives");
	}
	settle();
	set(0, ICR, 0x4400), set(0, ICR, 0x4600), set(0, ICR, 0x4500);
	CHECK_EQ(errors(0), 0, "vectors of NMI, SIPI and INIT are none");
	set(0, ICR2, 0x09000000), set(0, ICR, 0x4055);
	CHECK_EQ(errors(0), 0, "nobody there: no accept error since the P6");
	lapic_message(lapic, 2, false, LAPIC_FIXED, 3, false);
	CHECK_EQ(errors(2), 0x40, "received illegal vector");
	get(3, 0x3a0), set(3, 0x40, 0);
	CHECK_EQ(get(3, ESR), 0, "ESR shows what it latched");
	CHECK_EQ(errors(3), 0x80, "illegal register");
	CHECK_EQ(errors(3), 0, "and then it is gone");
	set(3, LVT_ERR, 0x99);
	lapic_message(lapic, 3, false, LAPIC_FIXED, 0, false);
	CHECK(waits_in(3, IRR, 0x99) && told[3], "an error interrupts");
	set(3, LVT_ERR, 0x10099);
	settle();
	lapic_message(lapic, 3, false, LAPIC_FIXED, 0, false);
	CHECK(!told[3], "masked, it does not");
	for (u32 r = 0x100; r < 0x280; r += 16)
		set(3, r, 0xffffffff);
	set(3, 0x30, 0), set(3, PPR, 0), set(3, 0x390, 0);
	errors(3);
	CHECK_EQ(errors(3), 0, "what is only read is no error to write");
	CHECK(!get(3, IRR) && !get(3, TMR), "and stays");
}

/* -- INIT and SIPI --------------------------------------------------------- */

static u8 got_vector;

static enum lapic_start take(unsigned n) { return lapic_take_start(lapic, n, &got_vector); }

static void send(unsigned n, u32 what) { set(0, ICR2, n << 24), set(0, ICR, what); }

enum { SEND_INIT = 0x4500, SEND_SIPI = 0x4600 };

static void test_start(void)
{
	begin();
	CHECK(!lapic_waits(lapic, 0) && lapic_waits(lapic, 1) && lapic_waits(lapic, 3),
	      "after power-up the boot core runs, the others wait");
	set(0, ICR, 0xc4500), set(0, ICR, 0xc4610), set(0, ICR, 0xc4611);
	for (unsigned k = 1; k < CORES; k++) {
		CHECK_EQ(take(k), LAPIC_START_WAIT, "INIT");
		CHECK_EQ(take(k), LAPIC_START_SIPI, "then the SIPI that came before it was taken");
		CHECK_EQ(got_vector, 0x10, "the first of two");
		CHECK_EQ(take(k), LAPIC_START_NONE, "no more");
		CHECK(!lapic_waits(lapic, k), "it runs");
		CHECK_EQ(get(k, SVR), 0xff, "its local APIC was reset");
	}
	CHECK_EQ(starts[0], 0, "not the sender");
	send(2, SEND_SIPI | 0x22);
	CHECK_EQ(take(2), LAPIC_START_NONE, "a SIPI to one that runs is ignored");
	send(2, SEND_INIT);
	CHECK(!lapic_waits(lapic, 2), "INIT is for the core to take");
	CHECK_EQ(take(2), LAPIC_START_WAIT, "a core that runs takes it");
	CHECK(lapic_waits(lapic, 2), "and waits");
	CHECK_EQ(take(2), LAPIC_START_NONE, "the SIPI before is not kept");
	send(2, SEND_SIPI | 0x33);
	CHECK_EQ(take(2), LAPIC_START_SIPI, "this one is");
	CHECK_EQ(got_vector, 0x33, "its page");
	send(2, SEND_INIT), send(2, SEND_SIPI | 0x44), send(2, SEND_INIT);
	CHECK_EQ(take(2), LAPIC_START_WAIT, "a second INIT");
	CHECK_EQ(take(2), LAPIC_START_NONE, "undoes the SIPI between");
	CHECK(lapic_waits(lapic, 2), "so it waits");
}

static void test_start_boot_core(void)
{
	begin();
	set(1, ICR2, 0), set(1, ICR, SEND_SIPI | 0x55);
	CHECK_EQ(take(0), LAPIC_START_NONE, "no SIPI for the boot core");
	set(0, TPR, 0x40), set(0, ICR2, 0x01000000);
	set(1, ICR, SEND_INIT), set(1, ICR, SEND_SIPI | 0x55);
	CHECK_EQ(take(0), LAPIC_START_INIT, "INIT of the boot core");
	CHECK_EQ(take(0), LAPIC_START_NONE, "it does not wait for a SIPI");
	CHECK(!lapic_waits(lapic, 0), "it runs");
	CHECK_EQ(lapic_base(lapic, 0), 0xfee00900, "and is the boot core still");
	CHECK(!get(0, TPR) && !get(0, ICR2), "its registers are reset");
	irqchip_reset(ic);
	CHECK(lapic_waits(lapic, 1), "reset: all wait again");
	set(0, SVR, ENABLED), set(0, ICR2, 0x03000000), set(0, ICR, SEND_SIPI | 1);
	CHECK_EQ(take(3), LAPIC_START_SIPI, "a SIPI without INIT before");
}

int main(void)
{
	make_cores();
	test_destinations();
	test_shorthands();
	test_lowest();
	test_off();
	test_errors();
	test_start();
	test_start_boot_core();
	return check_done();
}
