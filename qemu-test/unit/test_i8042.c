/* SPDX-License-Identifier: BSD-2-Clause */
/* 8042, keyboard, mouse: expectations from the IBM PS/2 Technical Reference. */
#include "drivers/pc/i8042.h"

#include "qemu-test/unit/pc_test.h"

static struct wire w[4];	/* irq1, irq12, a20, reset */
static struct i8042 *kbc;

static bool obf(void) { return inb(0x64) & 1; }

static u8 next(const char *name)
{
	CHECK(obf(), name);
	return inb(0x60);
}

static u8 ask(u8 cmd) { outb(0x64, cmd); return next("reply"); }
static void ctr(u8 v) { outb(0x64, 0x60); outb(0x60, v); }

static void test_controller(void)
{
	CHECK_EQ(inb(0x64) & 0x01, 0, "empty");
	CHECK_EQ(ask(0xaa), 0x55, "self-test");
	CHECK_EQ(inb(0x64) & 0x04, 0x04, "system flag after self-test");
	CHECK_EQ(ask(0xab), 0x00, "keyboard interface test");
	CHECK_EQ(ask(0xa9), 0x00, "mouse interface test");
	ctr(0x61);
	CHECK_EQ(ask(0x20), 0x61, "command byte reads back");
	outb(0x64, 0xa7);
	CHECK_EQ(ask(0x20) & 0x20, 0x20, "a7 disables the mouse");
	outb(0x64, 0xa8);
	CHECK_EQ(ask(0x20) & 0x20, 0, "a8 enables it");
	outb(0x64, 0xd3), outb(0x60, 0x5a);
	CHECK_EQ(inb(0x64) & 0x21, 0x21, "d3: mouse byte in the output buffer");
	CHECK_EQ(inb(0x60), 0x5a, "d3: the byte");
	outb(0x64, 0xd2), outb(0x60, 0x5b);
	CHECK_EQ(inb(0x64) & 0x21, 0x01, "d2: keyboard byte");
	CHECK_EQ(inb(0x60), 0x5b, "d2: the byte");
	outb(0x64, 0xad);
	CHECK_EQ(inb(0x64) & 0x08, 0x08, "last write was a command");
}

static void test_keyboard(void)
{
	ctr(0x04);		/* no translation, no interrupts */
	outb(0x60, 0xff);
	CHECK_EQ(next("ack"), 0xfa, "reset: ACK");
	CHECK_EQ(next("bat"), 0xaa, "reset: BAT");
	outb(0x60, 0xf2);
	next("ack");
	CHECK_EQ(next("id"), 0xab, "ID 1");
	CHECK_EQ(next("id"), 0x83, "ID 2");
	outb(0x60, 0xee);
	CHECK_EQ(next("echo"), 0xee, "echo");
	outb(0x60, 0xed), next("ack"), outb(0x60, 0x02);
	CHECK_EQ(next("ack"), 0xfa, "LEDs");
	outb(0x60, 0xf0), next("ack"), outb(0x60, 0x00);
	CHECK_EQ(next("ack"), 0xfa, "which set");
	CHECK_EQ(next("set"), 2, "set 2");
	outb(0x60, 0xf0), next("ack"), outb(0x60, 0x03);
	CHECK_EQ(next("nak"), 0xfe, "set 3 refused");
	outb(0x60, 0x12);
	CHECK_EQ(next("nak"), 0xfe, "unknown command");
	outb(0x60, 0xfe);
	CHECK_EQ(next("resend"), 0xfe, "resend repeats the last byte");
	i8042_key(kbc, 0x1c, true);
	CHECK_EQ(next("make"), 0x1c, "A down, set 2");
	i8042_key(kbc, 0x1c, false);
	CHECK_EQ(next("break"), 0xf0, "A up, set 2");
	CHECK_EQ(next("break"), 0x1c, "A up, set 2");
	outb(0x60, 0xf5), next("ack");
	i8042_key(kbc, 0x1c, true);
	CHECK(!obf(), "disabled: no scan codes");
	outb(0x60, 0xf4), next("ack");
}

static void test_translation(void)
{
	ctr(0x45);		/* translation and IRQ 1 */
	w[0].rises = 0;
	i8042_key(kbc, 0x1c, true);
	i8042_key(kbc, 0x1c, false);
	CHECK_EQ(w[0].level, 1, "IRQ 1");
	CHECK_EQ(next("make"), 0x1e, "A down, set 1");
	CHECK_EQ(w[0].rises, 2, "an edge for each byte");
	CHECK_EQ(next("break"), 0x9e, "A up, set 1");
	CHECK_EQ(w[0].level, 0, "no more");
	i8042_key(kbc, 0xe075, false);	/* cursor up */
	CHECK_EQ(next("e0"), 0xe0, "extended prefix stays");
	CHECK_EQ(next("up"), 0xc8, "cursor up released, set 1");
	i8042_key(kbc, 0x83, true);
	CHECK_EQ(next("f7"), 0x41, "F7");
	i8042_key(kbc, 0x5a, true);
	CHECK_EQ(next("enter"), 0x1c, "Enter");
	outb(0x64, 0xad);
	i8042_key(kbc, 0x29, true);
	CHECK(!obf(), "interface off: held back");
	outb(0x64, 0xae);
	CHECK_EQ(next("space"), 0x39, "Space when on again");
	for (unsigned k = 0; k < 100; k++)
		i8042_key(kbc, 0x1c, true);
	unsigned n = 0;
	while (obf() && n < 200)
		n++, inb(0x60);
	CHECK(n > 10 && n <= 33, "a full queue drops keys, no more");
}

static u8 mouse(u8 v)
{
	outb(0x64, 0xd4), outb(0x60, v);
	CHECK_EQ(inb(0x64) & 0x21, 0x21, "a mouse byte");
	return inb(0x60);
}

static void test_mouse(void)
{
	ctr(0x47);
	w[1].rises = 0;
	CHECK_EQ(mouse(0xff), 0xfa, "reset: ACK");
	CHECK_EQ(next("bat"), 0xaa, "reset: BAT");
	CHECK_EQ(next("id"), 0x00, "reset: ID");
	CHECK_EQ(w[1].rises, 3, "IRQ 12 for each");
	CHECK_EQ(mouse(0xf2), 0xfa, "identify");
	CHECK_EQ(next("id"), 0x00, "plain mouse");
	CHECK_EQ(mouse(0xe8), 0xfa, "resolution");
	CHECK_EQ(mouse(3), 0xfa, "argument");
	CHECK_EQ(mouse(0xf3), 0xfa, "rate");
	CHECK_EQ(mouse(200), 0xfa, "argument");
	CHECK_EQ(mouse(0xe9), 0xfa, "status");
	CHECK_EQ(next("status"), 0x00, "stream mode, disabled, 1:1");
	CHECK_EQ(next("status"), 3, "resolution");
	CHECK_EQ(next("status"), 200, "rate");
	i8042_mouse(kbc, 1, 1, 0);
	CHECK(!obf(), "reporting is off");
	CHECK_EQ(mouse(0xf4), 0xfa, "reporting on");
	i8042_mouse(kbc, 5, -3, 1);
	CHECK_EQ(next("packet") & 0x39, 0x29, "left button, Y negative");
	CHECK_EQ(next("packet"), 5, "X: enabling cleared the counters");
	CHECK_EQ(next("packet"), 0xfd, "Y");
}

static void test_lines(void)
{
	CHECK_EQ(w[2].level, 1, "A20 passes after reset");
	outb(0x64, 0xd1), outb(0x60, 0xdd);
	CHECK_EQ(w[2].level, 0, "A20 off by the output port");
	CHECK_EQ(ask(0xd0) & 0x03, 0x01, "output port reads back");
	outb(0x64, 0xd1), outb(0x60, 0xdf);
	CHECK_EQ(w[2].level, 1, "A20 on");
	outb(0x92, 0x00);
	CHECK_EQ(w[2].level, 0, "A20 off by port 0x92");
	outb(0x92, 0x02);
	CHECK_EQ(w[2].level, 1, "A20 on by port 0x92");
	CHECK_EQ(inb(0x92), 0x02, "port 0x92 reads back");
	CHECK_EQ(w[3].rises, 0, "no reset so far");
	outb(0x64, 0xff);
	CHECK_EQ(w[3].rises, 0, "pulse of no line");
	outb(0x64, 0xfe);
	CHECK_EQ(w[3].level, 1, "pulse of the reset line");
	w[3].level = 0;
	outb(0x92, 0x03);
	CHECK_EQ(w[3].level, 1, "fast reset");
	w[3].level = 0;
	outb(0x64, 0xd1), outb(0x60, 0xde);
	CHECK_EQ(w[3].level, 1, "output port bit 0 low");
}

int main(void)
{
	struct i8042_lines l = {
		{ wire_set, w, 0 }, { wire_set, w, 1 }, { wire_set, w, 2 }, { wire_set, w, 3 },
	};

	bus = bus_create();
	kbc = i8042_create(bus, &l);
	test_controller();
	test_keyboard();
	test_translation();
	test_mouse();
	test_lines();
	return check_done();
}
