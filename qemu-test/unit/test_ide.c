/* SPDX-License-Identifier: BSD-2-Clause */
/* IDE disks: expectations from ATA/ATAPI-6 (T13 1410D), on a disk kept in memory. */
#include "drivers/pc/ide.h"

#include <stdlib.h>

#include "qemu-test/unit/mem_disk.h"
#include "qemu-test/unit/pc_test.h"

enum { SECTORS = 5000, P = 0x1f0, S = 0x170 };

static struct wire irq[2];
static u8 *media, *protected_media;
static struct mem_disk disk_a, disk_b, disk_c = { .all_zero = true, .bad = 3 };

static void lba28(u16 port, unsigned drive, u32 lba, u8 count)
{
	outb(port + 6, (u8)(0xe0 | drive << 4 | lba >> 24));
	outb(port + 2, count);
	outb(port + 3, (u8)lba), outb(port + 4, (u8)(lba >> 8)), outb(port + 5, (u8)(lba >> 16));
}

static void lba48(u16 port, u64 lba, u16 count)
{
	outb(port + 6, 0x40);
	outb(port + 2, (u8)(count >> 8)), outb(port + 2, (u8)count);
	for (unsigned k = 0; k < 3; k++) {
		outb((u16)(port + 3 + k), (u8)(lba >> (24 + 8 * k)));
		outb((u16)(port + 3 + k), (u8)(lba >> 8 * k));
	}
}

static void read_words(u16 port, void *buf, unsigned words)
{
	bus_read_block(bus, port, buf, 2, words);
}

static void test_signature(void)
{
	CHECK_EQ(inb(P + 7), 0x50, "ready after power-up");
	CHECK_EQ(inb(P + 1), 1, "diagnostic code");
	CHECK_EQ(inb(P + 2) | inb(P + 3) << 8, 0x0101, "signature");
	CHECK_EQ(inb(P + 4) | inb(P + 5) << 8, 0x0000, "signature of a disk");
	outb(0x3f6, 0x06);
	CHECK_EQ(inb(0x3f6), 0x80, "SRST: busy");
	outb(0x3f6, 0x00);
	CHECK_EQ(inb(0x3f6), 0x50, "SRST over");
	CHECK_EQ(irq[0].level, 0, "SRST gives no interrupt");
	outb(P + 6, 0xb0);
	CHECK_EQ(inb(P + 7), 0x50, "device 1 is there");
	outb(P + 6, 0xa0);
	outb(P + 2, 0x55), outb(P + 3, 0xaa);
	CHECK_EQ(inb(P + 2) | inb(P + 3) << 8, 0xaa55, "task file reads back");
	outb(S + 6, 0xb0);
	CHECK_EQ(inb(S + 7), 0, "absent device 1: status 0");
	outb(S + 2, 0x55), outb(S + 3, 0xaa);
	CHECK_EQ(inb(S + 2) | inb(S + 3), 0, "and no registers that probing could find");
	outb(S + 7, 0xec);
	CHECK_EQ(inb(S + 7), 0, "and takes no command");
	outb(S + 6, 0xa0);
}

static u16 word(const u8 *id, unsigned n) { return (u16)(id[2 * n] | id[2 * n + 1] << 8); }

static void test_identify(void)
{
	u8 id[512];

	irq[0].rises = 0;
	outb(P + 6, 0xa0);
	outb(P + 7, 0xec);
	CHECK_EQ(irq[0].level, 1, "INTRQ with the data");
	CHECK_EQ(inb(0x3f6), 0x58, "DRQ");
	CHECK_EQ(irq[0].level, 1, "the alternate status keeps INTRQ");
	CHECK_EQ(inb(P + 7), 0x58, "status");
	CHECK_EQ(irq[0].level, 0, "reading status clears INTRQ");
	read_words(P, id, 256);
	CHECK_EQ(inb(P + 7), 0x50, "no DRQ after the last word");
	CHECK_EQ(irq[0].rises, 1, "no interrupt after the last word");
	CHECK_EQ(word(id, 0), 0x0040, "fixed disk");
	CHECK_EQ(word(id, 1), SECTORS / 1008, "cylinders");
	CHECK_EQ(word(id, 3) << 16 | word(id, 6), 16 << 16 | 63, "heads, sectors");
	CHECK_EQ(word(id, 49) & 0x0300, 0x0300, "LBA, DMA");
	CHECK_EQ(word(id, 60) | word(id, 61) << 16, SECTORS, "28-bit capacity");
	CHECK_EQ(word(id, 100), SECTORS, "48-bit capacity");
	CHECK_EQ(word(id, 83) & 0xc400, 0x4400, "48-bit feature set");
	CHECK_EQ(word(id, 63) << 16 | word(id, 88), 0x70007, "DMA modes, none selected");
	CHECK(!memcmp(id + 54, "OLMAH RADDSI", 12), "model, byte-swapped");
}

static void test_read(void)
{
	u8 buf[2048];

	lba28(P, 0, 100, 3);
	irq[0].rises = 0;
	outb(P + 7, 0x20);
	for (unsigned k = 0; k < 3; k++) {
		CHECK_EQ(irq[0].level, 1, "an interrupt for each sector");
		CHECK_EQ(inb(P + 7), 0x58, "DRQ");
		read_words(P, buf, 256);
		CHECK(!memcmp(buf, media + (100 + k) * 512, 512), "the sector");
	}
	CHECK_EQ(irq[0].rises, 3, "three interrupts");
	CHECK_EQ(inb(P + 7), 0x50, "over");
	CHECK_EQ(inb(P + 3), 102, "last sector in the task file");
	CHECK_EQ(inw(P), 0xffff, "no data left");
	lba28(P, 0, 7, 1);
	outb(P + 7, 0x20);
	CHECK_EQ(inl(P), *(u32 *)(media + 7 * 512), "32-bit data access");
	outb(P + 6, 0xa0);		/* CHS: cylinder 1, head 2, sector 3 */
	outb(P + 2, 1), outb(P + 3, 3), outb(P + 4, 1), outb(P + 5, 0), outb(P + 6, 0xa2);
	outb(P + 7, 0x20);
	read_words(P, buf, 256);
	CHECK(!memcmp(buf, media + ((1 * 16 + 2) * 63 + 2) * 512, 512), "CHS");
	lba48(P, 4999, 1);
	outb(P + 7, 0x24);
	read_words(P, buf, 256);
	CHECK(!memcmp(buf, media + 4999 * 512, 512), "READ SECTORS EXT");
	outb(0x3f6, 0x80);
	CHECK_EQ(inb(P + 3), 0, "HOB shows the previous content");
	outb(0x3f6, 0x02);
	outb(P + 7, 0xec);
	CHECK_EQ(irq[0].level, 0, "nIEN");
	outb(0x3f6, 0);
	CHECK_EQ(irq[0].level, 1, "nIEN off shows it");
	read_words(P, buf, 256), inb(P + 7);
}

static void test_multiple(void)
{
	u8 buf[8 * 512];

	outb(P + 7, 0xec);
	read_words(P, buf, 256);
	CHECK_EQ(buf[2 * 59] | buf[2 * 59 + 1] << 8, 0x0110, "16 sectors at power-up");
	outb(P + 2, 0), outb(P + 7, 0xc6);
	CHECK_EQ(inb(P + 7), 0x50, "SET MULTIPLE 0: off");
	lba28(P, 0, 10, 8);
	outb(P + 7, 0xc4);
	CHECK_EQ(inb(P + 7) & 0x09, 0x01, "READ MULTIPLE while it is off: error");
	CHECK_EQ(inb(P + 1), 0x04, "ABRT");
	outb(P + 2, 3), outb(P + 7, 0xc6);
	CHECK_EQ(inb(P + 7) & 1, 1, "3 is no power of two");
	outb(P + 2, 4), outb(P + 7, 0xc6);
	CHECK_EQ(inb(P + 7), 0x50, "SET MULTIPLE 4");
	irq[0].rises = 0;
	lba28(P, 0, 10, 6);
	outb(P + 7, 0xc4);
	CHECK_EQ(irq[0].rises, 1, "first block");
	inb(P + 7);
	read_words(P, buf, 4 * 256);
	CHECK_EQ(irq[0].rises, 2, "second block");
	inb(P + 7);
	read_words(P, buf + 2048, 2 * 256);
	CHECK(!memcmp(buf, media + 10 * 512, 6 * 512), "six sectors in two blocks");
	CHECK_EQ(inb(P + 7), 0x50, "over");
	for (unsigned k = 0; k < sizeof(buf); k++)
		buf[k] = (u8)(k * 7);
	lba28(P, 0, 200, 8);
	irq[0].rises = 0;
	outb(P + 7, 0xc5);
	CHECK_EQ(irq[0].rises, 0, "no interrupt before the first block of a write");
	bus_write_block(bus, P, buf, 2, 8 * 256);
	CHECK_EQ(inb(P + 7), 0x50, "over");
	CHECK(!memcmp(buf, media + 200 * 512, 8 * 512), "WRITE MULTIPLE");
	lba28(P, 0, 300, 0);
	outb(P + 7, 0xc4);
	u8 *big = malloc(256 * 512);
	read_words(P, big, 256 * 256);
	CHECK(!memcmp(big, media + 300 * 512, 256 * 512), "count 0 is 256 sectors");
	CHECK_EQ(inb(P + 7), 0x50, "over");
	free(big);
}

static void test_write(void)
{
	u8 buf[1024];

	memset(buf, 0xa5, sizeof(buf));
	lba28(P, 0, 50, 2);
	irq[0].rises = 0;
	outb(P + 7, 0x30);
	CHECK_EQ(inb(P + 7), 0x58, "DRQ for the first sector");
	bus_write_block(bus, P, buf, 2, 256);
	CHECK_EQ(irq[0].rises, 1, "interrupt: give the second");
	CHECK_EQ(inb(P + 7), 0x58, "DRQ");
	bus_write_block(bus, P, buf, 4, 128);
	CHECK_EQ(irq[0].rises, 2, "interrupt: done");
	CHECK_EQ(inb(P + 7), 0x50, "done");
	CHECK(!memcmp(buf, media + 50 * 512, 1024), "written");
	outb(P + 7, 0xe7);
	CHECK_EQ(inb(P + 7), 0x50, "FLUSH CACHE");
	CHECK_EQ(disk_a.submits[BLOCK_FLUSH], 1, "the end was asked to flush");
	lba28(P, 1, 0, 1);
	outb(P + 7, 0x30);
	CHECK_EQ(inb(P + 7), 0x51, "write-protected: error");
	CHECK_EQ(inb(P + 1), 0x44, "WP and ABRT");
	CHECK_EQ(disk_b.submits[BLOCK_WRITE], 0, "nothing written");
	outb(P + 6, 0xe0);
}

static void test_errors(void)
{
	u8 buf[512];

	lba28(P, 0, SECTORS, 1);
	outb(P + 7, 0x20);
	CHECK_EQ(inb(P + 7), 0x51, "past the end");
	CHECK_EQ(inb(P + 1), 0x10, "IDNF");
	lba28(P, 0, SECTORS - 1, 2);
	outb(P + 7, 0x20);
	read_words(P, buf, 256);
	CHECK_EQ(inb(P + 7), 0x51, "the second is past the end");
	CHECK_EQ(inb(P + 3) | inb(P + 4) << 8, SECTORS, "its address is shown");
	outb(P + 6, 0xa0), outb(P + 2, 1), outb(P + 3, 0), outb(P + 4, 0), outb(P + 5, 0);
	outb(P + 7, 0x20);
	CHECK_EQ(inb(P + 1), 0x10, "CHS sector 0: IDNF");
	lba48(P, 1ull << 40, 1);
	outb(P + 7, 0x24);
	CHECK_EQ(inb(P + 1), 0x10, "48-bit address past the end");
	lba28(P, 0, SECTORS - 4, 4);
	outb(P + 7, 0x40);
	CHECK_EQ(inb(P + 7), 0x50, "VERIFY up to the end");
	lba28(P, 0, SECTORS - 4, 5);
	outb(P + 7, 0x40);
	CHECK_EQ(inb(P + 7), 0x51, "VERIFY past the end");
	static const u8 unknown[] = { 0x00, 0x08, 0xa0, 0xa1, 0xb0, 0xc7, 0xcc, 0xf8 };
	for (unsigned k = 0; k < sizeof(unknown); k++) {
		outb(P + 7, unknown[k]);
		CHECK_EQ(inb(P + 7), 0x51, "not supported: error");
		CHECK_EQ(inb(P + 1), 0x04, "ABRT");
	}
	lba28(S, 0, 2, 2);
	outb(S + 7, 0x20);
	read_words(S, buf, 256);
	CHECK_EQ(inb(S + 7), 0x51, "media error on the second");
	CHECK_EQ(inb(S + 1), 0x40, "UNC");
}

static void test_settings(void)
{
	outb(P + 6, 0xa0);
	outb(P + 1, 3), outb(P + 2, 0x0c), outb(P + 7, 0xef);
	CHECK_EQ(inb(P + 7), 0x50, "PIO mode 4");
	outb(P + 2, 0x45), outb(P + 7, 0xef);
	CHECK_EQ(inb(P + 7), 0x51, "UDMA mode 5 refused");
	outb(P + 2, 32), outb(P + 6, 0xa7), outb(P + 7, 0x91);
	CHECK_EQ(inb(P + 7), 0x50, "INITIALIZE PARAMETERS 8 heads, 32 sectors");
	u8 id[512], buf[512];
	outb(P + 7, 0xec);
	read_words(P, id, 256);
	CHECK_EQ(word(id, 55) << 16 | word(id, 56), 8 << 16 | 32, "in IDENTIFY");
	outb(P + 2, 1), outb(P + 3, 1), outb(P + 4, 1), outb(P + 5, 0), outb(P + 6, 0xa0);
	outb(P + 7, 0x20);
	read_words(P, buf, 256);
	CHECK(!memcmp(buf, media + 8 * 32 * 512, 512), "and in CHS addresses");
	outb(P + 7, 0x10);
	CHECK_EQ(inb(P + 7), 0x50, "RECALIBRATE");
	outb(P + 7, 0xe5);
	CHECK_EQ(inb(P + 2), 0xff, "CHECK POWER MODE: active");
	inb(P + 7);
	outb(P + 7, 0x90);
	CHECK_EQ(irq[0].level, 1, "DIAGNOSTIC interrupts");
	CHECK_EQ(inb(P + 1), 1, "passed");
	inb(P + 7);
}

/* An end that takes its time: BSY and no interrupt until it is done; the CPU goes on. */
static void test_later(void)
{
	u8 buf[1024];

	disk_a.later = true;
	lba28(P, 0, 60, 2);
	irq[0].rises = 0;
	outb(P + 7, 0x20);
	CHECK_EQ(inb(P + 7) & 0x88, 0x80, "read: BSY, no data");
	CHECK_EQ(inb(0x3f6) & 0x88, 0x80, "in the alternate status, too");
	CHECK_EQ(inw(P), 0xffff, "no data yet");
	outb(P + 3, 99), outb(P + 7, 0x10);
	CHECK_EQ(inb(P + 3), 60, "what is written to a busy drive is lost");
	CHECK_EQ(disk_a.in_flight, 1, "a command to a busy drive is lost");
	CHECK_EQ(irq[0].rises, 0, "no interrupt");
	mem_disk_finish(&disk_a, 0, 0);
	CHECK_EQ(irq[0].rises, 1, "interrupt with the first sector");
	CHECK_EQ(inb(P + 7), 0x58, "DRQ");
	read_words(P, buf, 256);
	CHECK_EQ(inb(P + 7) & 0x88, 0x80, "BSY until the second is there");
	mem_disk_finish(&disk_a, 0, 0);
	CHECK_EQ(inb(P + 7), 0x58, "DRQ");
	read_words(P, buf + 512, 256);
	CHECK(!memcmp(buf, media + 60 * 512, 1024), "both");
	CHECK_EQ(inb(P + 3), 61, "the last sector's address");
	lba28(P, 0, 70, 1);
	outb(P + 7, 0x30);
	memset(buf, 0x77, 512);
	irq[0].rises = 0;
	bus_write_block(bus, P, buf, 2, 256);
	CHECK_EQ(inb(P + 7) & 0x88, 0x80, "write: BSY once the sector is given");
	CHECK_EQ(irq[0].rises, 0, "no interrupt");
	mem_disk_finish(&disk_a, 0, 0);
	CHECK_EQ(irq[0].rises, 1, "interrupt when it is written");
	CHECK_EQ(inb(P + 7), 0x50, "done");
	CHECK_EQ(media[70 * 512], 0x77, "on the disk");
	outb(P + 7, 0xe7);
	CHECK_EQ(inb(P + 7) & 0x80, 0x80, "flush: BSY");
	mem_disk_finish(&disk_a, 0, 0);
	CHECK_EQ(inb(P + 7), 0x50, "flushed");
	outb(P + 7, 0xe7);
	mem_disk_finish(&disk_a, 0, -5);
	CHECK_EQ(inb(P + 7), 0x51, "flush failed");
	lba28(P, 0, 71, 2);
	outb(P + 7, 0x20);
	mem_disk_finish(&disk_a, 0, -5);
	CHECK_EQ(inb(P + 7), 0x51, "read failed late");
	CHECK_EQ(inb(P + 1), 0x40, "UNC");
	CHECK_EQ(inb(P + 3), 71, "where");
	lba28(P, 0, 72, 1);
	outb(P + 7, 0x30);
	bus_write_block(bus, P, buf, 2, 256);
	mem_disk_finish(&disk_a, 0, -5);
	CHECK_EQ(inb(P + 7), 0x51, "write failed late");
	disk_a.later = false;
}

/* Three drives at once, ended in another order. */
static void test_several(void)
{
	u8 buf[512];

	disk_a.later = disk_b.later = disk_c.later = true;
	lba28(P, 0, 80, 1), outb(P + 7, 0x20);
	lba28(P, 1, 81, 1), outb(P + 7, 0x20);
	lba28(S, 0, 5, 1), outb(S + 7, 0x20);
	CHECK_EQ(disk_a.in_flight + disk_b.in_flight + disk_c.in_flight, 3, "three in flight");
	irq[0].rises = irq[1].rises = 0;
	mem_disk_finish(&disk_c, 0, 0);
	CHECK_EQ(irq[1].rises, 1, "the last first");
	CHECK_EQ(irq[0].rises, 0, "and no other");
	read_words(S, buf, 256), inb(S + 7);
	mem_disk_finish(&disk_a, 0, 0);
	CHECK_EQ(irq[0].rises, 0, "the drive that is not selected shows no interrupt");
	mem_disk_finish(&disk_b, 0, 0);
	CHECK_EQ(irq[0].rises, 1, "the selected one does");
	read_words(P, buf, 256), inb(P + 7);
	outb(P + 6, 0xe0);
	CHECK_EQ(inb(P + 7), 0x58, "the other has its data still");
	read_words(P, buf, 256);
	CHECK(!memcmp(buf, media + 80 * 512, 512), "its own");
	disk_a.later = disk_b.later = disk_c.later = false;
}

/* A reset while the end is busy waits for it, and what it brings is dropped. */
static void test_reset_in_flight(struct ide *ide)
{
	u8 buf[512];

	disk_a.later = true;
	lba28(P, 0, 90, 1);
	irq[0].rises = 0;
	outb(P + 7, 0x20);
	outb(0x3f6, 0x04), outb(0x3f6, 0x00);
	CHECK_EQ(inb(P + 7), 0xd0, "SRST: BSY until the end is done");
	outb(P + 6, 0xb0);
	CHECK_EQ(inb(P + 7), 0x50, "the other drive is ready");
	mem_disk_finish(&disk_a, 0, 0);
	CHECK_EQ(inb(P + 6), 0xb0, "which stays chosen");
	outb(P + 6, 0xa0);
	CHECK_EQ(inb(P + 7), 0x50, "then ready");
	CHECK_EQ(irq[0].rises, 0, "without an interrupt");
	CHECK_EQ(inw(P), 0xffff, "nor data");
	CHECK_EQ(inb(P + 2) | inb(P + 3) << 8, 0x0101, "but the signature");
	lba28(P, 0, 90, 1), outb(P + 7, 0x20);
	ide_reset(ide);
	CHECK_EQ(inb(P + 7) & 0x80, 0x80, "the machine's reset: the same");
	mem_disk_finish(&disk_a, 0, -5);
	CHECK_EQ(inb(P + 7), 0x50, "an error is dropped, too");
	disk_a.later = false;
	lba28(P, 0, 91, 1), outb(P + 7, 0x20);
	read_words(P, buf, 256);
	CHECK(!memcmp(buf, media + 91 * 512, 512), "and it works as before");
}

static void test_huge(struct ide *ide)
{
	struct mem_disk d = { .all_zero = true };
	struct blockdev b = {
		.opaque = &d, .sectors = 1ull << 32, .name = "huge", .submit = mem_disk_submit,
	};
	u8 buf[512];

	ide_attach_disk(ide, 3, &b);
	outb(S + 6, 0xb0), outb(S + 7, 0xec);
	read_words(S, buf, 256);
	CHECK_EQ(word(buf, 60) | (u32)word(buf, 61) << 16, 0x0fffffff, "28-bit capacity saturates");
	CHECK_EQ(word(buf, 102), 1, "2 TiB");
	CHECK_EQ(word(buf, 1), 16383, "cylinders saturate");
	lba48(S, 0xfffffffe, 1), outb(S + 6, 0x50);
	outb(S + 7, 0x24);
	CHECK_EQ(inb(S + 7), 0x58, "near the end");
	CHECK_EQ(d.last_lba, 0xfffffffe, "the address");
	outb(S + 6, 0xa0);
}

int main(void)
{
	struct irq_line l[2] = { { wire_set, irq, 0 }, { wire_set, irq, 1 } };
	struct blockdev a = {
		.opaque = &disk_a, .sectors = SECTORS, .name = "A", .submit = mem_disk_submit,
	};
	struct blockdev b = a, c;

	media = malloc(SECTORS * 512);
	protected_media = calloc(SECTORS, 512);
	for (unsigned k = 0; k < SECTORS * 512; k++)
		media[k] = (u8)(k * 31 + (k >> 9) * 17 + (k >> 16));
	disk_a.data = media;
	disk_b.data = protected_media;
	b.opaque = &disk_b;
	b.readonly = true;
	c = (struct blockdev){
		.opaque = &disk_c, .sectors = 100, .name = "C", .submit = mem_disk_submit,
	};
	bus = bus_create();
	struct ide *ide = ide_create(bus, l);
	CHECK_EQ(inb(P + 7), 0, "an empty channel: no drive is busy");
	CHECK_EQ(inb(0x3f6), 0, "nor by its alternate status");
	ide_attach_disk(ide, 0, &a);
	ide_attach_disk(ide, 1, &b);
	ide_attach_disk(ide, 2, &c);
	ide_reset(ide);
	test_signature();
	test_identify();
	test_read();
	test_multiple();
	test_write();
	test_errors();
	test_settings();
	test_later();
	test_several();
	test_reset_in_flight(ide);
	test_huge(ide);
	free(media);
	return check_done();
}
