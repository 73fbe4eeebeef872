/* SPDX-License-Identifier: BSD-2-Clause */
/* VGA registers and planar window: expectations from the IBM VGA reference. */
#include "drivers/pc/vga.h"

#include "qemu-test/unit/pc_test.h"

static struct vga *vga;

static void seq(u8 n, u8 v) { outw(0x3c4, (u16)(n | v << 8)); }
static void gr(u8 n, u8 v) { outw(0x3ce, (u16)(n | v << 8)); }
static void crtc(u8 n, u8 v) { outb(0x3d4, n), outb(0x3d5, v); }
static u8 peek(u32 a) { return (u8)bus_read(bus, BUS_MMIO, 0xa0000 + a, 1); }
static void poke(u32 a, u8 v) { bus_write(bus, BUS_MMIO, 0xa0000 + a, v, 1); }

static void test_registers(void)
{
	outb(0x3c2, 0x67);
	CHECK_EQ(inb(0x3cc), 0x67, "MISC reads at 0x3cc");
	seq(2, 0x0f);
	outb(0x3c4, 2);
	CHECK_EQ(inb(0x3c5), 0x0f, "sequencer by word write");
	gr(6, 0x0e);
	CHECK_EQ(inb(0x3cf), 0x0e, "graphics controller");
	crtc(0x0e, 0x01), crtc(0x0f, 0x23);
	outb(0x3d4, 0x0e);
	CHECK_EQ(inb(0x3d5), 0x01, "CRTC");
	CHECK_EQ(inb(0x3d4), 0x0e, "CRTC index");
	CHECK_EQ(inb(0x3b5), 0xff, "no monochrome ports in colour mode");
	outb(0x3c2, 0x66);
	CHECK_EQ(inb(0x3b5), 0x01, "monochrome ports in monochrome mode");
	CHECK_EQ(inb(0x3d5), 0xff, "and no colour ports");
	outb(0x3c2, 0x67);
	outb(0x3d4, 7);
	u8 overflow = inb(0x3d5);
	CHECK_EQ(overflow & 0x10, 0, "line compare bit 8 is clear");
	crtc(0x11, 0x80);
	crtc(0x00, 0x5f);
	outb(0x3d4, 0);
	CHECK_EQ(inb(0x3d5), 0, "CRTC 0-7 are write-protected");
	crtc(0x07, 0xff);
	CHECK_EQ(inb(0x3d5), overflow | 0x10, "but for line compare bit 8");
	crtc(0x11, 0x00);
	crtc(0x00, 0x5f);
	outb(0x3d4, 0);
	CHECK_EQ(inb(0x3d5), 0x5f, "protection off");
}

static void test_attribute(void)
{
	inb(0x3da);
	outb(0x3c0, 0x30), outb(0x3c0, 0x0c);
	outb(0x3c0, 0x31), outb(0x3c0, 0x55);
	inb(0x3da);
	outb(0x3c0, 0x30);
	CHECK_EQ(inb(0x3c1), 0x0c, "index then data");
	CHECK_EQ(inb(0x3c0), 0x30, "index with the palette bit");
	inb(0x3da);
	outb(0x3c0, 0x31);
	CHECK_EQ(inb(0x3c1), 0x55, "status read starts with an index again");
	inb(0x3da);
}

static void test_dac(void)
{
	outb(0x3c8, 5);
	for (u8 k = 1; k <= 6; k++)
		outb(0x3c9, (u8)(k | 0xc0));
	outb(0x3c7, 5);
	for (u8 k = 1; k <= 6; k++)
		CHECK_EQ(inb(0x3c9), k, "six bits, index moves on");
	CHECK_EQ(inb(0x3c7) & 3, 3, "DAC state: reading");
	CHECK_EQ(inb(0x3c8), 7, "write index shows the next");
	outb(0x3c8, 0);
	CHECK_EQ(inb(0x3c7) & 3, 0, "DAC state: writing");
	CHECK_EQ(inb(0x3c6), 0xff, "pixel mask");
}

static void test_retrace(void)
{
	unsigned frames = 0, active = 0;
	bool was = false;

	for (unsigned k = 0; k < 100000; k++) {
		u8 v = inb(0x3da);

		frames += v & 8 && !was;
		was = v & 8;
		active += !(v & 1);
		CHECK(!(v & 8) || v & 1, "retrace is not display");
		fake_advance(10000);
	}
	CHECK(frames >= 69 && frames <= 71, "70 Hz");
	CHECK(active > 50000 && active < 90000, "mostly displaying");
}

static void test_planes(void)
{
	seq(4, 0x06), seq(2, 0x05);
	gr(0, 0), gr(1, 0), gr(3, 0), gr(5, 0), gr(8, 0xff);
	poke(0x10, 0xa5);
	for (u8 p = 0; p < 4; p++) {
		gr(4, p);
		CHECK_EQ(peek(0x10), p == 0 || p == 2 ? 0xa5 : 0, "map mask and read map");
	}
	seq(2, 0x0f);
	gr(8, 0x0f);
	peek(0x10);
	poke(0x10, 0x00);
	gr(4, 0);
	CHECK_EQ(peek(0x10), 0xa0, "bit mask keeps latched bits");
	gr(8, 0xff), gr(3, 0x18);
	peek(0x10);
	poke(0x10, 0xff);
	CHECK_EQ(peek(0x10), 0x5f, "XOR");
	gr(3, 0x04);
	poke(0x20, 0x12);
	CHECK_EQ(peek(0x20), 0x21, "rotate right by 4");
	gr(3, 0), gr(0, 0x0a), gr(1, 0x0f);
	poke(0x30, 0x00);
	gr(4, 1);
	CHECK_EQ(peek(0x30), 0xff, "set/reset");
	gr(4, 2);
	CHECK_EQ(peek(0x30), 0x00, "set/reset");
	gr(1, 0), gr(5, 2);
	poke(0x40, 0x06);
	CHECK_EQ(peek(0x40), 0xff, "write mode 2: a plane for each bit");
	gr(4, 0);
	CHECK_EQ(peek(0x40), 0x00, "write mode 2");
	peek(0x10);
	gr(5, 1);
	poke(0x50, 0x00);
	CHECK_EQ(peek(0x50), 0x5f, "write mode 1 copies the latches");
	gr(5, 8), gr(2, 0x06), gr(7, 0x0f);
	CHECK_EQ(peek(0x40), 0xff, "read mode 1: colour compare");
	gr(2, 0x05);
	CHECK_EQ(peek(0x40), 0x00, "no match");
	gr(5, 0);
	seq(4, 0x0e);
	poke(0x101, 0x77);
	CHECK_EQ(peek(0x101), 0x77, "chain 4");
	seq(4, 0x06);
	gr(4, 1);
	CHECK_EQ(peek(0x40), 0xff, "chain 4 off");
}

static struct picture taken(void)
{
	struct display d = vga_display(vga);
	struct picture p;

	d.take(d.opaque, &p);
	return p;
}

/* The registers as a BIOS sets them for modes 3, 12h and 13h. */
static void test_display(void)
{
	vga_reset(vga);
	struct picture p = taken();
	CHECK_EQ(p.kind, PICTURE_TEXT, "comes up with text");
	CHECK_EQ(p.width << 16 | p.height, 80 << 16 | 25, "of 80 x 25");
	CHECK_EQ(p.stride, 80, "cells in a row");
	CHECK_EQ(p.first << 16 | p.last, 24, "taken for the first time: all rows");
	p = taken();
	CHECK(p.first > p.last, "nothing changed");
	crtc(0x0e, 0x01), crtc(0x0f, 0x23), crtc(0x0c, 0x02), crtc(0x0d, 0x80);
	p = taken();
	CHECK_EQ(p.cursor, 0x123, "cursor");
	CHECK_EQ(p.start, 0x280, "first cell");
	CHECK_EQ(p.first << 16 | p.last, 24, "which changes all rows");
	crtc(0x0a, 0x20);
	CHECK(!taken().cursor_on, "cursor off");
	crtc(0x0c, 0), crtc(0x0d, 0);
	inb(0x3da), outb(0x3c0, 0x01), outb(0x3c0, 0x05);	/* attribute 1 is colour 5 */
	outb(0x3c8, 5), outb(0x3c9, 1), outb(0x3c9, 2), outb(0x3c9, 3);
	CHECK(!memcmp(taken().palette[1], (u8[]){ 1, 2, 3 }, 3), "attribute and colour registers");

	gr(6, 0x05), gr(5, 0), gr(8, 0xff), seq(4, 0x06), seq(2, 0x0f);		/* 12h */
	crtc(0x07, 0x3e), crtc(0x09, 0x40), crtc(0x12, 0xdf), crtc(0x13, 40);
	p = taken();
	CHECK_EQ(p.kind, PICTURE_PLANES, "16 colours");
	CHECK_EQ(p.width << 16 | p.height, 640 << 16 | 480, "640 x 480");
	CHECK_EQ(p.stride, 80, "bytes of a plane in a row");
	poke(80 * 100 + 3, 0xff), poke(80 * 102, 0xff);
	p = taken();
	CHECK_EQ(p.first << 16 | p.last, 100 << 16 | 102, "rows that were written");
	CHECK_EQ(p.memory[4 * (80 * 100 + 3) + 2], 0xff, "where they are");
	poke(0xfff0, 1);
	p = taken();
	CHECK(p.first > p.last, "below the picture");

	gr(5, 0x40), crtc(0x14, 0x40);
	seq(4, 0x0e), crtc(0x07, 0x1f), crtc(0x09, 0x41), crtc(0x12, 0x8f);	/* 13h */
	p = taken();
	CHECK_EQ(p.kind, PICTURE_BYTES, "256 colours");
	CHECK_EQ(p.width << 16 | p.height, 320 << 16 | 200, "320 x 200");
	CHECK_EQ(p.stride, 320, "bytes in a row");
	CHECK(!memcmp(p.palette[5], (u8[]){ 1, 2, 3 }, 3), "by the colour registers alone");
	poke(320 * 7 + 319, 0x99);
	p = taken();
	CHECK_EQ(p.first << 16 | p.last, 7 << 16 | 7, "one row");
	u32 a = 320 * 7 + 319;
	CHECK_EQ(p.memory[4 * (a / 4) * p.spread + a % 4], 0x99, "its pixel");

	seq(4, 0x06), crtc(0x14, 0x00), seq(2, 0x02);	/* the same without chain 4 */
	taken();
	poke((320 * 9 + 8) / 4, 0x77);
	p = taken();
	CHECK_EQ(p.first << 16 | p.last, 9 << 16 | 9, "one row");
	a = 320 * 9 + 9;
	CHECK_EQ(p.memory[4 * (a / 4) * p.spread + a % 4], 0x77, "its pixel");
}

int main(void)
{
	bus = bus_create();
	fake_time_reset(0);
	vga = vga_create(bus);
	test_registers();
	test_attribute();
	test_dac();
	test_retrace();
	test_planes();
	test_display();
	return check_done();
}
