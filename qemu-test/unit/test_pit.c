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
	CHECK_EQ(irq0.rises, 1, "one edge");
	fake_advance(400000);
	CHECK_EQ(irq0.rises, 1, "the others are not made up for");
	fake_advance(96100000);
	CHECK_EQ(irq0.rises, 98, "100 ms, less two");
}

/* 20 ms in which the guest takes no interrupt: each tick takes the place of the one before. */
static void test_slow_guest(void)
{
	u64 lost = pit_lost(pit);

	program(0, 2, 1193);
	fake_advance(1500000);
	waiting = true;
	irq0.rises = 0;
	fake_advance(20000000);
	CHECK_EQ(irq0.rises, 20, "the line goes on");
	CHECK_EQ(pit_lost(pit) - lost, 20, "each found its predecessor waiting");
	fake_jump(5000000);
	timer_run();
	CHECK_EQ(pit_lost(pit) - lost, 25, "those that a late callback merges count, too");
	waiting = false;
	irq0.rises = 0;
	fake_advance(3000000);
	CHECK_EQ(irq0.rises, 3, "no more than there were in that time");
	CHECK_EQ(pit_lost(pit) - lost, 25, "none lost");
}

/* IRQ 0 is OUT: a square wave has both edges, also for a callback that comes too late. */
static void test_square_wave(void)
{
	program(0, 3, 11932);		/* 10 ms */
	irq0.sets = irq0.rises = 0;
	fake_advance(4900000);
	CHECK_EQ(irq0.level, 1, "first half");
	fake_advance(200000);
	CHECK_EQ(irq0.level, 0, "second half");
	fake_advance(4800000);
	CHECK_EQ(irq0.level, 0, "to its end");
	fake_advance(200000);
	CHECK_EQ(irq0.level, 1, "and up again");
	CHECK_EQ(irq0.rises, 1, "one rise in a period");
	fake_jump(17000000);		/* 27.1 ms: low since 2.1 ms, rose at 20 ms */
	timer_run();
	CHECK_EQ(irq0.rises, 2, "a late rise is shown");
	CHECK_EQ(irq0.level, 1, "and can be taken");
	fake_advance(20000);
	CHECK_EQ(irq0.level, 0, "before the line is low again");
	fake_advance(4000000);
	CHECK_EQ(irq0.rises, 3, "the next one comes at its time");
	program(0, 3, 1);
	irq0.rises = 0;
	fake_advance(1000000);
	CHECK_EQ(irq0.rises, 0, "a count of 1 gives no edges");
}

/*
 * The mode descriptions, clock by clock, on channel 2, whose gate moves. What is checked after
 * each step: OUT, the count, NULL COUNT. X: not said by the datasheet, or said before.
 */
enum { X = -1 };
struct step {
	char what;	/* C control word, N count, L first byte, H second; G gate; T clocks */
	u32 arg;
	int out, count, null;
};

static void run(const char *name, const struct step *s)
{
	outb(0x61, 0x01);
	for (unsigned k = 0; s[k].what; k++) {
		char where[80];

		switch (s[k].what) {
		case 'C': outb(0x43, (u8)(0xb0 | s[k].arg << 1)); break;
		case 'N': outb(0x42, (u8)s[k].arg), outb(0x42, (u8)(s[k].arg >> 8)); break;
		case 'L': case 'H': outb(0x42, (u8)s[k].arg); break;
		case 'G': outb(0x61, (u8)s[k].arg); break;
		case 'T': ticks(s[k].arg); break;
		}
		outb(0x43, 0xc8);
		u8 st = inb(0x42), lo = inb(0x42);
		int n = lo | inb(0x42) << 8;
		snprintf(where, sizeof(where), "%s, step %u (%c %u)", name, k, s[k].what, s[k].arg);
		if (s[k].out != X)
			CHECK_EQ(st >> 7, s[k].out, where);
		if (s[k].count != X)
			CHECK_EQ(n, s[k].count, where);
		if (s[k].null != X)
			CHECK_EQ(st >> 6 & 1, s[k].null, where);
	}
}

static void test_mode_table(void)
{
	run("mode 0", (struct step[]){
		{ 'C', 0, 0, X, 1 }, { 'N', 4, 0, X, 1 }, { 'T', 1, 0, 4, 0 }, { 'T', 3, 0, 1, 0 },
		{ 'T', 1, 1, 0, 0 }, { 'T', 1, 1, 0xffff, 0 },
		{ 'L', 3, 0, 0xffff, 0 }, { 'T', 5, 0, 0xffff, 0 }, { 'H', 0, 0, X, 1 },
		{ 'T', 1, 0, 3, 0 }, { 'T', 1, 0, 2, 0 }, { 'N', 5, 0, X, 1 }, { 'T', 1, 0, 5, 0 },
		{ 'G', 0, 0, 5, 0 }, { 'T', 9, 0, 5, 0 }, { 'G', 1, 0, 5, 0 }, { 'T', 4, 0, 1, 0 },
		{ 'T', 1, 1, 0, 0 }, { 'G', 0, 1, 0, 0 }, { 'N', 2, 0, X, 1 }, { 'T', 7, 0, 2, 0 },
		{ 'G', 1, 0, 2, 0 }, { 'T', 2, 1, 0, 0 }, { 'C', 0, 0, X, 1 }, { 0 } });
	run("mode 1", (struct step[]){
		{ 'C', 1, 1, X, 1 }, { 'G', 0, 1, X, 1 }, { 'N', 3, 1, X, 1 }, { 'T', 9, 1, X, 1 },
		{ 'G', 1, 1, X, 1 }, { 'T', 1, 0, 3, 0 }, { 'G', 0, 0, 3, 0 }, { 'T', 2, 0, 1, 0 },
		{ 'T', 1, 1, 0, 0 }, { 'T', 1, 1, 0xffff, 0 }, { 'G', 1, 1, X, 1 },
		{ 'T', 2, 0, 2, 0 }, { 'N', 5, 0, 2, 1 }, { 'T', 1, 0, 1, 1 }, { 'T', 1, 1, 0, 1 },
		{ 'T', 1, 1, 0xffff, 1 }, { 'G', 0, 1, X, 1 }, { 'G', 1, 1, X, 1 },
		{ 'T', 1, 0, 5, 0 }, { 'T', 3, 0, 2, 0 }, { 'G', 0, 0, 2, 0 }, { 'G', 1, 0, X, 1 },
		{ 'T', 1, 0, 5, 0 }, { 'T', 4, 0, 1, 0 }, { 'T', 1, 1, 0, 0 }, { 0 } });
	run("mode 2", (struct step[]){
		{ 'C', 2, 1, X, 1 }, { 'N', 3, 1, X, 1 }, { 'T', 1, 1, 3, 0 }, { 'T', 2, 0, 1, 0 },
		{ 'T', 1, 1, 3, 0 }, { 'N', 5, 1, 3, 1 }, { 'T', 2, 0, 1, 1 }, { 'T', 1, 1, 5, 0 },
		{ 'T', 4, 0, 1, 0 }, { 'G', 0, 1, 1, 0 }, { 'T', 9, 1, 1, 0 }, { 'G', 1, 1, X, 1 },
		{ 'T', 1, 1, 5, 0 }, { 'N', 4, 1, 5, 1 }, { 'G', 0, 1, 5, 1 }, { 'G', 1, 1, X, 1 },
		{ 'T', 1, 1, 4, 0 }, { 'T', 3, 0, 1, 0 }, { 'T', 1, 1, 4, 0 }, { 0 } });
	run("mode 3", (struct step[]){
		{ 'C', 3, 1, X, 1 }, { 'N', 4, 1, X, 1 }, { 'T', 1, 1, 4, 0 }, { 'T', 1, 1, 2, 0 },
		{ 'T', 1, 0, 4, 0 }, { 'T', 2, 1, 4, 0 }, { 'N', 6, 1, 4, 1 }, { 'T', 1, 1, 2, 1 },
		{ 'T', 1, 0, 6, 0 }, { 'T', 2, 0, 2, 0 }, { 'T', 1, 1, 6, 0 }, { 'T', 3, 0, 6, 0 },
		{ 'N', 5, 0, 6, 1 }, { 'T', 3, 1, 4, 0 }, { 'T', 2, 1, 0, 0 }, { 'T', 1, 0, 4, 0 },
		{ 'G', 0, 1, 4, 0 }, { 'T', 9, 1, 4, 0 }, { 'G', 1, 1, X, 1 }, { 'T', 1, 1, 4, 0 },
		{ 'T', 3, 0, 4, 0 }, { 'N', 2, 0, 4, 1 }, { 'G', 0, 1, 4, 1 }, { 'G', 1, 1, X, 1 },
		{ 'T', 1, 1, 2, 0 }, { 'T', 1, 0, 2, 0 }, { 0 } });
	run("mode 2, new count, looked at late", (struct step[]){
		{ 'C', 2, 1, X, 1 }, { 'N', 3, 1, X, 1 }, { 'T', 1, 1, 3, 0 }, { 'N', 5, 1, 3, 1 },
		{ 'T', 19, 1, 4, 0 }, { 0 } });
	run("mode 3, new count, looked at late", (struct step[]){
		{ 'C', 3, 1, X, 1 }, { 'N', 4, 1, X, 1 }, { 'T', 1, 1, 4, 0 }, { 'N', 6, 1, 4, 1 },
		{ 'T', 18, 1, 4, 0 }, { 0 } });
	run("mode 4", (struct step[]){
		{ 'C', 4, 1, X, 1 }, { 'N', 2, 1, X, 1 }, { 'T', 1, 1, 2, 0 }, { 'T', 2, 0, 0, 0 },
		{ 'T', 1, 1, 0xffff, 0 }, { 'T', 65536, 1, X, 0 }, { 'N', 4, 1, X, 1 },
		{ 'T', 2, 1, 3, 0 }, { 'L', 3, 1, 3, 0 }, { 'T', 1, 1, 2, 0 }, { 'H', 0, 1, X, 1 },
		{ 'T', 1, 1, 3, 0 }, { 'G', 0, 1, 3, 0 }, { 'T', 9, 1, 3, 0 }, { 'G', 1, 1, 3, 0 },
		{ 'T', 3, 0, 0, 0 }, { 'G', 0, 0, 0, 0 }, { 'T', 1, 0, 0, 0 }, { 'G', 1, 0, 0, 0 },
		{ 'T', 1, 1, 0xffff, 0 }, { 0 } });
	run("mode 5", (struct step[]){
		{ 'C', 5, 1, X, 1 }, { 'N', 2, 1, X, 1 }, { 'T', 9, 1, X, 1 }, { 'G', 0, 1, X, 1 },
		{ 'G', 1, 1, X, 1 }, { 'T', 1, 1, 2, 0 }, { 'G', 0, 1, 2, 0 }, { 'T', 2, 0, 0, 0 },
		{ 'T', 1, 1, 0xffff, 0 }, { 'G', 1, 1, X, 1 }, { 'T', 2, 1, 1, 0 },
		{ 'N', 6, 1, 1, 1 }, { 'T', 1, 0, 0, 1 }, { 'T', 1, 1, 0xffff, 1 },
		{ 'G', 0, 1, X, 1 }, { 'G', 1, 1, X, 1 }, { 'T', 1, 1, 6, 0 }, { 'T', 6, 0, 0, 0 },
		{ 0 } });
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

/* Channel 2 has no timer that looks at it: nobody has asked it anything for two periods. */
static void test_new_count_later(void)
{
	outb(0x61, 0x01);
	program(2, 2, 100);
	ticks(251);
	outb(0x42, 0xe8), outb(0x42, 0x03);
	CHECK_EQ(latched(2), 50, "a new count waits for the end of the third period");
	ticks(50);
	CHECK_EQ(latched(2), 1000, "then it is taken");
	program(2, 3, 100);
	ticks(261);
	outb(0x42, 0xe8), outb(0x42, 0x03);
	CHECK_EQ(latched(2), 80, "mode 3: for the end of the half");
	CHECK_EQ(status(2) & 0x80, 0, "which is the low one");
	ticks(40);
	CHECK_EQ(latched(2), 1000, "then it is taken");
	CHECK_EQ(inb(0x61) & 0x20, 0x20, "in the high half");
	outb(0x61, 0x00);
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
	test_square_wave();
	test_mode_table();
	test_mode0();
	test_latch_and_read_back();
	test_new_count();
	test_new_count_later();
	test_mode3_counts();
	test_channel2();
	test_bcd();
	return check_done();
}
