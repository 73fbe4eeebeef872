/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bus master of IDE: expectations from the 82371SB's datasheet, "Programming Interface for Bus
 * Master IDE Controller" rev. 1.0 and ATA/ATAPI-6. Guest RAM is fake_gpa's.
 */
#include "drivers/pc/ide.h"

#include <stdlib.h>

#include "qemu-test/unit/mem_disk.h"
#include "qemu-test/unit/pc_test.h"

enum { SECTORS = 5000, P = 0x1f0, BM = 0xc000, TABLE = 0x1000, MEM = 0x10000, LAST = 0x8000 };
enum { START = 1, TO_MEMORY = 8, ACTIVE = 1, ERROR = 2, INTR = 4 };
enum { READ_DMA = 0xc8, WRITE_DMA = 0xca };

static struct wire irq[2];
static struct mem_disk disk[2];
static struct ide *ide;
static u8 *media;
static unsigned prds;

/* -- A guest's driver -------------------------------------------------------- */

static void prd(u32 at, u32 size, u16 flags)
{
	u32 to = TABLE + 8 * prds++, word = (size & 0xffff) | (u32)flags << 16;

	memcpy(fake_ram + to, &at, 4);
	memcpy(fake_ram + to + 4, &word, 4);
}

static void table_at(u32 at)
{
	outb(BM, 0);
	outb(BM + 2, INTR | ERROR);
	outl(BM + 4, at);
	prds = 0;
}

static void address(unsigned drive, u64 lba, u16 count)
{
	outb(P + 6, (u8)(0x40 | drive << 4));
	outb(P + 2, (u8)(count >> 8)), outb(P + 2, (u8)count);
	for (unsigned k = 0; k < 3; k++) {
		outb((u16)(P + 3 + k), (u8)(lba >> (24 + 8 * k)));
		outb((u16)(P + 3 + k), (u8)(lba >> 8 * k));
	}
}

static void command(unsigned drive, u8 cmd, u64 lba, u16 count)
{
	address(drive, lba, count);
	outb(P + 7, cmd);
}

/* READ or WRITE DMA EXT, by the table as it stands. */
static void transfer(bool write, u64 lba, u16 count)
{
	command(0, write ? 0x35 : 0x25, lba, count);
	outb(BM, (u8)(START | (write ? 0 : TO_MEMORY)));
}

static u8 status(void) { return inb(0x3f6); }

/* What the end did at once is gone on with in the run loop. */
static void settle(void)
{
	for (unsigned k = 0; k < 100 && status() & 0x80; k++)
		fake_advance(100000);
}

/* Take the interrupt as a driver does; returns the bus master's status before. */
static u8 end_of(void)
{
	u8 v = inb(BM + 2);

	outb(BM, 0);
	inb(P + 7);
	outb(BM + 2, INTR | ERROR);
	return v & 7;
}

/* -- Good tables ---------------------------------------------------------------- */

static void test_read(void)
{
	table_at(TABLE);
	CHECK_EQ(inl(BM + 4), TABLE, "the table reads back");
	prd(MEM, 1024, 0), prd(MEM + 0x3000, 512, LAST);
	irq[0].rises = 0;
	fake_dma_writes = 0;
	command(0, READ_DMA, 10, 3);
	CHECK_EQ(status() & 0x80, 0x80, "BSY until the bus master starts");
	CHECK_EQ(irq[0].rises, 0, "no interrupt yet");
	outb(BM, START | TO_MEMORY);
	CHECK_EQ(status(), 0x50, "done");
	CHECK_EQ(irq[0].rises, 1, "one interrupt");
	CHECK(!memcmp(fake_ram + MEM, media + 10 * 512, 1024), "first region");
	CHECK(!memcmp(fake_ram + MEM + 0x3000, media + 12 * 512, 512), "second region");
	CHECK_EQ(fake_ram[MEM + 1024], 0, "and no byte more");
	CHECK_EQ(fake_dma_writes, 1536, "the frames were told");
	CHECK_EQ(inb(P + 3), 12, "last sector in the task file");
	CHECK_EQ(end_of(), INTR, "table used up: not active, interrupt");
	CHECK_EQ(inb(BM + 2) & 7, 0, "written ones clear");
	outb(BM, START | TO_MEMORY);	/* the bus master first, then the command */
	command(0, READ_DMA, 20, 3);
	CHECK(!memcmp(fake_ram + MEM, media + 20 * 512, 1024), "either order");
	CHECK_EQ(end_of(), INTR, "over");
}

static void test_write(void)
{
	table_at(TABLE);
	for (unsigned k = 0; k < 4096; k++)
		fake_ram[MEM + k] = (u8)(k * 3 + k / 256);
	prd(MEM, 4096, 0), prd(MEM + 0x9000, 512, LAST);
	fake_dma_writes = 0;
	transfer(true, 100, 8);
	CHECK(!memcmp(fake_ram + MEM, media + 100 * 512, 4096), "written");
	CHECK_EQ(fake_dma_writes, 0, "memory was only read");
	CHECK_EQ(end_of(), INTR | ACTIVE, "a table that is longer: active still");
	CHECK_EQ(inb(BM + 2) & 7, 0, "until it is stopped");
}

/* Regions of any even size, in any order, over pages; against the sectors in a row. */
static void test_scatter(void)
{
	static u8 got[40 * 512];

	for (unsigned round = 0; round < 300; round++) {
		u32 left = sizeof(got), at[400], size[400], n = 0;
		bool write = round & 1;

		table_at(TABLE);
		while (left) {
			u32 s = 2 * (1 + (u32)rand() % (round % 3 ? 1500 : 40));

			s = s > left || n == 399 ? left : s;
			at[n] = MEM + 0x70000 * (n % 4) + (n / 4) * 0x1000;
			at[n] += 2 * ((u32)rand() % 400);
			at[n] = round % 5 ? at[n] : n ? at[n - 1] + size[n - 1] : MEM;
			size[n] = s;
			prd(at[n], s, s == left ? LAST : 0);
			left -= s, n++;
		}
		for (u32 k = 0; write && k < FAKE_RAM_SIZE - MEM; k += 4)
			memcpy(fake_ram + MEM + k, &(u32){ (u32)rand() }, 4);
		transfer(write, 30, 40);
		settle();
		left = 0;
		for (u32 k = 0; k < n; left += size[k++])
			memcpy(got + left, fake_ram + at[k], size[k]);
		CHECK(!memcmp(got, media + 30 * 512, sizeof(got)), write ? "to disk" : "from disk");
		CHECK_EQ(end_of(), INTR, "over");
	}
}

/* Count 0 is 64 KiB; what an end does at once is cut, so that the run loop has its turns. */
static void test_large(void)
{
	table_at(TABLE);
	for (unsigned k = 0; k < 31; k++)
		prd(MEM, 0, k == 30 ? LAST : 0);
	disk[0].submits[BLOCK_READ] = 0;
	transfer(false, 0, 3000);
	CHECK_EQ(disk[0].submits[BLOCK_READ], 1, "a part");
	CHECK_EQ(status() & 0x80, 0x80, "busy");
	fake_advance(1000000);
	CHECK_EQ(disk[0].submits[BLOCK_READ], 2, "the rest");
	CHECK_EQ(status(), 0x50, "done");
	CHECK(!memcmp(fake_ram + MEM, media + 2944 * 512, 56 * 512), "the last region");
	CHECK_EQ(end_of(), INTR | ACTIVE, "some of it is left");
}

/* -- Bad ones --------------------------------------------------------------------- */

static void soft_reset(void)
{
	outb(BM, 0);
	outb(BM + 2, INTR | ERROR);
	outb(0x3f6, 4), outb(0x3f6, 0);
}

static void test_short_table(void)
{
	table_at(TABLE);
	prd(MEM, 512, LAST);
	irq[0].rises = 0;
	transfer(false, 50, 2);
	CHECK_EQ(inb(BM + 2) & 7, 0, "not active, no interrupt");
	CHECK_EQ(status() & 0x80, 0x80, "the drive waits");
	CHECK_EQ(irq[0].rises, 0, "silently");
	table_at(TABLE + 0x100);
	prds = 0x20;
	prd(MEM + 0x2000, 512, LAST);
	outb(BM, START | TO_MEMORY);
	CHECK(!memcmp(fake_ram + MEM + 0x2000, media + 51 * 512, 512), "a new table goes on");
	CHECK_EQ(end_of(), INTR, "over");
	table_at(TABLE);
	prd(MEM, 700, LAST);
	fake_ram[MEM + 512] = 0xee;
	transfer(false, 60, 2);
	settle();
	CHECK(!memcmp(fake_ram + MEM, media + 60 * 512, 512), "the whole sector");
	CHECK_EQ(fake_ram[MEM + 512], 0xee, "not the part");
	CHECK_EQ(inb(BM + 2) & 7, 0, "stopped");
	soft_reset();
	CHECK_EQ(status(), 0x50, "SRST frees the drive");
}

static void test_not_ram(void)
{
	table_at(0x7ffffff0);
	transfer(false, 0, 1);
	CHECK_EQ(inb(BM + 2) & 7, ERROR, "a table that is nowhere");
	soft_reset();
	table_at(FAKE_RAM_SIZE - 4);
	transfer(false, 0, 1);
	CHECK_EQ(inb(BM + 2) & 7, ERROR, "half a descriptor");
	soft_reset();
	table_at(TABLE);
	prd(MEM, 512, 0), prd(0xfee00000, 512, LAST);
	transfer(false, 70, 2);
	settle();
	CHECK(!memcmp(fake_ram + MEM, media + 70 * 512, 512), "what comes before is moved");
	CHECK_EQ(inb(BM + 2) & 7, ERROR, "a region that is nowhere");
	CHECK_EQ(status() & 0x80, 0x80, "the drive waits");
	command(0, 0xe7, 0, 0);
	CHECK_EQ(status(), 0x50, "until its next command");
	soft_reset();
	fake_hole = MEM + 0x1000;
	table_at(TABLE);
	prd(MEM, 8192, LAST);
	disk[0].submits[BLOCK_WRITE] = 0;
	transfer(true, 80, 16);
	settle();
	CHECK_EQ(disk[0].submits[BLOCK_WRITE], 1, "up to a hole");
	CHECK_EQ(inb(BM + 2) & 7, ERROR, "in the middle of a region");
	fake_hole = 0;
	soft_reset();
}

/* Thousands of descriptors of two bytes, all the same: what one start does is bounded. */
static void test_tiny(void)
{
	table_at(TABLE);
	for (unsigned k = 0; k < 256; k++)
		prd(MEM, 2, 0);
	for (unsigned k = 0; k < 256; k++)
		prd(MEM + 2 * k, 2, k == 255 ? LAST : 0);
	disk[0].submits[BLOCK_READ] = 0;
	transfer(false, 90, 2);
	CHECK_EQ(disk[0].submits[BLOCK_READ], 1, "a sector in 256 pieces");
	fake_advance(1000000);
	CHECK(!memcmp(fake_ram + MEM, media + 91 * 512, 512), "and one in a row of them");
	CHECK_EQ(end_of(), INTR, "over");
}

static void test_refused(void)
{
	table_at(TABLE);
	prd(MEM, 512, LAST);
	ide_master_enable(ide, false);
	transfer(false, 5, 1);
	CHECK_EQ(inb(BM + 2) & 7, ACTIVE, "no bus master: it does not go on");
	CHECK_EQ(status() & 0x80, 0x80, "nor the drive");
	ide_master_enable(ide, true);
	CHECK_EQ(status(), 0x50, "now it may");
	CHECK_EQ(end_of(), INTR, "over");
	command(0, 0x25, 5, 1);
	outb(BM, START);		/* from memory */
	CHECK_EQ(inb(BM + 2) & 7, ACTIVE, "the wrong direction moves nothing");
	soft_reset();
	transfer(false, SECTORS - 1, 2);
	CHECK_EQ(inb(P + 7), 0x51, "past the end");
	CHECK_EQ(inb(P + 1), 0x10, "IDNF");
	soft_reset();
	command(1, 0x35, 0, 1);
	CHECK_EQ(inb(P + 7), 0x51, "write-protected");
	CHECK_EQ(inb(P + 1), 0x44, "ABRT, WP");
	soft_reset();
	table_at(TABLE);
	prd(MEM, 4096, LAST);
	disk[0].bad = 203;
	transfer(false, 200, 8);
	CHECK_EQ(status(), 0x51, "an error of the end");
	CHECK_EQ(end_of() & INTR, INTR, "with its interrupt");
	CHECK_EQ(inb(P + 1), 0x40, "UNC");
	CHECK_EQ(inb(P + 3), 200, "the request's first sector");
	disk[0].bad = 0;
}

static void test_drives(void)
{
	table_at(TABLE);
	prd(MEM, 512, LAST);
	command(0, READ_DMA, 5, 1);
	outb(P + 6, 0xf0);
	outb(BM, START | TO_MEMORY);
	CHECK_EQ(inb(BM + 2) & 7, ACTIVE, "the other drive is selected");
	outb(P + 6, 0xe0);
	CHECK_EQ(end_of(), INTR, "selected again: done");
}

/* -- Ends that are later ------------------------------------------------------------ */

static void test_later(void)
{
	disk[0].later = true;
	table_at(TABLE);
	prd(MEM, 512, LAST);
	memset(fake_ram + MEM, 0, 512);
	transfer(false, 300, 1);
	CHECK(ide_busy(ide) && status() & 0x80, "in flight");
	CHECK_EQ(inb(BM + 2) & 7, ACTIVE, "active");
	mem_disk_finish(&disk[0], 0, 0);
	CHECK(!ide_busy(ide) && status() == 0x50, "over");
	CHECK(!memcmp(fake_ram + MEM, media + 300 * 512, 512), "in the guest's memory");
	CHECK_EQ(end_of(), INTR, "interrupt");

	fake_dma_writes = 0;
	transfer(false, 301, 1);
	outb(BM, 0);
	CHECK_EQ(inb(BM + 2) & 7, 0, "stopped");
	CHECK_EQ(status() & 0x80, 0x80, "but the end has the memory still");
	soft_reset();
	CHECK_EQ(status() & 0x80, 0x80, "over a reset, too");
	mem_disk_finish(&disk[0], 0, 0);
	CHECK_EQ(status(), 0x50, "free");
	CHECK_EQ(fake_dma_writes, 512, "what was written is told all the same");
	CHECK_EQ(inb(BM + 2) & 7, 0, "no interrupt");

	transfer(false, 302, 1);
	ide_reset(ide);
	CHECK(ide_busy(ide), "the machine's reset has to wait for it");
	CHECK_EQ(inb(BM) | inb(BM + 2) | inl(BM + 4), 0, "registers as at power-up");
	mem_disk_finish(&disk[0], 0, 0);
	CHECK(!ide_busy(ide), "over");
	CHECK_EQ(inb(P + 2) | inb(P + 3) << 8, 0x0101, "and the drive was reset");
	disk[0].later = false;
}

/* -- Caches --------------------------------------------------------------------------- */

static u16 identity(unsigned n)
{
	u8 id[512];

	outb(P + 6, 0xe0), outb(P + 7, 0xec), inb(P + 7);
	bus_read_block(bus, P, id, 2, 256);
	return (u16)(id[2 * n] | id[2 * n + 1] << 8);
}

static u8 feature(u8 f, u8 count)
{
	outb(P + 6, 0xe0), outb(P + 1, f), outb(P + 2, count), outb(P + 7, 0xef);
	return inb(P + 7);
}

static void test_features(void)
{
	CHECK_EQ(feature(3, 0x22), 0x50, "multiword DMA 2");
	CHECK_EQ(identity(63), 0x0407, "is selected");
	CHECK_EQ(feature(3, 0x42), 0x50, "Ultra DMA 2");
	CHECK_EQ(identity(63) << 16 | identity(88), 0x00070407, "is, in its place");
	CHECK_EQ(feature(3, 0x43), 0x51, "more is PIIX3's not");
	CHECK_EQ(feature(3, 0x23), 0x51, "nor this");
	soft_reset();
	CHECK_EQ(identity(88), 0x0407, "a soft reset keeps it");
	CHECK_EQ(identity(85) & 0x20, 0x20, "write cache on");
	disk[0].submits[BLOCK_FLUSH] = 0;
	CHECK_EQ(feature(0x82, 0), 0x50, "off");
	CHECK_EQ(disk[0].submits[BLOCK_FLUSH], 1, "after a flush");
	CHECK_EQ(identity(85) & 0x20, 0, "and shown so");
}

/* A write that must be on the medium is busy until the end's flush is over. */
static void check_through(u8 cmd, const char *what)
{
	table_at(TABLE);
	prd(MEM, 1024, LAST);
	irq[0].rises = 0;
	command(0, cmd, 400, 2);
	outb(BM, START);
	if (cmd == 0x34 || cmd == 0xce)
		bus_write_block(bus, P, fake_ram + MEM, 2, 256 * (cmd == 0x34 ? 1 : 2));
	mem_disk_finish(&disk[0], 0, 0);
	if (cmd == 0x34) {
		bus_write_block(bus, P, fake_ram + MEM, 2, 256);
		mem_disk_finish(&disk[0], 0, 0);
		irq[0].rises = 0, inb(P + 7);
	}
	CHECK(status() & 0x80 && disk[0].in_flight == 1, what);
	CHECK_EQ(disk[0].flight[0]->op, BLOCK_FLUSH, what);
	CHECK_EQ(irq[0].level, 0, "no interrupt before");
	mem_disk_finish(&disk[0], 0, 0);
	CHECK_EQ(status(), 0x50, what);
	end_of();
}

static void test_through(void)
{
	disk[0].later = true;
	check_through(0x35, "WRITE DMA EXT, cache off");
	check_through(0x34, "WRITE SECTORS EXT, cache off");
	disk[0].later = false;
	CHECK_EQ(feature(0x02, 0), 0x50, "write cache on");
	disk[0].later = true;
	check_through(0x3d, "WRITE DMA FUA EXT");
	check_through(0xce, "WRITE MULTIPLE FUA EXT");
	table_at(TABLE);
	prd(MEM, 512, LAST);
	transfer(true, 400, 1);
	mem_disk_finish(&disk[0], 0, 0);
	CHECK(status() == 0x50 && !disk[0].in_flight, "cached: no flush");
	end_of();
	disk[0].later = false;
}

static void create(void)
{
	struct irq_line l[2] = { { wire_set, irq, 0 }, { wire_set, irq, 1 } };

	bus = bus_create();
	ide = ide_create(bus, l);
	for (unsigned k = 0; k < 2; k++) {
		struct blockdev b = {
			.opaque = &disk[k], .sectors = SECTORS, .submit = mem_disk_submit,
			.readonly = k == 1,
		};

		disk[k].data = media;
		ide_attach_disk(ide, k, &b);
	}
	bus_add(bus, BUS_IO, ide_master_region(ide));
	bus_move(bus, BUS_IO, ide_master_region(ide), BM, 16, true);
	ide_master_enable(ide, true);
}

int main(void)
{
	media = malloc(SECTORS * 512);
	for (unsigned k = 0; k < SECTORS * 512; k++)
		media[k] = (u8)(k * 11 + k / 512);
	fake_time_reset(1000000000);
	create();
	test_read();
	test_write();
	test_scatter();
	test_large();
	test_short_table();
	test_not_ram();
	test_tiny();
	test_refused();
	test_drives();
	test_features();
	test_through();
	test_later();
	free(media);
	return check_done();
}
