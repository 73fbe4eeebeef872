/* SPDX-License-Identifier: BSD-2-Clause */
/* RTC: expectations from the MC146818A datasheet and a calendar. */
#include "drivers/pc/cmos.h"

#include "qemu-test/unit/pc_test.h"

static struct wire irq8;
static struct cmos *cmos;

static u8 get(u8 reg) { outb(0x70, reg); return inb(0x71); }
static void set(u8 reg, u8 v) { outb(0x70, reg); outb(0x71, v); }
static u64 fixed_now(void *opaque) { return *(u64 *)opaque; }

static void test_time(void)
{
	/* 2024-02-29 23:59:58 UTC was a Thursday (day 5 of 1…7 from Sunday). */
	CHECK_EQ(get(0), 0x58, "seconds");
	CHECK_EQ(get(2), 0x59, "minutes");
	CHECK_EQ(get(4), 0x23, "hours");
	CHECK_EQ(get(6), 5, "week day");
	CHECK_EQ(get(7), 0x29, "day");
	CHECK_EQ(get(8), 0x02, "month");
	CHECK_EQ(get(9), 0x24, "year");
	CHECK_EQ(get(0x32), 0x20, "century");
	CHECK_EQ(get(0x0d), 0x80, "VRT");
	fake_advance(2000000000);
	CHECK_EQ(get(0), 0x00, "after midnight");
	CHECK_EQ(get(4), 0x00, "hour 0");
	CHECK_EQ(get(7), 0x01, "1 March");
	CHECK_EQ(get(8), 0x03, "1 March");
	CHECK_EQ(get(6), 6, "Friday");
}

static void test_uip(void)
{
	fake_advance(997000000);
	CHECK_EQ(get(0x0a) & 0x80, 0, "UIP not yet: 3 ms before the second");
	fake_advance(1000000);
	CHECK_EQ(get(0x0a) & 0x80, 0x80, "UIP 2 ms before the second (244 us + 1984 us)");
	fake_advance(2000000);
	CHECK_EQ(get(0x0a) & 0x80, 0, "UIP over");
	CHECK_EQ(get(0), 0x01, "new second");
}

static void test_formats(void)
{
	set(0x0b, 0x86);		/* SET, binary, 24 h */
	set(0, 30), set(2, 15), set(4, 13), set(7, 31), set(8, 12), set(9, 99), set(0x32, 0x19);
	CHECK_EQ(get(4), 13, "registers hold what was written while SET");
	fake_advance(5000000000ull);
	CHECK_EQ(get(0), 30, "the clock stands while SET");
	set(0x0b, 0x06);
	CHECK_EQ(get(0), 30, "binary");
	set(0x0b, 0x00);		/* BCD, 12 h: no conversion is promised, ours shows anew */
	CHECK_EQ(get(4), 0x81, "1 pm in 12 h BCD");
	CHECK_EQ(get(7), 0x31, "day in BCD");
	CHECK_EQ(get(6), 6, "31 December 1999 was a Friday");
	set(0x0b, 0x02);
	fake_advance((10 * 3600 + 44 * 60 + 30) * 1000000000ull);
	CHECK_EQ(get(9), 0x00, "year 2000");
	CHECK_EQ(get(0x32), 0x20, "century rolls over");
	CHECK_EQ(get(7), 0x01, "1 January");
}

static void test_interrupts(void)
{
	get(0x0c);
	irq8.rises = 0;
	set(0x0b, 0x12);		/* UIE */
	fake_advance(1000000000);
	CHECK_EQ(irq8.rises, 1, "update interrupt");
	fake_advance(3000000000ull);
	CHECK_EQ(irq8.rises, 1, "held until register C is read");
	CHECK_EQ(get(0x0c) & 0xd0, 0xd0, "IRQF, PF (sets without PIE) and UF");
	CHECK_EQ(irq8.level, 0, "reading C drops the line");
	CHECK_EQ(get(0x0c), 0, "C is cleared by reading");
	set(0x0b, 0x42);		/* PIE at 1024 Hz */
	irq8.rises = 0;
	unsigned n = 0;
	for (unsigned k = 0; k < 1024 * 4; k++) {
		fake_advance(1000000000 / 4096);
		if (irq8.level) {
			n++;
			CHECK_EQ(get(0x0c) & 0xc0, 0xc0, "PF");
		}
	}
	CHECK(n >= 1022 && n <= 1024, "1024 Hz");
	set(0x0a, 0x2f);		/* 2 Hz */
	get(0x0c);
	irq8.rises = 0;
	fake_advance(499000000);
	fake_advance(3000000);
	CHECK_EQ(irq8.rises, 1, "2 Hz");
	set(0x0b, 0x02);
	set(0x0a, 0x26);
}

static void test_alarm(void)
{
	get(0x0c);
	u8 sec = get(0);
	set(1, (u8)((sec & 0xf) >= 7 ? (sec & 0xf0) + 0x12 - (sec >= 0x50 ? 0x60 : 0) : sec + 2));
	set(3, 0xff), set(5, 0xc0);	/* don't care */
	set(0x0b, 0x22);
	irq8.rises = 0;
	for (unsigned k = 0; k < 60; k++)
		fake_advance(1000000000);
	CHECK_EQ(irq8.rises, 1, "alarm once in the minute");
	CHECK_EQ(get(0x0c) & 0xa0, 0xa0, "IRQF and AF");
	set(5, 0x05), set(3, 0x61);	/* never */
	fake_advance(120000000000ull);
	CHECK_EQ(get(0x0c) & 0x20, 0, "no match, no alarm");
	set(0x0b, 0x02);
}

static void test_setup(void)
{
	struct cmos_setup s = {
		.ram_below_4g = 256 << 20, .ram_above_4g = 1ull << 32, .cpus = 2,
		.boot = { 3, 2, 1 }, .disk_sectors = { 4 << 20, 2048 },
	};

	cmos_setup(cmos, &s);
	CHECK_EQ(get(0x15) | get(0x16) << 8, 640, "base memory");
	CHECK_EQ(get(0x30) | get(0x31) << 8, 0xffff, "extended memory saturates");
	CHECK_EQ(get(0x34) | get(0x35) << 8, (256 - 16) * 16, "above 16 MiB in 64 KiB");
	CHECK_EQ(get(0x5b) | get(0x5c) << 8 | get(0x5d) << 16, 0x10000, "above 4 GiB");
	CHECK_EQ(get(0x3d), 0x23, "boot order: CD, hard disk");
	CHECK_EQ(get(0x38), 0x10, "third: floppy");
	CHECK_EQ(get(0x5f), 1, "CPUs - 1");
	CHECK_EQ(get(0x39), 1, "LBA translation for the 2 GiB disk only");
	set(0x0f, 0x05);
	cmos_reset(cmos);
	CHECK_EQ(get(0x0f), 0x05, "shutdown byte survives reset");
	outb(0x70, 0x8f);
	CHECK(cmos_nmi_masked(cmos), "NMI mask bit");
	CHECK_EQ(inb(0x71), 0x05, "index without the mask bit");
	CHECK_EQ(inb(0x70), 0xff, "port 0x70 is write-only");
}

int main(void)
{
	u64 start = 1709251198;		/* 2024-02-29 23:59:58 UTC */
	struct wallclock wall = { .opaque = &start, .now = fixed_now };
	struct irq_line l = wire_line(&irq8);

	bus = bus_create();
	fake_time_reset(5000000000ull);
	cmos = cmos_create(bus, &l, &wall);
	test_time();
	test_uip();
	test_formats();
	test_interrupts();
	test_alarm();
	test_setup();
	return check_done();
}
