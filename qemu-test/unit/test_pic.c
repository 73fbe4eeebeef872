/* SPDX-License-Identifier: BSD-2-Clause */
/* 8259A pair: expectations from the 8259A datasheet (231468-003) and PIIX3's ELCR. */
#include "drivers/pc/pic.h"

#include "qemu-test/unit/pc_test.h"

static struct wire intr;
static struct pic *pic;

/* The usual PC set-up: master at 0x20, slave at 0x28, all unmasked. */
static void init(u8 icw4)
{
	outb(0x20, 0x11), outb(0x21, 0x20), outb(0x21, 0x04), outb(0x21, icw4);
	outb(0xa0, 0x11), outb(0xa1, 0x28), outb(0xa1, 0x02), outb(0xa1, icw4);
	outb(0x21, 0), outb(0xa1, 0);
}

static void pulse(unsigned n)
{
	pic_set(pic, n, 0);
	pic_set(pic, n, 1);
}

static void all_low(void)
{
	for (unsigned n = 0; n < 16; n++)
		pic_set(pic, n, 0);
}

static void test_nested(void)
{
	init(1);
	all_low();
	CHECK_EQ(intr.level, 0, "nothing pending");
	pulse(4);
	CHECK_EQ(intr.level, 1, "INT up");
	CHECK_EQ(pic_ack(pic), 0x24, "vector of IRQ 4");
	CHECK_EQ(intr.level, 0, "acknowledged");
	pulse(5);
	CHECK_EQ(intr.level, 0, "lower priority waits");
	pulse(1);
	CHECK_EQ(intr.level, 1, "higher priority nests");
	CHECK_EQ(pic_ack(pic), 0x21, "vector of IRQ 1");
	outb(0x20, 0x0b);
	CHECK_EQ(inb(0x20), 0x12, "ISR: 1 and 4");
	outb(0x20, 0x0a);
	CHECK_EQ(inb(0x20), 0x20, "IRR: 5");
	outb(0x20, 0x20);
	outb(0x20, 0x0b);
	CHECK_EQ(inb(0x20), 0x10, "non-specific EOI drops the highest");
	outb(0x20, 0x64);
	CHECK_EQ(inb(0x20), 0x00, "specific EOI");
	CHECK_EQ(pic_ack(pic), 0x25, "the waiting one");
	outb(0x20, 0x20);
}

/* Of a line that is up both edges in one step: what waits stays, what was taken comes again. */
static void test_pulse(void)
{
	init(1);
	all_low();
	pic_set(pic, 4, IRQ_PULSE);
	CHECK_EQ(intr.level, 1, "INT up");
	pic_set(pic, 4, IRQ_PULSE);
	CHECK_EQ(pic_ack(pic), 0x24, "vector of IRQ 4");
	outb(0x20, 0x20);
	CHECK_EQ(intr.level, 0, "once");
	pic_set(pic, 4, IRQ_PULSE);
	CHECK_EQ(intr.level, 1, "an edge of a line that is up");
	pic_set(pic, 4, 0);
	CHECK_EQ(intr.level, 0, "withdrawn");
}

static void test_cascade(void)
{
	init(1);
	all_low();
	pulse(14);
	CHECK_EQ(intr.level, 1, "slave reaches the CPU");
	outb(0x20, 0x0a);
	CHECK_EQ(inb(0x20), 0x04, "IR2 requests");
	CHECK_EQ(pic_ack(pic), 0x2e, "vector of IRQ 14");
	pulse(8);
	CHECK_EQ(intr.level, 0, "IR2 in service blocks the slave (no SFNM)");
	outb(0x20, 0x20);
	CHECK_EQ(intr.level, 1, "master EOI lets the higher slave input in");
	CHECK_EQ(pic_ack(pic), 0x28, "vector of IRQ 8");
	outb(0xa0, 0x20), outb(0x20, 0x20);
	outb(0xa0, 0x0b);
	CHECK_EQ(inb(0xa0), 0x40, "slave EOI took IRQ 8");
	outb(0xa0, 0x20);
	CHECK_EQ(inb(0xa0), 0, "slave idle");
	init(0x11);
	all_low();
	pulse(12);
	CHECK_EQ(pic_ack(pic), 0x2c, "SFNM: first");
	pulse(9);
	CHECK_EQ(intr.level, 1, "SFNM: a higher one of the same slave nests");
	CHECK_EQ(pic_ack(pic), 0x29, "SFNM: second");
}

static void test_mask_and_spurious(void)
{
	init(1);
	all_low();
	outb(0x21, 0x08);
	CHECK_EQ(inb(0x21), 0x08, "IMR reads back");
	pulse(3);
	CHECK_EQ(intr.level, 0, "masked");
	outb(0x21, 0);
	CHECK_EQ(intr.level, 1, "its line stayed up: it was kept");
	outb(0x21, 0xff);
	CHECK_EQ(pic_ack(pic), 0x27, "spurious IRQ 7");
	outb(0x20, 0x0b);
	CHECK_EQ(inb(0x20), 0, "a spurious one is not in service");
}

/* "If the IR input goes low before INTA, a default IR7 will occur" (datasheet, edge mode). */
static void test_withdrawn(void)
{
	init(1);
	all_low();
	outb(0x20, 0x0a), outb(0xa0, 0x0a);
	pulse(3);
	CHECK_EQ(inb(0x20), 0x08, "IRR shows it");
	pic_set(pic, 3, 0);
	CHECK_EQ(inb(0x20), 0, "IRR: gone with its line");
	CHECK_EQ(intr.level, 0, "and so is INT");
	CHECK_EQ(pic_ack(pic), 0x27, "INTA that comes all the same: IR7");
	outb(0x20, 0x0b);
	CHECK_EQ(inb(0x20), 0, "nothing in service");
	outb(0x21, 0x08);
	pulse(3);
	pic_set(pic, 3, 0);
	outb(0x21, 0);
	CHECK_EQ(intr.level, 0, "a masked one goes, too");
	pulse(14);
	pic_set(pic, 14, 0);
	CHECK_EQ(intr.level, 0, "slave: INT drops");
	CHECK_EQ(inb(0xa0), 0, "slave: IRR");
	CHECK_EQ(pic_ack(pic), 0x2f, "slave: IR15");
	outb(0x20, 0x0b), outb(0xa0, 0x0b);
	CHECK_EQ(inb(0x20), 0x04, "slave: IR2 of the master is in service");
	CHECK_EQ(inb(0xa0), 0, "slave: nothing");
	outb(0x20, 0x20);
	pic_set(pic, 3, 1);
	CHECK_EQ(pic_ack(pic), 0x23, "the next edge counts");
	pic_set(pic, 3, 0);
	outb(0x20, 0x0b);
	CHECK_EQ(inb(0x20), 0x08, "a line that drops in service changes nothing");
	outb(0x20, 0x20);
}

static void test_edge_level(void)
{
	init(1);
	all_low();
	pic_set(pic, 5, 1);
	CHECK_EQ(pic_ack(pic), 0x25, "edge");
	outb(0x20, 0x20);
	CHECK_EQ(intr.level, 0, "a high line alone does not interrupt again");
	outb(0x4d0, 0xff), outb(0x4d1, 0xff);
	CHECK_EQ(inb(0x4d0), 0xf8, "ELCR: IRQ 0-2 stay edge");
	CHECK_EQ(inb(0x4d1), 0xde, "ELCR: IRQ 8 and 13 stay edge");
	CHECK_EQ(intr.level, 1, "level mode sees the high line");
	CHECK_EQ(pic_ack(pic), 0x25, "level");
	outb(0x20, 0x20);
	CHECK_EQ(intr.level, 1, "still high: again");
	pic_set(pic, 5, 0);
	CHECK_EQ(intr.level, 0, "line down withdraws");
	outb(0x4d0, 0), outb(0x4d1, 0);
}

static void test_rotation(void)
{
	init(1);
	all_low();
	outb(0x20, 0xc3);		/* set priority: 3 is lowest */
	pulse(3), pulse(4);
	CHECK_EQ(pic_ack(pic), 0x24, "4 is highest after set priority 3");
	outb(0x20, 0xa0);		/* rotate on non-specific EOI: 4 becomes lowest */
	pulse(4), pulse(5);
	CHECK_EQ(pic_ack(pic), 0x25, "5 before 3 and 4");
	outb(0x20, 0x20);
	CHECK_EQ(pic_ack(pic), 0x23, "3 before 4");
	outb(0x20, 0x20);
	CHECK_EQ(pic_ack(pic), 0x24, "4 last");
	outb(0x20, 0x20);
}

static void test_modes(void)
{
	init(3);			/* AEOI */
	all_low();
	pulse(0);
	CHECK_EQ(pic_ack(pic), 0x20, "AEOI vector");
	outb(0x20, 0x0b);
	CHECK_EQ(inb(0x20), 0, "AEOI leaves nothing in service");
	init(1);
	all_low();
	pulse(1);
	CHECK_EQ(pic_ack(pic), 0x21, "IRQ 1 in service");
	pulse(6);
	CHECK_EQ(intr.level, 0, "6 blocked");
	outb(0x21, 0x02), outb(0x20, 0x68);	/* special mask mode, 1 masked */
	CHECK_EQ(intr.level, 1, "special mask lets 6 in");
	outb(0x20, 0x48);
	CHECK_EQ(intr.level, 0, "and off again");
	outb(0x21, 0), outb(0x20, 0x20);
	outb(0x20, 0x0c);		/* poll */
	CHECK_EQ(inb(0x20), 0x86, "poll acknowledges 6");
	outb(0x20, 0x0b);
	CHECK_EQ(inb(0x20), 0x40, "and puts it in service");
	outb(0x20, 0x20), outb(0x20, 0x0c);
	CHECK_EQ(inb(0x20) & 0x80, 0, "poll: nothing");
}

int main(void)
{
	struct irq_line l = wire_line(&intr);

	bus = bus_create();
	pic = pic_create(bus, &l);
	test_nested();
	test_pulse();
	test_cascade();
	test_mask_and_spurious();
	test_withdrawn();
	test_edge_level();
	test_rotation();
	test_modes();
	return check_done();
}
