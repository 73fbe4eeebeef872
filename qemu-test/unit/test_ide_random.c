/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IDE and ATAPI under a careless guest, on ends that end late, in any order, with errors, and
 * over resets. Says nothing of what a command does (test_ide.c, test_atapi.c); sanitizers and
 * must() judge, and the invariant of ide.c as a guest sees it.
 *
 *	test_ide_random [SECONDS [SEED]]	for so long, instead of one round
 */
#include "drivers/pc/ide.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "qemu-test/unit/mem_disk.h"
#include "qemu-test/unit/pc_test.h"

enum { SECTORS = 600, STEPS = 300000, DRIVES = 4, BM = 0xc000 };
static const u16 base[2] = { 0x1f0, 0x170 }, control[2] = { 0x3f6, 0x376 };

static struct wire irq[2];
static struct mem_disk disk[DRIVES];
static u32 seed = 7;
static struct ide *ide;
static bool masters;

static u32 any(u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static u8 any_command(void)
{
	static const u8 known[] = {
		0x08, 0x10, 0x20, 0x24, 0x29, 0x30, 0x34, 0x39, 0x40, 0x42, 0x70, 0x90, 0x91,
		0xa0, 0xa0, 0xa0, 0xa0, 0xa1, 0xc4, 0xc5, 0xc6, 0xe7, 0xea, 0xec, 0xef,
	};

	return any(16) ? known[any(sizeof(known))] : (u8)any(256);
}

static bool is_dma(u8 cmd)
{
	return cmd == 0x25 || cmd == 0x35 || cmd == 0x3d || (cmd >= 0xc8 && cmd <= 0xcb);
}

/* Without the bus master a drive is BSY only as long as a request is in flight. */
static void write_command(u16 port, u8 cmd)
{
	static const u8 dma[] = { 0x25, 0x35, 0x3d, 0xc8, 0xca };

	if (masters && any(2))
		cmd = dma[any(sizeof(dma))];
	if (!masters && cmd == 0xa0)	/* a packet's data may go by it, too */
		outb(port + 1, (u8)any(256) & (u8)~1);
	if (masters || !is_dma(cmd))
		outb(port + 7, cmd);
}

/* A table of any regions, good ones most of them, and registers as they come. */
static void master(void)
{
	u16 bm = (u16)(BM + 8 * any(2));
	u32 table = any(8) ? 0x1000 * any(16) : any(3) ? FAKE_RAM_SIZE - 8 * any(4) :
		    ~0u << any(32);

	for (unsigned k = 0; k < 24 && table < FAKE_RAM_SIZE - 200; k++) {
		u32 prd[2] = {
			any(30) ? 0x10000 + 2 * any(0xf0000) : ~0u << any(32),
			(any(3) ? 512 * any(20) : any(65536)) | (any(12) ? 0 : 1u << 31),
		};

		memcpy(fake_ram + table + 8 * k, prd, 8);
	}
	switch (any(8)) {
	case 0: outb(bm, (u8)any(256)); break;
	case 1: outb(bm + 2, (u8)any(256)); break;
	case 2: outl(bm + 4, table); break;
	case 3: ide_master_enable(ide, any(4)); break;
	case 4: fake_advance(20000); break;
	case 5: fake_hole = any(3) ? 0 : 0x1000 * any(400); break;
	default: outb(bm, 0), outl(bm + 4, table), outb(bm, (u8)(1 | any(2) << 3)); break;
	}
}

/* A packet that may well be good: READ, TOC, MODE SENSE, eject and load … of the small disc. */
static void send_packet(u16 port)
{
	static const u8 op[] = { 0x00, 0x03, 0x12, 0x1a, 0x1b, 0x25, 0x28, 0x28, 0x28, 0x43, 0x46,
				 0x4a, 0x51, 0x5a, 0xa8, 0xa8, 0xbd };
	u8 p[12] = { op[any(sizeof(op))], 0 };

	for (unsigned k = 1; k < sizeof(p); k++)
		p[k] = any(8) ? 0 : (u8)any(any(2) ? 256 : 4);
	p[8] = p[9] = (u8)any(9);	/* sectors, of READ (10) and READ (12) */
	bus_write_block(bus, port, p, 2, sizeof(p) / 2);
}

/* A command that the selected drive may well take: of a disk, or a packet. */
static void good_command(unsigned c)
{
	static const u8 of_disk[] = { 0x20, 0x30, 0xc4, 0xc5 };
	bool cd = c && any(2);

	outb(control[c], 0);
	outb(base[c] + 6, (u8)(0xe0 | (cd || any(2)) << 4));
	outb(base[c] + 1, masters && cd && any(2));
	outb(base[c] + 2, (u8)(1 + any(40)));
	outb(base[c] + 3, (u8)any(256));
	outb(base[c] + 4, (u8)any(3));
	outb(base[c] + 5, (u8)(cd && any(2) ? 1 + any(255) : 0));
	outb(base[c] + 7, cd ? 0xa0 : of_disk[any(sizeof(of_disk))]);
	if (cd)
		send_packet(base[c]);
}

static void move_data(u16 port)
{
	static u8 buf[8192];
	unsigned size = any(2) ? 2 : 4;

	if (any(2))
		bus_read_block(bus, port, buf, size, 1 + any(sizeof(buf) / size));
	else if (any(2))
		bus_write_block(bus, port, buf, size, 1 + any(sizeof(buf) / size));
	else
		send_packet(port);
}

static void end_one(void)
{
	struct mem_disk *d = &disk[any(DRIVES)];

	if (d->in_flight)
		mem_disk_finish(d, any(d->in_flight), any(6) ? 0 : -5);
}

static void step(void)
{
	unsigned c = any(2);

	if (masters && !any(3))
		master();
	switch (any(13)) {
	case 0: outb(base[c] + 6, (u8)(0xa0 | any(2) << 6 | any(2) << 4 | !any(4) << 1)); break;
	case 1: outb((u16)(base[c] + 1 + any(5)), (u8)any(any(2) ? 256 : 4)); break;
	case 2: outb((u16)(base[c] + 4 + any(2)), (u8)(any(2) ? 0xff : 0)); break;
	case 3: case 4: write_command(base[c], any_command()); break;
	case 5: case 6: case 7: move_data(base[c]); break;
	case 8: outb(control[c], any(4) ? 0 : (u8)any(256)); break;
	case 9: disk[any(DRIVES)].later = any(4); break;
	case 10: end_one(); break;
	case 11: good_command(c); break;
	default: any(200) ? end_one() : ide_reset(ide); break;
	}
}

/* BSY as long as a request is in flight and no longer, and never with DRQ. */
static void check_status(void)
{
	for (unsigned c = 0; c < 2; c++) {
		u8 device = inb(base[c] + 6), status;

		outb(control[c], 0);
		status = inb(control[c]);
		CHECK((status & 0x88) != 0x88, "BSY and DRQ");
		if (masters)		/* it may wait for the bus master */
			status |= disk[2 * c + (device >> 4 & 1)].in_flight ? 0 : 0x80;
		CHECK_EQ(status >> 7, disk[2 * c + (device >> 4 & 1)].in_flight || masters,
			 "BSY: in flight");
	}
}

static void check_calm(void)
{
	for (unsigned k = 0; k < DRIVES; k++)
		while (disk[k].in_flight)
			mem_disk_finish(&disk[k], 0, 0);
	ide_reset(ide);
	for (unsigned k = 0; k < DRIVES; k++) {
		outb(base[k / 2] + 6, (u8)(0xa0 | k % 2 << 4));
		CHECK_EQ(inb(base[k / 2] + 7), k == 3 ? 0 : 0x50, "as after power-up");
	}
}

int main(int argc, char **argv)
{
	time_t end = argc > 1 ? time(NULL) + atoi(argv[1]) : 0;
	struct irq_line l[2] = { { wire_set, irq, 0 }, { wire_set, irq, 1 } };

	bus = bus_create();
	ide = ide_create(bus, l);
	for (unsigned k = 0; k < DRIVES; k++) {
		struct blockdev b = {
			.opaque = &disk[k], .sectors = SECTORS, .submit = mem_disk_submit,
			.readonly = k == 1,
		};

		disk[k].data = calloc(SECTORS, 512);
		disk[k].bad = 100 * k;
		(k == 3 ? ide_attach_cdrom : ide_attach_disk)(ide, k, &b);
	}
	bus_add(bus, BUS_IO, ide_master_region(ide));
	bus_move(bus, BUS_IO, ide_master_region(ide), BM, 16, true);
	fake_time_reset(1000000000);
	if (end && argc > 2)
		seed = (u32)atoi(argv[2]);
	do {
		printf(end ? "seed %u\n" : "", (unsigned)seed);
		for (unsigned k = 0; k < 2 * STEPS; k++) {
			masters = k >= STEPS;
			step();
			check_status();
		}
	} while (time(NULL) < end);
	CHECK(fake_dma_writes > 1000000, "by the bus master, too");
	check_calm();
	for (unsigned k = 0; k < DRIVES; k++) {
		CHECK(disk[k].submits[BLOCK_READ] > 100, "the end was asked");
		free(disk[k].data);
	}
	return check_done();
}
