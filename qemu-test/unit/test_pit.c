/* SPDX-License-Identifier: BSD-2-Clause */
/* 8254: expectations from the datasheet's mode descriptions (231164), at 105/88 MHz. */
#include "drivers/pc/pit.h"

#include "kernel/timer.h"
#include "qemu-test/unit/pc_test.h"

static struct wire irq0;
static bool waiting;

static bool on_waiting(void *opaque, unsigned n)
{
	(void)opaque, (void)n;
	return waiting;
}

static struct pit *pit;

/* Go to the start of the PIT clock `n` ticks from the present one. */
static u64 tick_now(void);
static void ticks(u64 n)
{
	u64 t = tick_now() + n;

	while (tick_now() < t) {
		u64 want = (t * 88000 + 104) / 105;

		fake_advance(want - clock_ns());
	}
}

static u64 tick_now(void)
{

	return clock_ns() * 105 / 88000;
}

static void program(unsigned ch, u8 mode, u16 n)
{
	outb(0x43, (u8)(ch << 6 | 0x30 | mode << 1));
	outb((u16)(0x40 + ch), (u8)n);
	outb((u16)(0x40 + ch), (u8)(n >> 8));
}

static u16 latched(unsigned ch)
{
	outb(0x43, (u8)(ch << 6));
	u8 lo = inb((u16)(0x40 + ch));
	return (u16)(lo | inb((u16)(0x40 + ch)) << 8);
}

static u8 status(unsigned ch)
{
	outb(0x43, (u8)(0xe0 | 2 << ch));
	return inb((u16)(0x40 + ch));
}

static void test_mode2_rate(void)
{
	program(0, 2, 1193);		/* 1 kHz, near enough */
	irq0.rises = 0;
	fake_advance(1000000000);
	/* 1193181.8 / 1193 = 1000.15 periods */
	CHECK_EQ(irq0.rises, 1000, "1 kHz for one second");
	program(0, 2, 0);		/* 65536: 18.2 Hz */
	irq0.rises = 0;
	fake_advance(10000000000ull);
	CHECK_EQ(irq0.rises, 182, "18.2 Hz for ten seconds");
	program(0, 3, 11932);		/* 100 Hz square wave */
	irq0.rises = 0;
	fake_advance(1000000000);
	CHECK_EQ(irq0.rises, 99, "mode 3: 1193181.8 / 11932 = 99.998 periods");
}

static void test_late(void)
{
	program(0, 2, 1193);
	irq0.rises = 0;
	fake_jump(3500000);		/* 3 periods pass in one go */

	timer_run();
	CHECK_EQ(irq0.rises, 1, "one edge at once, no burst");
	fake_advance(400000);
	CHECK_EQ(irq0.rises, 3, "the others follow before the next period");
	fake_advance(96100000);
	CHECK_EQ(irq0.rises, 100, "none lost in 100 ms");
	CHECK_EQ(pit_lost(pit), 0, "none counted lost");
	fake_jump(1000000000);
	timer_run();
	fake_advance(50000000);
	CHECK(pit_lost(pit) > 900 && pit_lost(pit) < 1000, "a whole second late: the rest is lost");
}

/* 20 ms in which the guest takes no interrupt: the ticks come afterwards, none before. */
static void test_slow_guest(void)
{
	program(0, 2, 1193);
	fake_advance(1500000);
	waiting = true;
	irq0.rises = 0;
	fake_advance(20000000);
	CHECK_EQ(irq0.rises, 0, "nothing is given on top of a waiting tick");
	waiting = false;
	fake_advance(3000000);
	CHECK_EQ(irq0.rises, 23, "then all of them, with those of the 3 ms");
	fake_advance(100000000);
	CHECK_EQ(irq0.rises, 123, "and the rate is as before");
}

static void test_mode0(void)
{
	ticks(1);
	outb(0x43, 0x30);
	irq0.rises = 0;
	CHECK_EQ(irq0.level, 0, "OUT low after the control word");
	outb(0x40, 100), outb(0x40, 0);
	ticks(100);
	CHECK_EQ(irq0.rises, 0, "N clocks: still low");
	ticks(1);
	CHECK_EQ(irq0.rises, 1, "N + 1 clocks after the write: high");
	CHECK_EQ(latched(0), 0, "terminal count");
	ticks(1);
	CHECK_EQ(latched(0), 0xffff, "counting wraps");
	fake_advance(1000000000);
	CHECK_EQ(irq0.rises, 1, "once only");
}

static void test_latch_and_read_back(void)
{
	program(0, 2, 1000);
	ticks(11);
	CHECK_EQ(latched(0), 990, "mode 2 counts by one");
	outb(0x43, 0x00);
	ticks(100);
	outb(0x43, 0x00);
	u8 lo = inb(0x40);
	CHECK_EQ(lo | inb(0x40) << 8, 990, "a second latch command is ignored");
	CHECK_EQ(status(0), 0xb4, "status: OUT high, count taken, both bytes, mode 2");
	outb(0x43, 0xc2);		/* status and count of channel 0 */
	CHECK_EQ(inb(0x40), 0xb4, "status first");
	lo = inb(0x40);
	CHECK_EQ(lo | inb(0x40) << 8, 890, "then the count");
	ticks(890 - 1);
	CHECK_EQ(latched(0), 1, "last clock of the period");
	CHECK_EQ(status(0) & 0x80, 0, "OUT low for that clock");
	ticks(1);
	CHECK_EQ(latched(0), 1000, "reloaded");
	outb(0x43, 0x34);
	CHECK_EQ(status(0) & 0x40, 0x40, "null count after the control word");
	outb(0x43, 0x10);		/* low byte only, mode 0 */
	outb(0x40, 50);
	ticks(11);
	outb(0x43, 0x00);
	CHECK_EQ(inb(0x40), 40, "low byte only");
}

static void test_new_count(void)
{
	program(0, 2, 1000);
	ticks(501);
	outb(0x40, 100), outb(0x40, 0);
	CHECK_EQ(latched(0), 500, "a new count waits for the end of the period");
	CHECK_EQ(status(0) & 0x40, 0x40, "null count until then");
	ticks(500);
	CHECK_EQ(latched(0), 100, "then it is taken");
	CHECK_EQ(status(0) & 0x40, 0, "count taken");
	irq0.rises = 0;
	ticks(1000);
	CHECK_EQ(irq0.rises, 10, "and gives the rate");
}

static void test_mode3_counts(void)
{
	program(0, 3, 10);
	ticks(1);
	CHECK_EQ(latched(0), 10, "even: starts at N");
	ticks(1);
	CHECK_EQ(latched(0), 8, "by two");
	ticks(3);
	CHECK_EQ(latched(0), 2, "2 is the last of a half");
	CHECK_EQ(status(0) & 0x80, 0x80, "first half high");
	ticks(1);
	CHECK_EQ(latched(0), 10, "second half starts again");
	CHECK_EQ(status(0) & 0x80, 0, "second half low");
	program(0, 3, 5);
	ticks(1);
	CHECK_EQ(latched(0), 4, "odd: N - 1");
	ticks(2);
	CHECK_EQ(latched(0), 0, "high for (N + 1) / 2 clocks");
	CHECK_EQ(status(0) & 0x80, 0x80, "high");
	ticks(1);
	CHECK_EQ(status(0) & 0x80, 0, "low for (N - 1) / 2 clocks");
	ticks(2);
	CHECK_EQ(status(0) & 0x80, 0x80, "high again");
}

static void test_channel2(void)
{
	outb(0x61, 0x00);
	program(2, 0, 1000);
	CHECK_EQ(inb(0x61) & 0x20, 0, "OUT2 low");
	ticks(2000);
	CHECK_EQ(inb(0x61) & 0x20, 0, "gate low: no counting");
	CHECK_EQ(latched(2), 1000, "count kept");
	outb(0x61, 0x01);
	ticks(600);
	outb(0x61, 0x00);
	ticks(5000);
	CHECK_EQ(latched(2), 400, "stopped in between");
	outb(0x61, 0x01);
	ticks(399);
	CHECK_EQ(inb(0x61) & 0x20, 0, "not yet");
	ticks(1);
	CHECK_EQ(inb(0x61) & 0x20, 0x20, "terminal count");
	outb(0x61, 0x00);
	program(2, 1, 100);
	CHECK_EQ(inb(0x61) & 0x20, 0x20, "mode 1: high until triggered");
	ticks(10);
	outb(0x61, 0x01);
	ticks(1);
	CHECK_EQ(inb(0x61) & 0x20, 0, "mode 1: low");
	ticks(100);
	CHECK_EQ(inb(0x61) & 0x20, 0x20, "mode 1: high after N clocks");
	outb(0x61, 0x0e);
	CHECK_EQ(inb(0x61) & 0x0f, 0x0e, "bits 0-3 read back");
	u8 r = inb(0x61) & 0x10;
	fake_advance(15085);
	CHECK_EQ(inb(0x61) & 0x10, r ^ 0x10, "refresh toggles every 15 us");
}

static void test_bcd(void)
{
	outb(0x61, 0x01);
	outb(0x43, 0xb1);		/* channel 2, mode 0, BCD */
	outb(0x42, 0x00), outb(0x42, 0x10);
	ticks(2);
	CHECK_EQ(latched(2), 0x999, "BCD counts from 1000 decimal");
}

int main(void)
{
	struct irq_line l = wire_line(&irq0);

	bus = bus_create();
	fake_time_reset(123457);
	pit = pit_create(bus, &l, on_waiting);
	test_mode2_rate();
	test_late();
	test_slow_guest();
	test_mode0();
	test_latch_and_read_back();
	test_new_count();
	test_mode3_counts();
	test_channel2();
	test_bcd();
	return check_done();
}
