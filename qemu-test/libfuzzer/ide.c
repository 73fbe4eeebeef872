/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: PIIX3's two IDE channels with disks, a CD-ROM and the bus master. Judged by
 * sanitizers, must(), and what a guest may never see.
 */
#include "drivers/pc/ide.h"

#include <string.h>

#include "kernel/panic.h"
#include "qemu-test/libfuzzer/guest.h"

enum ide_op {
	OP_TASK = OP_COUNT,	/* channel (1), registers 1 … 7 (7) */
	OP_HIGH,		/* channel, registers 1 … 5 (5): what LBA48 has above */
	OP_IN,			/* channel, units (2): bit 15: of 4 bytes */
	OP_OUT,			/* channel, units, 4 bytes that are repeated */
	OP_PACKET,		/* channel, packet (12) */
	OP_PRDS,		/* address / 4 (2), count (1), entries (8 each) */
	OP_START,		/* channel: bit 7: to memory; table / 4 (2) */
	OP_MASTER,		/* channel, register (1), value (4) */
	OP_ENABLE,		/* may it be one (1) */
	OP_CONTROL,		/* channel, value (1) */
	OP_STATUS,		/* channel */
	OP_BOARD_RESET,
	OP_ALL,
};
enum { BM = 0xc000, DRIVES = 4, CD = 3 };
static const u16 base[2] = { 0x1f0, 0x170 }, control[2] = { 0x3f6, 0x376 };

static struct ide *ide;
static struct wire irq[2];
static unsigned packets;

static void create(void)
{
	struct irq_line l[2] = { { wire_set, irq, 0 }, { wire_set, irq, 1 } };

	bus = guest_create(false);
	ide = ide_create(bus, l);
	for (unsigned k = 0; k < DRIVES; k++) {
		struct blockdev b = guest_end(k, 100 * k);

		b.readonly = k == 1;
		(k == CD ? ide_attach_cdrom : ide_attach_disk)(ide, k, &b);
	}
	bus_add(bus, BUS_IO, ide_master_region(ide));
	bus_move(bus, BUS_IO, ide_master_region(ide), BM, 16, true);
}

static void do_data(struct feed *f, unsigned c, bool out)
{
	static u8 buf[4 * 8192];
	u16 n = feed16(f);
	unsigned size = n & 0x8000 ? 4 : 2;
	u32 fill = out ? feed32(f) : 0;

	n &= 0x1fff;
	if (!n)
		return;
	if (!out) {
		bus_read_block(bus, base[c], buf, size, n);
		return;
	}
	for (u32 k = 0; k < n * size / 4; k++)
		memcpy(buf + 4 * k, &fill, 4);
	bus_write_block(bus, base[c], buf, size, n);
}

/* Addresses are in RAM unless bit 1 of the flags says that they are as they are. */
static void do_prds(struct feed *f)
{
	u32 at = feed16(f) * 4u, count = feed8(f) & 31;

	for (; count--; at += 8) {
		u32 prd[2] = { feed32(f), feed32(f) };

		if (!(prd[1] >> 16 & 2))
			prd[0] &= FAKE_RAM_SIZE - 1;
		guest_ram(at, prd, sizeof(prd));
	}
}

static void do_start(struct feed *f, u8 c)
{
	u16 bm = (u16)(BM + 8 * (c & 1));

	outb(bm, 0);
	outl(bm + 4, feed16(f) * 4u);
	outb(bm + 2, 6);
	outb(bm, (u8)(1 | (c & 0x80 ? 8 : 0)));
}

static void do_registers(struct feed *f, unsigned c, unsigned count)
{
	for (unsigned k = 1; k <= count; k++)
		outb((u16)(base[c] + k), feed8(f));
}

static void do_packet(struct feed *f, unsigned c)
{
	u8 p[12];

	for (unsigned k = 0; k < sizeof(p); k++)
		p[k] = feed8(f);
	bus_write_block(bus, base[c], p, 2, sizeof(p) / 2);
	packets++;
}

static void do_master(struct feed *f, unsigned c)
{
	u8 r = feed8(f) & 7;
	u16 at = (u16)(BM + 8 * c + r);

	if (r == 4)
		outl(at, feed32(f));
	else
		outb(at, feed8(f));
}

static void do_op(struct feed *f)
{
	u8 op = feed8(f) % OP_ALL, c = op < OP_COUNT || op == OP_PRDS || op == OP_ENABLE ? 0 :
				       feed8(f);

	switch ((int)op) {
	case OP_TASK: do_registers(f, c & 1, 7); break;
	case OP_HIGH: do_registers(f, c & 1, 5); break;
	case OP_IN: case OP_OUT: do_data(f, c & 1, op == OP_OUT); break;
	case OP_PACKET: do_packet(f, c & 1); break;
	case OP_PRDS: do_prds(f); break;
	case OP_START: do_start(f, c); break;
	case OP_MASTER: do_master(f, c & 1); break;
	case OP_ENABLE: ide_master_enable(ide, feed8(f) & 1); break;
	case OP_CONTROL: outb(control[c & 1], feed8(f)); break;
	case OP_STATUS: must((inb(base[c & 1] + 7) & 0x88) != 0x88); break;
	case OP_BOARD_RESET: ide_reset(ide); break;
	default: guest_do(f, op);
	}
	for (unsigned k = 0; k < 2; k++)
		must((inb(control[k]) & 0x88) != 0x88);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct feed f = { data, data + size };

	if (!ide)
		create();
	guest_begin();
	ide_master_enable(ide, true);
	for (unsigned n = 0; n < 400 && feed_more(&f); n++)
		do_op(&f);
	guest_finish();
	must(!ide_busy(ide));
	ide_reset(ide);
	for (unsigned k = 0; k < DRIVES; k++) {
		outb(base[k / 2] + 6, (u8)(0xa0 | k % 2 << 4));
		must(inb(base[k / 2] + 7) == (k == CD ? 0 : 0x50));
	}
	return 0;
}

/* -- Seeds: what good drivers do ---------------------------------------------- */

static void task(struct seed *s, u8 c, const char *regs)
{
	seed8(s, OP_TASK), seed8(s, c);
	seed_bytes(s, regs, 7);
}

static void moved(struct seed *s, u8 op, u8 c, u16 n)
{
	seed8(s, op), seed8(s, c), seed_n(s, n, 2);
	if (op == OP_OUT)
		seed_n(s, 0x12345678, 4);
}

static void master(struct seed *s, u8 c, bool to_memory, u32 at, u16 bytes)
{
	seed8(s, OP_PRDS), seed_n(s, 0x400, 2), seed8(s, 2);
	seed_n(s, at, 4), seed_n(s, bytes / 2, 4);
	seed_n(s, at + 0x10000, 4), seed_n(s, (bytes / 2) | 1u << 31, 4);
	seed8(s, OP_START), seed8(s, (u8)(c | (to_memory ? 0x80 : 0))), seed_n(s, 0x400, 2);
}

static void packet(struct seed *s, u8 features, const char *p)
{
	task(s, 1, (char[]){ (char)features, 0, 0, 0, 8, (char)0xb0, (char)0xa0 });
	seed8(s, OP_PACKET), seed8(s, 1);
	seed_bytes(s, p, 12);
}

static void pio_seeds(void (*put)(const char *name, const struct seed *s))
{
	static const u8 alone[] = { 0x08, 0x10, 0x40, 0x70, 0x90, 0x91, 0xc6, 0xe0, 0xe1, 0xe5,
				    0xe7, 0xea, 0xef, 0xf8, 0x27, 0xb0 };
	struct seed s = { .size = 0 };

	for (unsigned d = 0; d < DRIVES; d++) {
		char unit = (char)(0xa0 | d % 2 << 4);

		task(&s, (u8)(d / 2), (char[]){ 0, 0, 0, 0, 0, unit, (char)0xec });
		moved(&s, OP_IN, (u8)(d / 2), 256);
		task(&s, (u8)(d / 2), (char[]){ 0, 0, 0, 0, 0, unit, (char)0xa1 });
		moved(&s, OP_IN, (u8)(d / 2), 256);
	}
	put("identify", &s);
	s.size = 0;
	task(&s, 0, "\0\2\5\0\0\xe0\x20"), moved(&s, OP_IN, 0, 512);
	task(&s, 0, "\0\2\5\0\0\xe0\x30"), moved(&s, OP_OUT, 0, 512);
	task(&s, 0, "\0\4\0\0\0\xe0\xc6");
	task(&s, 0, "\0\4\5\0\0\xe0\xc4"), moved(&s, OP_IN, 0, 0x8000 | 512);
	task(&s, 0, "\0\4\5\0\0\xe0\xc5"), moved(&s, OP_OUT, 0, 0x8000 | 512);
	seed8(&s, OP_HIGH), seed8(&s, 0), seed_bytes(&s, "\0\0\0\0", 5);
	task(&s, 0, "\0\1\5\0\0\xe0\x24"), moved(&s, OP_IN, 0, 256);
	task(&s, 0, "\0\1\5\0\0\xe0\x34"), moved(&s, OP_OUT, 0, 256);
	task(&s, 0, "\0\1\1\0\0\xa0\x20"), moved(&s, OP_IN, 0, 256);
	put("pio", &s);
	s.size = 0;
	for (unsigned k = 0; k < sizeof(alone); k++)
		task(&s, 0, (char[]){ 3, 0x42, 1, 0, 0, (char)0xe0, (char)alone[k] });
	task(&s, 0, "\xd0\0\0\x4f\xc2\xa0\xb0"), moved(&s, OP_IN, 0, 256);
	task(&s, 0, "\xd1\1\0\x4f\xc2\xa0\xb0"), moved(&s, OP_IN, 0, 256);
	task(&s, 0, "\xd5\1\1\x4f\xc2\xa0\xb0"), moved(&s, OP_IN, 0, 256);
	task(&s, 0, "\xd6\1\x80\x4f\xc2\xa0\xb0"), moved(&s, OP_OUT, 0, 256);
	task(&s, 0, "\xda\0\0\x4f\xc2\xa0\xb0");
	seed8(&s, OP_CONTROL), seed8(&s, 0), seed8(&s, 4);
	seed8(&s, OP_CONTROL), seed8(&s, 0), seed8(&s, 0);
	put("others", &s);
}

static void dma_seeds(void (*put)(const char *name, const struct seed *s))
{
	struct seed s = { .size = 0 };

	task(&s, 0, "\x03\x42\0\0\0\xe0\xef");
	master(&s, 0, true, 0x10000, 1024);
	task(&s, 0, "\0\2\5\0\0\xe0\xc8");
	master(&s, 0, false, 0x10000, 1024);
	task(&s, 0, "\0\2\5\0\0\xe0\xca");
	seed8(&s, OP_LATER), seed8(&s, 15);
	seed8(&s, OP_HIGH), seed8(&s, 0), seed_bytes(&s, "\0\0\0\0", 5);
	master(&s, 0, true, 0x10000, 1024);
	task(&s, 0, "\0\2\5\0\0\xe0\x25");
	seed8(&s, OP_TIME), seed8(&s, 1);
	seed8(&s, OP_END), seed8(&s, 0), seed8(&s, 0);
	seed8(&s, OP_STATUS), seed8(&s, 0);
	master(&s, 0, false, 0x10000, 1024);
	task(&s, 0, "\0\2\5\0\0\xe0\x35");
	seed8(&s, OP_END), seed8(&s, 0), seed8(&s, 0x80);
	put("dma", &s);
	s.size = 0;
	packet(&s, 0, "\x12\0\0\0\x24\0\0\0\0\0\0"), moved(&s, OP_IN, 1, 18);
	packet(&s, 0, "\x25\0\0\0\0\0\0\0\0\0\0"), moved(&s, OP_IN, 1, 4);
	packet(&s, 0, "\x28\0\0\0\0\2\0\0\2\0\0"), moved(&s, OP_IN, 1, 2048);
	packet(&s, 0, "\xa8\0\0\0\0\2\0\0\0\1\0"), moved(&s, OP_IN, 1, 1024);
	packet(&s, 0, "\x43\0\0\0\0\0\0\0\x40\0\0"), moved(&s, OP_IN, 1, 32);
	packet(&s, 0, "\x5a\0\x2a\0\0\0\0\0\x40\0\0"), moved(&s, OP_IN, 1, 32);
	packet(&s, 0, "\x46\0\0\0\0\0\0\0\x40\0\0"), moved(&s, OP_IN, 1, 32);
	packet(&s, 0, "\x4a\1\0\0\x10\0\0\0\x40\0\0"), moved(&s, OP_IN, 1, 32);
	packet(&s, 0, "\x1b\0\0\0\2\0\0\0\0\0\0");
	packet(&s, 0, "\x03\0\0\0\x12\0\0\0\0\0\0"), moved(&s, OP_IN, 1, 9);
	packet(&s, 0, "\xbe\0\0\0\0\2\0\0\1\x10\0"), moved(&s, OP_IN, 1, 1024);
	put("packets", &s);
	s.size = 0;
	master(&s, 1, true, 0x10000, 4096);
	packet(&s, 1, "\x28\0\0\0\0\2\0\0\2\0\0");
	seed8(&s, OP_LATER), seed8(&s, 15);
	master(&s, 1, true, 0x10000, 2048);
	packet(&s, 1, "\xa8\0\0\0\0\2\0\0\0\1\0");
	seed8(&s, OP_END), seed8(&s, 3), seed8(&s, 0);
	seed8(&s, OP_END), seed8(&s, 3), seed8(&s, 0);
	put("packets-dma", &s);
}

void fuzz_seeds(void (*put)(const char *name, const struct seed *s))
{
	pio_seeds(put);
	dma_seeds(put);
}

const char *fuzz_missed(void)
{
	if (!guest_submits(BLOCK_READ) || !guest_submits(BLOCK_WRITE) ||
	    !guest_submits(BLOCK_FLUSH))
		return "requests of each kind";
	return !packets ? "packets" : !fake_dma_writes ? "the bus master" : NULL;
}
