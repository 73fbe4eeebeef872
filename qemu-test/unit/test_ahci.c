/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native test of drivers/host/ahci over a controller made from the standards (AHCI 1.3.1, SATA 3.0,
 * ATA8-ACS, MMC-5): FISes and tables as they reach it, queued commands and errors, links that are
 * late.
 */
#include "qemu-test/unit/check.h"

#include <stdlib.h>

#include "drivers/host/ahci.h"
#include "kernel/lib/err.h"
#include "kernel/timer.h"
#include "qemu-test/unit/fake_host.h"
#include "qemu-test/unit/native.h"

enum { MEDIUM = 4 << 20, HARD = 0, CD = 3 };

static u8 medium[MEDIUM];
static struct port {
	u32 reg[32];
	bool there;
	u64 late;			/* clock_ns() from which on the link is there */
	u32 sactive, issue;
	unsigned commands, queued, alone;
	unsigned attention;		/* packet commands that fail at first */
	bool mute, cd;
} port[4];
static u32 ghc, is;
/* Who has the controller (AHCI 1.3.1, 3.1.11): BOHC, and until when the firmware has it. */
static struct { bool there; u32 owner; u64 until, taken; } firmware;
static u64 bad;				/* sector; ~0: none */
static u16 identity[256];

static u64 get64(u64 at) { u64 v; memcpy(&v, (void *)(uintptr_t)at, 8); return v; }
static u32 get32(u64 at) { u32 v; memcpy(&v, (void *)(uintptr_t)at, 4); return v; }

enum { CLB = 0, FB = 2, IS = 4, IE = 5, CMD = 6, TFD = 8, SIG = 9, SSTS = 10, SCTL = 11 };

static void raise_is(unsigned n, u32 bits)
{
	port[n].reg[IS] |= bits;
	if (port[n].reg[IE] & bits)
		is |= 1u << n;
}

/* Move the table's one piece of data. */
static void move(u64 header, u64 table, const u8 *data, u8 *to, u64 bytes)
{
	u64 at = get64(table + 128);

	CHECK_EQ(get32(header) >> 16, 1, "one piece");
	CHECK_EQ((get32(table + 140) & 0x3fffff) + 1, bytes, "its bytes");
	CHECK_EQ(!!(get32(header) & 0x40), !!to, "direction");
	if (to)
		memcpy(to, (void *)(uintptr_t)at, bytes);
	else
		memcpy((void *)(uintptr_t)at, data, bytes);
}

static u64 fis_lba(const u8 *f)
{
	return f[4] | f[5] << 8 | f[6] << 16 | (u64)f[8] << 24 | (u64)f[9] << 32 |
	       (u64)f[10] << 40;
}

static bool trim(u64 header, u64 table)
{
	u8 ranges[512];

	move(header, table, NULL, ranges, sizeof(ranges));
	for (unsigned k = 0; k < 64; k++) {
		u64 range = get64((u64)(uintptr_t)ranges + 8 * k), lba = range << 16 >> 16;

		CHECK(lba * 512 + (range >> 48) * 512 <= MEDIUM, "within the disk");
		memset(medium + lba * 512, 0xd5, (range >> 48) * 512);
	}
	return true;
}

/* Returns whether it went well. */
static bool ata(struct port *p, unsigned slot, u64 header, u64 table, const u8 *f)
{
	bool queued = f[2] == 0x60 || f[2] == 0x61, write = f[2] == 0x61 || f[2] == 0x35;
	u32 count = queued ? f[3] | f[11] << 8 : f[12] | f[13] << 8;
	u64 lba = fis_lba(f), bytes = (u64)(count ? count : 65536) * 512;

	CHECK(f[0] == 0x27 && f[1] == 0x80, "a command FIS");
	CHECK_EQ(get32(header) & 31, 5, "its length");
	switch (f[2]) {
	case 0xec: move(header, table, (u8 *)identity, NULL, 512); return true;
	case 0xea:
		CHECK(!p->sactive && p->issue == 1u << slot, "a flush is alone");
		return true;
	case 0x06:
		CHECK(!p->sactive && p->issue == 1u << slot, "a trim is alone");
		CHECK(f[3] == 1 && f[12] == 1 && f[7] == 0x40, "of one block of ranges");
		return trim(header, table);
	case 0x60: case 0x61:
		CHECK_EQ(f[12] >> 3, slot, "tag");
		CHECK(p->sactive >> slot & 1, "SACT first");
		p->queued++;
		break;
	case 0x25: case 0x35:
		CHECK(!p->sactive, "never beside queued ones");
		p->alone++;
		break;
	default: CHECK(false, "a command that is known");
	}
	CHECK_EQ(f[7], 0x40, "LBA");
	CHECK(lba * 512 + bytes <= MEDIUM, "within the disk");
	if (lba <= bad && bad < lba + count)
		return false;
	move(header, table, medium + lba * 512, write ? medium + lba * 512 : NULL, bytes);
	return true;
}

static bool atapi(struct port *p, u64 header, u64 table, const u8 *f)
{
	const u8 *c = (const u8 *)(uintptr_t)(table + 64);
	u64 lba = (u64)c[2] << 24 | c[3] << 16 | c[4] << 8 | c[5];
	u32 count = c[7] << 8 | c[8], last = MEDIUM / 2048 - 1;
	u8 size[8] = { (u8)(last >> 24), (u8)(last >> 16), (u8)(last >> 8), (u8)last, 0, 0, 8, 0 };

	CHECK(f[2] == 0xa0 && f[3] == 1 && get32(header) & 0x20, "a packet, by DMA");
	if (p->attention) {
		p->attention--;
		return false;
	}
	if (c[0] == 0x25) {
		move(header, table, size, NULL, 8);
		return true;
	}
	CHECK_EQ(c[0], 0x28, "READ (10)");
	if (lba * 4 <= bad && bad < (lba + count) * 4)
		return false;
	move(header, table, medium + lba * 2048, NULL, count * 2048);
	return true;
}

/* Do what was issued, from the last slot to the first. */
static void serve(unsigned n)
{
	struct port *p = &port[n];

	for (unsigned k = 32; k-- > 0 && !p->mute;) {
		u64 header, table;
		const u8 *f;
		bool good;

		if (!(p->issue >> k & 1) || !(p->reg[CMD] & 1))
			continue;
		header = get64((u64)(uintptr_t)&p->reg[CLB]) + 32 * k;
		table = get64(header + 8);
		f = (const u8 *)(uintptr_t)table;
		CHECK(!(table & 127), "a table is aligned");
		p->commands++;
		good = p->cd ? atapi(p, header, table, f) : ata(p, k, header, table, f);
		if (f[2] == 0x60 || f[2] == 0x61)
			p->issue &= ~(1u << k);
		if (!good) {
			p->reg[TFD] = 0x51;
			raise_is(n, 0x40000001);
			return;		/* nothing more until the driver acts */
		}
		p->reg[TFD] = 0x50;
		p->issue &= ~(1u << k);
		p->sactive &= ~(1u << k);
		raise_is(n, 1);
	}
}

static u32 dev_read(unsigned bar, u32 offset, unsigned width)
{
	struct port *p = &port[(offset - 0x100) / 0x80 % 4];
	u32 r = offset % 0x80 / 4;

	CHECK(bar == 5 && width == 4, "32-bit accesses to BAR 5");
	switch (offset) {
	case 0: return 1u << 31 | 1 << 30 | 31 << 8 | 3;
	case 4: return ghc;
	case 8: return is;
	case 0xc: return 1 << HARD | 1 << 1 | 1 << CD;
	case 0x24: return firmware.there;
	case 0x28:
		fake_advance(1000000);
		if (clock_ns() >= firmware.until)
			firmware.owner &= ~0x11u;
		return firmware.owner;
	}
	CHECK(offset >= 0x100 && offset < 0x300, "a port that is there");
	if (r == SSTS) {
		fake_advance(1000000);	/* whoever waits for it sees time pass */
		return p->there && clock_ns() >= p->late ? 0x123 : p->there ? 1 : 0;
	}
	if (r == 13)
		return p->sactive;
	return r == 14 ? p->issue : p->reg[r];
}

static void dev_write(unsigned bar, u32 offset, unsigned width, u32 x)
{
	unsigned n = (offset - 0x100) / 0x80 % 4;
	struct port *p = &port[n];
	u32 r = offset % 0x80 / 4;

	CHECK(bar == 5 && width == 4, "32-bit accesses to BAR 5");
	if (offset == 4 && !firmware.taken)
		firmware.taken = clock_ns();
	if (offset == 0x28)
		firmware.owner = (firmware.owner & ~2u) | (x & 2);
	if (offset < 0x100) {
		CHECK(offset != 4 || !firmware.there || firmware.owner & 2, "it is ours first");
		ghc = offset == 4 ? x : ghc;
		is &= offset == 8 ? ~x : ~0u;
		return;
	}
	switch (r) {
	case IS: p->reg[IS] &= ~x; break;
	case CMD:
		p->reg[CMD] = (x & 0xffff3fff) | (x & 1) << 15 | (x & 0x10) << 10;
		if (!(x & 1))
			p->issue = p->sactive = 0;
		CHECK(!(x & 1) || x & 0x10, "FIS are received before commands are sent");
		break;
	case SCTL:
		if (p->reg[SCTL] & 1 && !(x & 1)) {
			p->reg[SIG] = p->cd ? 0xeb140101 : 0x101;
			p->reg[TFD] = 0x50;
			p->issue = p->sactive = 0;
		}
		p->reg[SCTL] = x;
		break;
	case 13: p->sactive |= x; break;
	case 14:
		CHECK(p->reg[CMD] & 1 && !(x & p->issue), "a slot that is free, a port that runs");
		p->issue |= x;
		if (!(p->reg[IE]))	/* while it is brought up */
			serve(n);
		break;
	default: p->reg[r] = x;
	}
}

static struct disk *disk[4];
static unsigned disks, names;
static struct disk_extent whole;
static struct disk_view view;
static struct blockdev end;
static struct block_request r[32];
static int result[32];
static unsigned ended;

static void add(struct disk *d) { disk[disks++] = d; }

static void clear(void)
{
	memset(port, 0, sizeof(port));
	memset(identity, 0, sizeof(identity));
	ghc = is = disks = names = 0;
	bad = ~0ull;
	port[HARD].there = port[CD].cd = true;
	identity[75] = 31;
	identity[76] = 1 << 8;
	identity[83] = 1 << 10;
	identity[85] = 1 << 5;
	identity[100] = (u16)(MEDIUM / 512);
	identity[101] = (u16)(MEDIUM / 512 >> 16);
}

static void create(void)
{
	static const struct fake_device dev = { dev_read, dev_write };
	static struct pci pci;
	struct pci_function f = fake_pci(0x8086, 0x2922, 0x010601, 1 << 5, &dev);

	fake_time_reset(1000000000);
	pci_init(&pci, hpa(0));
	CHECK(ahci_match(&f), "it is one");
	ahci_create(&pci, &f, &names, add);
}

static void use(struct disk *d)
{
	whole = (struct disk_extent){ 0, d->sectors };
	view = (struct disk_view){ .disk = d, .extent = &whole, .extents = 1 };
	end = disk_end(&view, d->name, false);
	ended = 0;
}

static void done(struct block_request *q, int rc)
{
	result[q - r] = rc;
	ended++;
}

static void ask(unsigned k, enum block_op op, u64 lba, u32 count, void *buf)
{
	r[k] = (struct block_request){ .op = op, .lba = lba, .count = count, .buf = buf,
				       .done = done };
	result[k] = 1234;
	CHECK_EQ(end.submit(end.opaque, &r[k]), BLOCK_LATER, "later");
}

static void run(unsigned n)
{
	for (unsigned k = 0; k < 200; k++) {
		serve(n);
		if (is) {
			CHECK(fake_interrupt() && !is && !(port[n].reg[IS] & port[n].reg[IE]),
			      "its handler quiets port and controller");
			disk_poll(disk[0]);
		}
		if (disk[0]->resetting)
			fake_advance(20000000);
	}
}

static void test_work(bool ncq)
{
	static u8 buf[32][60 * 512], other[32][60 * 512];

	clear();
	identity[76] = ncq ? 1 << 8 : 0;
	create();
	CHECK_EQ(disks, 1, "a disk");
	if (!disks)
		return;
	CHECK(!strcmp(disk[0]->name, "sata0") && disk[0]->cached && disk[0]->slots == 32 &&
	      disk[0]->sectors == MEDIUM / 512, "as it says");
	use(disk[0]);
	srand(ncq);
	for (unsigned k = 0; k < 32; k++) {
		for (unsigned b = 0; b < sizeof(buf[k]); b++)
			buf[k][b] = (u8)rand();
		ask(k, BLOCK_WRITE, k * 200 + 1, 1 + (u32)rand() % 60, buf[k]);
	}
	run(HARD);
	CHECK_EQ(ended, 32, "writes");
	for (unsigned k = 0; k < 32; k++)
		ask(k, BLOCK_READ, k * 200 + 1, r[k].count, other[k]);
	run(HARD);
	for (unsigned k = 0; k < 32; k++)
		CHECK(!result[k] && !memcmp(buf[k], other[k], r[k].count * 512) &&
		      !memcmp(medium + (k * 200 + 1) * 512, buf[k], r[k].count * 512), "bytes");
	CHECK(ncq ? port[HARD].queued >= 64 && !port[HARD].alone : !port[HARD].queued,
	      "queued if both can");
	ask(0, BLOCK_READ, 5, 9, buf[0]);
	ask(1, BLOCK_FLUSH, 0, 0, NULL);
	ask(2, BLOCK_READ, 50, 9, buf[1]);
	run(HARD);
	CHECK(ended == 67 && !result[0] && !result[1] && !result[2], "a flush between reads");
}

/* One bad sector among many: a reset, all again one by one, and one error. */
static void test_error(bool ncq)
{
	static u8 buf[32][512];

	clear();
	identity[76] = ncq ? 1 << 8 : 0;
	create();
	use(disk[0]);
	bad = 70;
	for (unsigned k = 0; k < 32; k++)
		ask(k, BLOCK_READ, k * 10, 1, buf[k]);
	run(HARD);
	CHECK_EQ(ended, 32, "all end");
	for (unsigned k = 0; k < 32; k++)
		CHECK_EQ(result[k], k == 7 ? (u64)-ERR_IO : 0, "only one fails");
	CHECK_EQ(disk[0]->errors, 1, "one error");
	CHECK_EQ(disk[0]->resets, 1, "one reset");
	ask(0, BLOCK_READ, 71, 1, buf[0]);
	run(HARD);
	CHECK_EQ(result[0], 0, "it goes on");
}

static void test_cd(void)
{
	static u8 buf[40 * 512];

	clear();
	port[HARD].there = false;
	port[CD].there = true;
	port[CD].attention = 2;
	create();
	CHECK(disks == 1 && disk[0]->readonly && disk[0]->block == 2048 &&
	      disk[0]->sectors == MEDIUM / 512, "a CD-ROM that was reset");
	use(disk[0]);
	ask(0, BLOCK_READ, 40, 40, buf);
	run(CD);
	CHECK(!result[0] && !memcmp(buf, medium + 40 * 512, sizeof(buf)), "blocks");
	ask(0, BLOCK_READ, 41, 5, buf);
	run(CD);
	CHECK(!result[0] && !memcmp(buf, medium + 41 * 512, 5 * 512), "parts of blocks");
	bad = 100;
	ask(0, BLOCK_READ, 100, 4, buf);
	run(CD);
	CHECK_EQ(result[0], (u64)-ERR_IO, "a scratch");
	clear();
	port[HARD].there = false;
	port[CD].there = true;
	port[CD].attention = 100;
	create();
	CHECK_EQ(disks, 0, "no medium");
}

/* Firmware that gives it up, after a while, or does not. */
static void test_firmware(void)
{
	const struct { u32 owner; u64 until, took; const char *name; } rows[] = {
		{ 0, 0, 0, "nobody has it" }, { 1, 10, 10, "given up after 10 ms" },
		{ 1, 9999, 25, "never: taken after 25 ms" },
		{ 0x11, 1500, 1500, "given up after 1.5 s of work" },
		{ 0x11, 9999, 2000, "never: taken after 2 s" },
	};

	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		u64 start = 1000000000;

		clear();
		firmware.there = true;
		firmware.owner = rows[k].owner;
		firmware.until = start + rows[k].until * 1000000;
		firmware.taken = 0;
		create();
		firmware.there = false;
		CHECK(disks == 1 && firmware.owner & 2, rows[k].name);
		CHECK((firmware.taken - start) / 1000000 - rows[k].took <= 2, rows[k].name);
	}
}

static void test_links(void)
{
	clear();
	port[HARD].late = 4000000000ull;
	create();
	CHECK_EQ(disks, 1, "a link that takes three seconds");
	clear();
	port[HARD].there = false;
	create();
	CHECK_EQ(disks, 0, "nothing there");
	CHECK(clock_ns() < 3000000000ull, "which does not take long");
	clear();
	port[CD].there = true;
	create();
	CHECK(disks == 2 && !strcmp(disk[1]->name, "sata1"), "two");
}

static void test_identity(void)
{
	clear();
	identity[83] = 0;
	create();
	CHECK_EQ(disks, 0, "28 bits");
	clear();
	identity[106] = 0x5000;
	identity[117] = 2048;
	create();
	CHECK(disks == 1 && disk[0]->block == 4096 && disk[0]->sectors == MEDIUM / 512 * 8,
	      "sectors of 4 KiB");
	clear();
	identity[106] = 0x5000;
	identity[117] = 260;
	create();
	CHECK_EQ(disks, 0, "sectors of 520 bytes");
	clear();
	identity[103] = 0xffff;
	create();
	CHECK_EQ(disks, 0, "too large to be true");
	clear();
	identity[75] = 3;
	create();
	CHECK_EQ(disk[0]->slots, 4, "a short queue");
	clear();
	memset(identity + 100, 0, 8);
	create();
	CHECK_EQ(disks, 0, "no sectors");
}

/* It is silent, is reset, and then another disk is there. */
static void test_changed(void)
{
	static u8 buf[512];

	clear();
	create();
	use(disk[0]);
	port[HARD].mute = true;
	ask(0, BLOCK_READ, 1, 1, buf);
	fake_advance(9000000000ull);
	port[HARD].mute = false;
	identity[100] /= 2;
	fake_advance(3000000000ull);
	CHECK(ended == 1 && result[0] == -ERR_IO && disk[0]->gone, "gone");
}

/* A CD-ROM instead, of as many blocks of the same size. */
static void test_now_a_cd(void)
{
	static u8 buf[2048];

	clear();
	identity[100] = MEDIUM / 2048;
	identity[101] = 0;
	identity[106] = 1 << 14 | 1 << 12;
	identity[117] = 1024;
	create();
	CHECK(disks == 1 && disk[0]->block == 2048 && !disk[0]->readonly, "a disk");
	use(disk[0]);
	port[HARD].mute = true;
	ask(0, BLOCK_WRITE, 4, 4, buf);
	fake_advance(9000000000ull);
	port[HARD].mute = false;
	port[HARD].cd = true;
	fake_advance(3000000000ull);
	CHECK(ended == 1 && result[0] == -ERR_IO && disk[0]->gone, "gone");
}

/* Discards and zeros reach exactly their sectors, also where several commands are needed. */
static void test_empty(void)
{
	clear();
	identity[169] = 1;
	create();
	use(disk[0]);
	memset(medium, 1, sizeof(medium));
	ask(0, BLOCK_DISCARD, 3, 9, NULL);
	ask(1, BLOCK_ZERO, 100, 777, NULL);	/* has no command: it is written */
	ask(2, BLOCK_DISCARD, 2000, 4000, NULL);
	run(HARD);
	CHECK(ended == 3 && !result[0] && !result[1] && !result[2], "all end well");
	CHECK(fake_filled(medium, 3, 9, 0xd5) && fake_filled(medium, 100, 777, 0) &&
	      fake_filled(medium, 2000, 4000, 0xd5), "theirs and no others");
}

/* Pulled out with requests in flight: they fail, and those that come later. */
static void test_pulled(void)
{
	static u8 buf[4][512];

	clear();
	create();
	use(disk[0]);
	for (unsigned k = 0; k < 3; k++)
		ask(k, BLOCK_READ, k + 1, 1, buf[k]);
	fake_pulled = true;
	disk_poll(disk[0]);
	fake_advance(40000000000ull);
	CHECK(ended == 3 && disk[0]->gone, "gone");
	for (unsigned k = 0; k < 3; k++)
		CHECK_EQ(result[k], (u64)-ERR_IO, "its requests fail");
	r[3] = (struct block_request){ .op = BLOCK_WRITE, .lba = 9, .count = 1, .buf = buf[3] };
	CHECK_EQ(end.submit(end.opaque, &r[3]), (u64)-ERR_IO, "and what comes later");
	fake_pulled = false;
}

int main(void)
{
	for (unsigned k = 0; k < MEDIUM; k++)
		medium[k] = (u8)(k * 13 + k / 512);
	test_work(true);
	test_work(false);
	test_error(true);
	test_error(false);
	test_cd();
	test_links();
	test_firmware();
	test_identity();
	test_changed();
	test_now_a_cd();
	test_empty();
	test_pulled();
	return check_done();
}
