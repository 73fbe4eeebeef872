/* SPDX-License-Identifier: BSD-2-Clause */
/* ATAPI CD-ROM: expectations from ATA/ATAPI-6 §9.8, SPC-2 and MMC-3. */
#include "drivers/pc/ide.h"

#include <stdlib.h>

#include "qemu-test/unit/mem_disk.h"
#include "qemu-test/unit/pc_test.h"

enum { CD_SECTORS = 300, P = 0x170, BM = 0xc008, TABLE = 0x1000, MEM = 0x10000, LAST = 0x8000 };

static struct wire irq[2];
static u8 *media;

static struct mem_disk disk;

static void start(const u8 *cdb, u16 limit)
{
	outb(P + 6, 0xa0);
	outb(P + 1, 0), outb(P + 4, (u8)limit), outb(P + 5, (u8)(limit >> 8));
	irq[1].rises = 0;
	outb(P + 7, 0xa0);
	CHECK_EQ(inb(P + 7) & 0x89, 0x08, "DRQ for the packet");
	CHECK_EQ(inb(P + 2) & 3, 1, "C/D: command");
	bus_write_block(bus, P, cdb, 2, 6);
}

/* Send a packet and take what it gives; returns the number of bytes. */
static u32 run(const u8 *cdb, u8 *buf, u16 limit)
{
	u32 n = 0;

	start(cdb, limit);
	while (inb(P + 7) & 8) {
		CHECK_EQ(inb(P + 2) & 3, 2, "I/O: data to the host");
		u32 part = inb(P + 4) | inb(P + 5) << 8;
		CHECK(part && part <= limit, "within the byte count limit");
		bus_read_block(bus, P, buf + n, 2, (part + 1) / 2);
		n += part;
	}
	CHECK_EQ(inb(P + 2) & 3, 3, "status phase");
	return n;
}

static bool failed(void) { return inb(P + 7) & 1; }

/* Sense key, code and qualifier of the last failure. */
static u32 sense(void)
{
	u8 cdb[12] = { 0x03, 0, 0, 0, 18 }, buf[64];

	run(cdb, buf, 64);
	return (u32)buf[2] << 16 | buf[12] << 8 | buf[13];
}

static void test_identify(void)
{
	u8 id[512];

	CHECK_EQ(inb(P + 4) | inb(P + 5) << 8, 0xeb14, "signature");
	CHECK_EQ(inb(P + 7), 0, "status 0 after reset");
	outb(P + 7, 0xec);
	CHECK_EQ(inb(P + 7) & 1, 1, "IDENTIFY DEVICE is aborted");
	CHECK_EQ(inb(P + 1) & 4, 4, "ABRT");
	CHECK_EQ(inb(P + 4) | inb(P + 5) << 8, 0xeb14, "and leaves the signature");
	outb(P + 7, 0xa1);
	CHECK_EQ(inb(P + 7), 0x58, "IDENTIFY PACKET DEVICE");
	bus_read_block(bus, P, id, 2, 256);
	CHECK_EQ(id[1] & 0xdf, 0x85, "packet device, type 5: CD-ROM");
	CHECK_EQ(id[0] & 0x83, 0x80, "removable, 12-byte packets");
	CHECK_EQ(id[99] & 3, 3, "LBA, DMA");
	CHECK_EQ(id[126] | id[127] << 8, 7, "multiword modes 0 to 2, none is chosen");
}

static void test_attention(void)
{
	u8 tur[12] = { 0 }, buf[64];

	run(tur, buf, 64);
	CHECK(failed(), "first command after power-up");
	CHECK_EQ(inb(P + 1) >> 4, 6, "unit attention");
	CHECK_EQ(sense(), 0x062900, "power on or reset");
	run(tur, buf, 64);
	CHECK(!failed(), "then ready");
	CHECK_EQ(sense(), 0, "no sense");
}

static void test_inquiry(void)
{
	u8 cdb[12] = { 0x12, 0, 0, 0, 36 }, buf[64];

	CHECK_EQ(run(cdb, buf, 0xfffe), 36, "INQUIRY");
	CHECK_EQ(buf[0], 5, "CD-ROM");
	CHECK_EQ(buf[1], 0x80, "removable");
	CHECK_EQ(irq[1].rises, 2, "one interrupt for the data, one for the status");
	cdb[4] = 5;
	CHECK_EQ(run(cdb, buf, 0xfffe), 5, "allocation length, odd");
	cdb[4] = 0;
	CHECK_EQ(run(cdb, buf, 0xfffe), 0, "allocation length 0: no data, no error");
	CHECK(!failed(), "no error");
}

static void test_read(void)
{
	u8 cdb[12] = { 0x28 }, *buf = malloc(64 * 2048);

	cdb[5] = 17, cdb[8] = 1;
	CHECK_EQ(run(cdb, buf, 2048), 2048, "READ(10)");
	CHECK(!memcmp(buf, media + 17 * 2048, 2048), "sector 17");
	cdb[8] = 40;
	CHECK_EQ(run(cdb, buf, 0xfffe), 40 * 2048, "more than one block");
	CHECK(!memcmp(buf, media + 17 * 2048, 40 * 2048), "forty sectors");
	CHECK_EQ(run(cdb, buf, 1234), 40 * 2048, "a limit that is no sector size");
	CHECK(!memcmp(buf, media + 17 * 2048, 40 * 2048), "still the same");
	CHECK_EQ(run(cdb, buf, 0xffff), 40 * 2048, "limit 0xffff is 0xfffe");
	u8 cdb12[12] = { 0xa8, 0, 0, 0, 1, 0, 0, 0, 0, 3 };
	CHECK_EQ(run(cdb12, buf, 0xfffe), 3 * 2048, "READ(12)");
	CHECK(!memcmp(buf, media + 256 * 2048, 3 * 2048), "sector 256");
	cdb[4] = 1, cdb[5] = 0x2b, cdb[8] = 2;		/* 299, two sectors */
	CHECK_EQ(run(cdb, buf, 2048), 0, "past the end: nothing");
	CHECK(failed(), "and an error");
	CHECK_EQ(sense(), 0x052100, "LBA out of range");
	memset(cdb + 1, 0xff, 9);
	run(cdb, buf, 2048);
	CHECK_EQ(sense(), 0x052100, "wild address");
	memset(cdb12 + 2, 0xff, 8);
	run(cdb12, buf, 2048);
	CHECK_EQ(sense(), 0x052100, "wild address and count");
	memset(cdb + 1, 0, 9);
	run(cdb, buf, 2048);
	CHECK(!failed(), "count 0 is no error");
	free(buf);
}

/* Bit 4 (see atapi.c), in each phase: the values of the drive that the drivers were tested on. */
static void test_status_bit4(void)
{
	u8 tur[12] = { 0 }, bad[12] = { 0xee }, inq[12] = { 0x12, 0, 0, 0, 36 };
	u8 seek[12] = { 0x2b }, buf[64];

	outb(P + 7, 0x08);
	CHECK_EQ(inb(P + 7), 0x00, "after DEVICE RESET");
	outb(0x376, 4), outb(0x376, 0);
	CHECK_EQ(inb(P + 7), 0x00, "after SRST");
	outb(P + 1, 0), outb(P + 4, 0), outb(P + 5, 8);
	outb(P + 7, 0xa0);
	CHECK_EQ(inb(P + 7), 0x48, "packet awaited");
	bus_write_block(bus, P, inq, 2, 6);
	CHECK_EQ(inb(P + 7), 0x58, "data");
	bus_read_block(bus, P, buf, 2, 18);
	CHECK_EQ(inb(P + 7), 0x50, "success");
	run(seek, buf, 64);
	CHECK_EQ(inb(P + 7), 0x50, "SEEK: complete");
	run(bad, buf, 64);
	CHECK_EQ(inb(P + 7), 0x41, "error");
	run(tur, buf, 64);
	CHECK_EQ(inb(P + 7), 0x50, "success again");
	outb(P + 7, 0xec);
	CHECK_EQ(inb(P + 7), 0x41, "aborted");
}

static void test_later(void)
{
	u8 cdb[12] = { 0x28, 0, 0, 0, 0, 7, 0, 0, 1 }, buf[2048];

	disk.later = true;
	start(cdb, 0xfffe);
	CHECK_EQ(inb(P + 7) & 0x88, 0x80, "BSY until the medium is read");
	CHECK_EQ(irq[1].rises, 0, "no interrupt");
	mem_disk_finish(&disk, 0, 0);
	CHECK_EQ(irq[1].rises, 1, "interrupt with the data");
	CHECK_EQ(inb(P + 7), 0x58, "DRQ");
	bus_read_block(bus, P, buf, 2, 1024);
	CHECK(!memcmp(buf, media + 7 * 2048, 2048), "sector 7");
	start(cdb, 0xfffe);
	mem_disk_finish(&disk, 0, -5);
	CHECK_EQ(inb(P + 7), 0x41, "read error");
	disk.later = false;
	CHECK_EQ(sense(), 0x031100, "unrecovered read error");
	disk.later = true;
	start(cdb, 0xfffe);
	outb(P + 7, 0x08);
	CHECK_EQ(inb(P + 7) & 0x88, 0x80, "DEVICE RESET waits for the end");
	mem_disk_finish(&disk, 0, 0);
	CHECK_EQ(inb(P + 7), 0, "then the drive is reset");
	CHECK_EQ(inb(P + 4) | inb(P + 5) << 8, 0xeb14, "with its signature");
	disk.later = false;
}

static void test_tables(void)
{
	u8 cap[12] = { 0x25 }, toc[12] = { 0x43, 0, 0, 0, 0, 0, 0, 0, 64 }, buf[256];

	CHECK_EQ(run(cap, buf, 64), 8, "READ CAPACITY");
	CHECK_EQ(buf[2] << 8 | buf[3], CD_SECTORS - 1, "last sector");
	CHECK_EQ(buf[6] << 8 | buf[7], 2048, "sector size");
	CHECK_EQ(run(toc, buf, 256), 20, "TOC: one track and lead-out");
	CHECK_EQ(buf[1], 18, "length");
	CHECK_EQ(buf[5] << 8 | buf[6], 0x1401, "data track 1");
	CHECK_EQ(buf[14], 0xaa, "lead-out");
	CHECK_EQ(buf[18] << 8 | buf[19], CD_SECTORS, "at the end");
	toc[1] = 2, toc[6] = 0xaa;
	CHECK_EQ(run(toc, buf, 256), 12, "lead-out only, MSF");
	CHECK_EQ(buf[9] << 16 | buf[10] << 8 | buf[11], 6 << 8, "450 frames: 00:06:00");
	toc[1] = 0, toc[6] = 0, toc[2] = 1;
	CHECK_EQ(run(toc, buf, 256), 12, "sessions");
	CHECK_EQ(buf[2] << 8 | buf[3], 0x0101, "one session");
	toc[2] = 5;
	run(toc, buf, 256);
	CHECK_EQ(sense(), 0x052400, "CD-TEXT: invalid field");
	u8 sense10[12] = { 0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 128 };
	CHECK_EQ(run(sense10, buf, 256), 28, "MODE SENSE(10) capabilities");
	CHECK_EQ(buf[8] << 8 | buf[9], 0x2a12, "page header");
	CHECK_EQ(buf[0] << 8 | buf[1], 26, "mode data length");
	sense10[2] = 0x30;
	run(sense10, buf, 256);
	CHECK_EQ(sense(), 0x052400, "unknown page");
	u8 conf[12] = { 0x46, 0, 0, 0, 0, 0, 0, 0, 128 };
	CHECK_EQ(run(conf, buf, 256), 32, "GET CONFIGURATION");
	CHECK_EQ(buf[6] << 8 | buf[7], 8, "profile: CD-ROM");
	CHECK_EQ(buf[3], 28, "length");
	u8 event[12] = { 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8 };
	CHECK_EQ(run(event, buf, 256), 8, "GET EVENT STATUS");
	CHECK_EQ(buf[2], 4, "media class");
	CHECK_EQ(buf[5] & 3, 2, "medium present");
	u8 info[12] = { 0x51, 0, 0, 0, 0, 0, 0, 0, 34 };
	CHECK_EQ(run(info, buf, 256), 34, "READ DISC INFORMATION");
	u8 mech[12] = { 0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8 };
	CHECK_EQ(run(mech, buf, 256), 8, "MECHANISM STATUS");
}

static void test_tray(void)
{
	u8 lock[12] = { 0x1e, 0, 0, 0, 1 }, eject[12] = { 0x1b, 0, 0, 0, 2 }, tur[12] = { 0 };
	u8 buf[64];

	run(lock, buf, 64);
	run(eject, buf, 64);
	CHECK_EQ(sense(), 0x055302, "removal prevented");
	lock[4] = 0;
	run(lock, buf, 64);
	run(eject, buf, 64);
	CHECK(!failed(), "ejected");
	run(tur, buf, 64);
	CHECK_EQ(sense(), 0x023a02, "no medium, tray open");
	eject[4] = 3;
	run(eject, buf, 64);
	run(tur, buf, 64);
	CHECK(failed(), "loaded: unit attention");
	run(tur, buf, 64);
	CHECK(!failed(), "ready");
	u8 unknown[12] = { 0xee };
	run(unknown, buf, 64);
	CHECK_EQ(sense(), 0x052000, "invalid opcode");
	outb(P + 1, 2), outb(P + 7, 0xa0);
	CHECK_EQ(inb(P + 7) & 0x09, 1, "overlapped packet refused");
	outb(P + 7, 0x08);
	CHECK_EQ(inb(P + 4) | inb(P + 5) << 8, 0xeb14, "DEVICE RESET gives the signature");
}

/* -- By bus master (ATA/ATAPI-6 §9.9) ---------------------------------------------- */

static void prd(unsigned k, u32 at, u32 size, u16 flags)
{
	u32 word = (size & 0xffff) | (u32)flags << 16;

	memcpy(fake_ram + TABLE + 8 * k, &at, 4);
	memcpy(fake_ram + TABLE + 8 * k + 4, &word, 4);
}

static void master_start(void)
{
	outb(BM, 0), outb(BM + 2, 6), outl(BM + 4, TABLE), outb(BM, 9);
}

/* Send a packet whose data go by the table as it stands. */
static void run_dma(const u8 *cdb)
{
	outb(P + 6, 0xa0);
	outb(P + 1, 1), outb(P + 4, 0), outb(P + 5, 0);
	irq[1].rises = 0;
	outb(P + 7, 0xa0);
	CHECK_EQ(inb(P + 7) & 0x89, 0x08, "DRQ for the packet");
	bus_write_block(bus, P, cdb, 2, 6);
}

static void test_dma_read(void)
{
	u8 read10[12] = { 0x28, 0, 0, 0, 0, 7, 0, 0, 3 };
	u8 read12[12] = { 0xa8, 0, 0, 0, 0, 20, 0, 0, 0, 40 };

	memset(fake_ram + MEM, 0, 0x40000);
	prd(0, MEM, 1000, 0), prd(1, MEM + 0x8000, 3 * 2048 - 1000, LAST);
	run_dma(read10);
	CHECK_EQ(inb(P + 7) & 0x88, 0x80, "BSY until the bus master is started");
	CHECK_EQ(irq[1].rises, 0, "no interrupt yet");
	master_start();
	CHECK(!memcmp(fake_ram + MEM, media + 7 * 2048, 1000) &&
	      !memcmp(fake_ram + MEM + 0x8000, media + 7 * 2048 + 1000, 3 * 2048 - 1000),
	      "READ (10) into two regions");
	CHECK_EQ(irq[1].rises, 1, "one interrupt");
	CHECK_EQ(inb(BM + 2) & 7, 4, "INTR, not ACTIVE: the table's end and the data's");
	CHECK_EQ(inb(P + 7), 0x50, "success");
	CHECK_EQ(inb(P + 2) & 3, 3, "status phase");
	prd(0, MEM, 0, 0), prd(1, MEM + 65536, 40 * 2048 - 65536, LAST);
	master_start();
	run_dma(read12);
	CHECK(!memcmp(fake_ram + MEM, media + 20 * 2048, 40 * 2048), "READ (12)");
	CHECK_EQ(inb(P + 7), 0x50, "success");
}

static void test_dma_errors(void)
{
	u8 read10[12] = { 0x28, 0, 0, 0, 0, 7, 0, 0, 3 };

	disk.bad = 4 * 8;
	prd(0, MEM, 3 * 2048, LAST);
	master_start();
	run_dma(read10);
	CHECK(failed() && inb(P + 1) >> 4 == 3, "a scratch");
	CHECK_EQ(sense(), 0x031100, "unrecovered read error");
	disk.bad = 0;
	read10[5] = 200, read10[4] = 1;
	master_start();
	run_dma(read10);
	CHECK_EQ(sense(), 0x052100, "beyond the end: no data");
	read10[4] = 0;
	prd(0, 0xf0000000, 3 * 2048, LAST);
	master_start();
	run_dma(read10);
	CHECK_EQ(inb(BM + 2) & 3, 2, "no RAM: ERROR, not ACTIVE");
	CHECK_EQ(inb(P + 7) & 0x80, 0x80, "and the drive waits");
	outb(P + 7, 0x08);
	CHECK_EQ(inb(P + 7), 0, "until it is reset");
}

/* Replies go the same way: shorter than the table, and longer. */
static void test_dma_reply(void)
{
	u8 inquiry[12] = { 0x12, 0, 0, 0, 36 }, sense6[12] = { 0x1a, 0, 0x3f, 0, 255 }, buf[256];
	u8 tur[12] = { 0 };
	u32 n;

	memset(fake_ram + MEM, 0, 512);
	prd(0, MEM, 96, LAST);
	master_start();
	run_dma(inquiry);
	CHECK(!memcmp(fake_ram + MEM + 8, "LOAM", 4) && !fake_ram[MEM + 36], "INQUIRY, 36 bytes");
	CHECK_EQ(inb(BM + 2) & 7, 5, "the table is longer: ACTIVE and INTR");
	n = run(sense6, buf, 256);
	prd(0, MEM, 20, LAST);
	master_start();
	run_dma(sense6);
	CHECK_EQ(inb(BM + 2) & 1, 0, "the table ends first");
	CHECK_EQ(inb(P + 7) & 0x80, 0x80, "the drive has more");
	prd(0, MEM + 20, 300, LAST);
	master_start();
	CHECK(n > 20 && !memcmp(fake_ram + MEM, buf, n), "a second table goes on");
	CHECK_EQ(inb(P + 7), 0x50, "success");
	run_dma(tur);
	CHECK_EQ(inb(P + 7), 0x50, "no data: no bus master");
}

static void test_modes(void)
{
	u8 id[512];

	outb(P + 1, 3), outb(P + 2, 0x22), outb(P + 7, 0xef);
	CHECK_EQ(inb(P + 7) & 1, 0, "multiword mode 2");
	outb(P + 7, 0xa1);
	bus_read_block(bus, P, id, 2, 256);
	CHECK_EQ(id[126] | id[127] << 8, 0x0407, "is chosen");
	outb(P + 1, 3), outb(P + 2, 0x23), outb(P + 7, 0xef);
	CHECK_EQ(inb(P + 7) & 0x11, 1, "there is no mode 3");
}

int main(void)
{
	struct irq_line l[2] = { { wire_set, irq, 0 }, { wire_set, irq, 1 } };
	struct blockdev b = {
		.opaque = &disk, .sectors = CD_SECTORS * 4, .readonly = true, .name = "CD",
		.submit = mem_disk_submit,
	};

	media = malloc(CD_SECTORS * 2048);
	for (unsigned k = 0; k < CD_SECTORS * 2048; k++)
		media[k] = (u8)(k * 13 + (k >> 11) * 5);
	disk.data = media;
	bus = bus_create();
	struct ide *ide = ide_create(bus, l);
	ide_attach_cdrom(ide, 2, &b);
	bus_add(bus, BUS_IO, ide_master_region(ide));
	bus_move(bus, BUS_IO, ide_master_region(ide), 0xc000, 16, true);
	ide_master_enable(ide, true);
	ide_reset(ide);
	test_identify();
	test_attention();
	test_inquiry();
	test_read();
	test_tables();
	test_tray();
	test_status_bit4();
	test_later();
	test_dma_read();
	test_dma_errors();
	test_dma_reply();
	test_modes();
	free(media);
	return check_done();
}
