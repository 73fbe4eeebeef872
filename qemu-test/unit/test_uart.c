/* SPDX-License-Identifier: BSD-2-Clause */
/* 16550A: expectations from the National PC16550D datasheet and the PC's INTR gate (OUT2). */
#include "drivers/pc/uart.h"

#include "qemu-test/unit/pc_test.h"

enum { B = 0x3f8 };

static struct wire irq;
static struct uart *uart;
static u8 sent[64], feed[64];
static unsigned sent_n, feed_n, feed_at, room = 64;

static int end_read(void *opaque)
{
	(void)opaque;
	return feed_at < feed_n ? feed[feed_at++] : -1;
}

static bool end_write(void *opaque, u8 v)
{
	(void)opaque;
	if (!room)
		return false;
	room--;
	sent[sent_n++ % 64] = v;
	return true;
}

static void give(const char *s)
{
	feed_at = 0;
	feed_n = (unsigned)strlen(s);
	memcpy(feed, s, feed_n);
	uart_poll(uart);
}

static void test_reset_state(void)
{
	CHECK_EQ(inb(B + 1), 0, "IER");
	CHECK_EQ(inb(B + 2), 0x01, "IIR: nothing pending, no FIFOs");
	CHECK_EQ(inb(B + 3), 0, "LCR");
	CHECK_EQ(inb(B + 4), 0, "MCR");
	CHECK_EQ(inb(B + 5), 0x60, "LSR: THRE and TEMT");
	CHECK_EQ(inb(B + 6), 0xb0, "MSR: CTS, DSR, DCD, no deltas");
}

static void test_registers(void)
{
	outb(B + 7, 0xa5);
	CHECK_EQ(inb(B + 7), 0xa5, "scratch");
	outb(B + 1, 0xff);
	CHECK_EQ(inb(B + 1), 0x0f, "IER has four bits");
	outb(B + 1, 0);
	outb(B + 3, 0x80);
	outb(B, 0x0c), outb(B + 1, 0x01);
	CHECK_EQ(inb(B), 0x0c, "DLL");
	CHECK_EQ(inb(B + 1), 0x01, "DLM");
	outb(B + 3, 0x03);
	CHECK_EQ(inb(B + 1), 0, "IER again");
	outb(B + 4, 0xff);
	CHECK_EQ(inb(B + 4), 0x1f, "MCR has five bits");
	outb(B + 4, 0);
	inb(B + 6);
	outb(B + 2, 0x01);
	CHECK_EQ(inb(B + 2), 0xc1, "FIFOs show in IIR");
	outb(B + 2, 0);
	CHECK_EQ(inb(B + 2), 0x01, "and go");
}

static void test_send(void)
{
	outb(B, 'x');
	CHECK_EQ(sent_n, 1, "sent");
	CHECK_EQ(sent[0], 'x', "the byte");
	CHECK_EQ(inb(B + 5) & 0x60, 0x60, "empty again");
	room = 0;
	outb(B, 'y');
	CHECK_EQ(inb(B + 5) & 0x60, 0, "the end is full: THRE low");
	room = 64;
	CHECK_EQ(inb(B + 5) & 0x60, 0x60, "taken at the next look");
	CHECK_EQ(sent[1], 'y', "not lost");
	outb(B + 2, 1);
	room = 0;
	for (unsigned k = 0; k < 16; k++)
		outb(B, (u8)('a' + k));
	room = 64;
	uart_poll(uart);
	CHECK_EQ(sent_n, 18, "sixteen from the FIFO");
	CHECK_EQ(sent[17], 'p', "in order");
	outb(B + 2, 0);
}

static void test_thre_interrupt(void)
{
	outb(B + 1, 0x02);
	CHECK_EQ(irq.level, 0, "OUT2 off: no interrupt on the bus");
	outb(B + 4, 0x08);
	CHECK_EQ(irq.level, 1, "enabling with THR empty interrupts at once");
	CHECK_EQ(inb(B + 2), 0x02, "IIR: THRE");
	CHECK_EQ(irq.level, 0, "reading IIR clears it");
	CHECK_EQ(inb(B + 2), 0x01, "nothing more");
	outb(B + 1, 0), outb(B + 1, 0x02);
	CHECK_EQ(inb(B + 2), 0x02, "enabling again gives it again");
	outb(B, 'z');
	CHECK_EQ(irq.level, 1, "sent: THRE interrupt");
	inb(B + 2);
	outb(B + 1, 0);
}

static void test_receive(void)
{
	outb(B + 2, 0x81);		/* trigger 8 */
	outb(B + 1, 0x01);
	give("abc");
	CHECK_EQ(irq.level, 1, "below the trigger: timeout interrupt");
	CHECK_EQ(inb(B + 2), 0xcc, "IIR: character timeout");
	CHECK_EQ(inb(B + 5) & 1, 1, "DR");
	CHECK_EQ(inb(B), 'a', "first");
	CHECK_EQ(inb(B), 'b', "second");
	CHECK_EQ(inb(B), 'c', "third");
	CHECK_EQ(irq.level, 0, "empty");
	CHECK_EQ(inb(B + 5) & 1, 0, "no DR");
	give("0123456789abcdefghij");
	CHECK_EQ(inb(B + 2), 0xc4, "IIR: trigger reached");
	for (unsigned k = 0; k < 20; k++)
		CHECK_EQ(inb(B), "0123456789abcdefghij"[k], "no byte is lost beyond 16");
	outb(B + 2, 0x01);
	give("q");
	outb(B + 2, 0x03);
	CHECK_EQ(inb(B + 5) & 1, 0, "RX FIFO reset");
	outb(B + 1, 0), outb(B + 2, 0);
}

static void test_priority(void)
{
	outb(B + 1, 0x0f);
	give("r");
	CHECK_EQ(inb(B + 2) & 0xf, 0x04, "RDA before THRE");
	inb(B);
	CHECK_EQ(inb(B + 2) & 0xf, 0x02, "then THRE");
	CHECK_EQ(inb(B + 2) & 0xf, 0x01, "then none");
	outb(B + 1, 0);
}

static void test_loopback(void)
{
	unsigned n = sent_n;

	outb(B + 4, 0x1a);		/* loop, RTS, OUT2: what Linux' autoconfig writes */
	CHECK_EQ(inb(B + 6) & 0xf0, 0x90, "MSR from MCR: CTS and DCD");
	outb(B + 4, 0x15);
	CHECK_EQ(inb(B + 6) & 0xf0, 0x60, "MSR from MCR: DSR and RI");
	outb(B + 4, 0x10);
	CHECK_EQ(inb(B + 6) & 0x0f, 0x06, "delta DSR and trailing edge of RI");
	CHECK_EQ(inb(B + 6) & 0x0f, 0, "deltas are cleared by reading");
	outb(B, 0x77);
	CHECK_EQ(sent_n, n, "nothing leaves");
	CHECK_EQ(inb(B + 5) & 1, 1, "it comes back");
	CHECK_EQ(inb(B), 0x77, "the same byte");
	outb(B, 1), outb(B, 2);
	CHECK_EQ(inb(B + 5) & 3, 3, "overrun without FIFO");
	CHECK_EQ(inb(B + 5) & 2, 0, "OE is cleared by reading");
	CHECK_EQ(inb(B), 2, "the later byte stays");
	outb(B + 4, 0x18), outb(B + 1, 0x02);
	CHECK_EQ(irq.level, 0, "no interrupt in loopback");
	outb(B + 1, 0), outb(B + 4, 0x08);
}

int main(void)
{
	struct chardev end = { .read = end_read, .write = end_write };
	struct irq_line l = wire_line(&irq);

	bus = bus_create();
	uart = uart_create(bus, B, &l, &end);
	test_reset_state();
	test_registers();
	test_send();
	test_thre_interrupt();
	test_receive();
	test_priority();
	test_loopback();
	return check_done();
}
