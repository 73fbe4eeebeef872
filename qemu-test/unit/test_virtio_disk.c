/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-blk over virtio-pci, with a driver that the test plays: expectations from virtio 1.2. Its
 * rings are in fake_gpa's RAM. Good drivers first, then careless ones.
 */
#include "drivers/pc/virtio_disk.h"

#include <stdlib.h>

#include "qemu-test/unit/mem_disk.h"
#include "qemu-test/unit/pc_test.h"

enum { SECTORS = 20000, BAR = 0xe0000000, TABLE_BAR = 0xe0010000, DEV = 4 };
enum { DESC = 0x1000, AVAIL = 0x2000, USED = 0x3000, TABLE = 0x4000, HEADER = 0x5000,
	STATUS = 0x6000, MEM = 0x10000, QUEUE_STEP = 0x80000 };
enum { C_STATUS = 0x14, NEXT = 1, WRITE = 2, INDIRECT = 4, IN = 0, OUT = 1, FLUSH = 4, ID = 8,
	DISCARD = 11, ZERO = 13 };
#define VERSION_1 (1ull << 32)
#define EVENT_IDX (1ull << 29)
#define WITH_INDIRECT (1ull << 28)
#define WITH_FLUSH (1ull << 9)

static struct wire intx;
static struct mem_disk disk;
static u8 *media;
static struct virtio_disk *d;
static struct pci *pci;
static u16 avail_idx, used_seen;
static u64 message_at;
static u32 message_data, messages;

/* -- Registers ---------------------------------------------------------------- */

static void conf(u32 off, u32 v)
{
	outl(0xcf8, 0x80000000u | DEV << 11 | off);
	outl(0xcfc, v);
}

static u32 conf_read(u32 off)
{
	outl(0xcf8, 0x80000000u | DEV << 11 | (off & 0xfc));
	return inl(0xcfc) >> 8 * (off & 3);
}

static u64 rd(u32 off, unsigned size) { return bus_read(bus, BUS_MMIO, BAR + off, size); }
static void wr(u32 off, u64 v, unsigned size) { bus_write(bus, BUS_MMIO, BAR + off, v, size); }
static u8 device_status(void) { return (u8)rd(C_STATUS, 1); }
static void bell(unsigned q) { wr(0x3000 + 4 * q, q, 2); }

static void set16(u32 at, u16 v) { memcpy(fake_ram + at, &v, 2); }
static u16 get16(u32 at) { u16 v; memcpy(&v, fake_ram + at, 2); return v; }

static void queue(unsigned q, u16 size)
{
	u32 base = q * QUEUE_STEP;

	wr(0x16, q, 2), wr(0x18, size, 2);
	wr(0x20, DESC + base, 4), wr(0x24, 0, 4);
	wr(0x28, AVAIL + base, 4), wr(0x2c, 0, 4);
	wr(0x30, USED + base, 4), wr(0x34, 0, 4);
	wr(0x1c, 1, 2);
	memset(fake_ram + DESC + base, 0, 0x3000);
}

/* Reset, agree to what is asked, queues 0 and 1 up. */
static void start(u64 features)
{
	wr(C_STATUS, 0, 1);
	CHECK_EQ(device_status(), 0, "reset");
	wr(C_STATUS, 1, 1), wr(C_STATUS, 3, 1);
	wr(8, 0, 4), wr(0xc, (u32)features, 4);
	wr(8, 1, 4), wr(0xc, features >> 32, 4);
	wr(C_STATUS, 11, 1);
	CHECK_EQ(device_status(), 11, "FEATURES_OK");
	queue(0, 16);
	queue(1, 128);
	wr(C_STATUS, 15, 1);
	CHECK_EQ(device_status(), 15, "DRIVER_OK");
	avail_idx = used_seen = 0;
}

/* -- Requests ------------------------------------------------------------------- */

static void desc(u32 table, unsigned k, u64 at, u32 size, u16 flags, u16 next)
{
	u8 *p = fake_ram + table + 16 * k;

	memcpy(p, &at, 8), memcpy(p + 8, &size, 4);
	memcpy(p + 12, &flags, 2), memcpy(p + 14, &next, 2);
}

static void header(u32 at, u32 type, u64 sector)
{
	memset(fake_ram + at, 0, 16);
	memcpy(fake_ram + at, &type, 4), memcpy(fake_ram + at + 8, &sector, 8);
}

static void offer(u32 base, u16 head)
{
	set16(base + AVAIL + 4 + 2 * (avail_idx % (base ? 128 : 16)), head);
	set16(base + AVAIL + 2, ++avail_idx);
}

/* A chain of header, data in `pieces` parts, status, from descriptor 0 of `table` on. */
static unsigned chain(u32 table, u32 type, u64 sector, u32 size, unsigned pieces)
{
	bool out = type == OUT || type == DISCARD || type == ZERO;
	u16 flags = (u16)(NEXT | (out ? 0 : WRITE)), k = 1;

	header(HEADER, type, sector);
	fake_ram[STATUS] = 0xee;
	desc(table, 0, HEADER, 16, NEXT, 1);
	for (; k <= pieces; k++)
		desc(table, k, MEM + (k - 1) * 0x2000, size / pieces, flags, (u16)(k + 1));
	desc(table, k, STATUS, 1, WRITE, 0);
	return k + 1u;
}

static u8 ask(u32 type, u64 sector, u32 size, unsigned pieces)
{
	chain(DESC, type, sector, size, pieces);
	offer(0, 0);
	bell(0);
	return fake_ram[STATUS];
}

static void check_used(u32 size, const char *name)
{
	u32 entry[2];

	CHECK_EQ(get16(USED + 2), (u16)(used_seen + 1), name);
	memcpy(entry, fake_ram + USED + 4 + 8 * (used_seen++ % 16), 8);
	CHECK_EQ(entry[0], 0, "its head");
	CHECK_EQ(entry[1], size, "bytes written");
}

/* -- Good drivers ------------------------------------------------------------------ */

static void test_config(void)
{
	u32 cap = conf_read(0x34) & 0xff, seen = 0;

	CHECK_EQ(conf_read(0), 0x10421af4, "ids");
	CHECK_EQ(conf_read(8), 0x01000001, "class, revision 1");
	for (unsigned n = 0; cap && n < 20; n++, cap = conf_read(cap) >> 8 & 0xff) {
		u32 c = conf_read(cap);

		if ((c & 0xff) != 9)
			continue;
		seen |= 1u << (c >> 24);
		CHECK(c >> 24 == 5 || conf_read(cap + 4) == 4, "in BAR 4");
	}
	CHECK_EQ(seen, 0x3e, "all five structures");
	wr(0, 0, 4);
	CHECK_EQ(rd(4, 4), 1u << 29 | 1 << 28 | 0x7a46, "features");
	wr(0, 1, 4);
	CHECK_EQ(rd(4, 4), 1, "version 1");
	wr(0, 2, 4);
	CHECK_EQ(rd(4, 4), 0, "no more");
	CHECK_EQ(rd(0x12, 2), 4, "queues");
	CHECK_EQ(rd(0x2000, 4) | rd(0x2004, 4) << 32, SECTORS, "capacity");
	CHECK_EQ(rd(0x2014, 4), 512, "block");
	wr(0x16, 7, 2);
	CHECK_EQ(rd(0x18, 2), 0, "no queue 7");
	wr(C_STATUS, 0, 1), wr(C_STATUS, 3, 1);
	wr(8, 1, 4), wr(0xc, 0, 4);
	wr(C_STATUS, 11, 1);
	CHECK_EQ(device_status(), 3, "no legacy drivers");
	wr(8, 1, 4), wr(0xc, 3, 4);
	wr(C_STATUS, 11, 1);
	CHECK_EQ(device_status(), 3, "nor unknown features");
}

/* Range k of a discard. */
static void range(unsigned k, u64 sector, u32 count, u32 flags)
{
	u8 *p = fake_ram + MEM + 16 * k;

	memcpy(p, &sector, 8), memcpy(p + 8, &count, 4), memcpy(p + 12, &flags, 4);
}

/* Are sectors from `from` to before `to` all `what`, and their neighbours not? */
static bool filled(u64 from, u64 to, u8 what)
{
	for (u64 k = from * 512; k < to * 512; k++)
		if (media[k] != what)
			return false;
	return media[from * 512 - 1] != what && media[to * 512] != what;
}

/* The end has at most STEP sectors at once, and gets no more than a turn's until it is asked. */
static void test_ranges(void)
{
	u8 *kept = malloc((size_t)SECTORS * 512);

	memcpy(kept, media, (size_t)SECTORS * 512);
	start(VERSION_1 | WITH_FLUSH);
	disk.submits[BLOCK_FLUSH] = 0;
	range(0, 40, 0, 0), range(1, 50, 3, 0), range(2, 60, 9, 0);
	media[50 * 512 - 1] = media[53 * 512] = media[60 * 512 - 1] = media[69 * 512] = 7;
	CHECK_EQ(ask(DISCARD, 0, 48, 1), 0, "discard");
	check_used(1, "used");
	CHECK(filled(50, 53, 0xd5) && filled(60, 69, 0xd5), "these and no others");
	range(0, 200, 2, 0), range(1, 300, 5, 1);
	media[200 * 512 - 1] = media[202 * 512] = media[300 * 512 - 1] = media[305 * 512] = 7;
	CHECK_EQ(ask(ZERO, 0, 32, 1), 0, "zeros");
	CHECK(filled(200, 202, 0) && filled(300, 305, 0), "these and no others");
	CHECK_EQ(disk.submits[BLOCK_FLUSH], 0, "into the cache");
	range(0, 1000, 6000, 0);
	media[1000 * 512 - 1] = media[7000 * 512] = 7;
	CHECK_EQ(ask(ZERO, 0, 16, 1), 0xee, "more than a turn");
	CHECK(!filled(1000, 7000, 0), "is not done at once");
	CHECK_EQ(ask(IN, 10, 512, 1), 0xee, "who comes later waits");
	fake_advance(1000000);
	CHECK(!fake_ram[STATUS] && filled(1000, 7000, 0), "but soon");
	disk.bad = 65;
	range(0, 60, 9, 0);
	CHECK_EQ(ask(ZERO, 0, 16, 1), 1, "an error of the end");
	disk.bad = 0;
	start(VERSION_1);
	range(0, 50, 3, 0);
	CHECK_EQ(ask(ZERO, 0, 16, 1), 0, "without a cache");
	CHECK_EQ(disk.submits[BLOCK_FLUSH], 1, "it is on the medium");
	disk.submits[BLOCK_FLUSH] = 0;
	memcpy(media, kept, (size_t)SECTORS * 512);
	free(kept);
}

static void test_requests(void)
{
	start(VERSION_1 | WITH_FLUSH);
	intx.rises = 0;
	fake_dma_writes = 0;
	CHECK_EQ(ask(IN, 10, 4096, 1), 0, "read");
	CHECK(!memcmp(fake_ram + MEM, media + 10 * 512, 4096), "what is there");
	CHECK_EQ(fake_dma_writes, 4096, "the frames were told");
	check_used(4097, "used");
	CHECK_EQ(intx.level, 1, "interrupt");
	CHECK_EQ(rd(0x1000, 1), 1, "by a queue");
	CHECK_EQ(intx.level, 0, "reading quiets it");
	for (unsigned k = 0; k < 8192; k++)
		fake_ram[MEM + 0x2000 * (k / 4096) + k % 4096] = (u8)(k * 5 + k / 4096);
	CHECK_EQ(ask(OUT, 100, 8192, 2), 0, "write");
	CHECK(!memcmp(fake_ram + MEM, media + 100 * 512, 4096) &&
	      !memcmp(fake_ram + MEM + 0x2000, media + 108 * 512, 4096), "written");
	check_used(1, "used");
	CHECK_EQ(disk.submits[BLOCK_FLUSH], 0, "into the cache");
	CHECK_EQ(ask(FLUSH, 0, 0, 0), 0, "flush");
	CHECK_EQ(disk.submits[BLOCK_FLUSH], 1, "reached the end");
	check_used(1, "used");
	CHECK_EQ(ask(ID, 0, 20, 1), 0, "name");
	CHECK(!memcmp(fake_ram + MEM, "testdisk", 9), "it");
	check_used(21, "used");
	set16(AVAIL, 1);
	rd(0x1000, 1), intx.rises = 0;
	CHECK_EQ(ask(IN, 10, 512, 1), 0, "no interrupt asked for");
	CHECK_EQ(intx.rises, 0, "none");
	check_used(513, "used");
	set16(AVAIL, 0);
	conf(4, 0x0406);
	CHECK_EQ(ask(IN, 10, 512, 1), 0, "interrupt pin off");
	CHECK_EQ(intx.level, 0, "no interrupt");
	conf(4, 0x0006);
	CHECK_EQ(intx.level, 1, "it waited");
	rd(0x1000, 1);
	check_used(513, "used");
}

static void test_indirect(void)
{
	unsigned n;

	start(VERSION_1 | WITH_INDIRECT | EVENT_IDX);
	n = chain(TABLE, IN, 50, 64 * 512, 64);
	desc(DESC, 0, TABLE, n * 16, INDIRECT, 0);
	offer(0, 0);
	set16(AVAIL + 4 + 2 * 16, 0);		/* used_event: the first one */
	intx.rises = 0;
	bell(0);
	CHECK_EQ(fake_ram[STATUS], 0, "by a table");
	for (unsigned k = 0; k < 64; k++)
		CHECK(!memcmp(fake_ram + MEM + k * 0x2000, media + (50 + k) * 512, 512), "piece");
	check_used(64 * 512 + 1, "used");
	CHECK_EQ(intx.rises, 1, "an interrupt");
	CHECK_EQ(get16(USED + 4 + 8 * 16), 1, "the device wants to hear of the next");
	rd(0x1000, 1);
	offer(0, 0), bell(0);
	CHECK_EQ(intx.rises, 1, "and none for the second");
	check_used(64 * 512 + 1, "used");
	CHECK_EQ(disk.submits[BLOCK_FLUSH], 1, "reads do not flush");
	chain(DESC, OUT, 60, 512, 1), offer(0, 0), bell(0);
	CHECK_EQ(disk.submits[BLOCK_FLUSH], 2, "no FLUSH feature: a write is on the medium");
	check_used(1, "used");
}

static void test_later(void)
{
	disk.later = true;
	start(VERSION_1 | WITH_FLUSH);
	for (unsigned k = 0; k < 3; k++) {
		u32 base = 3 * k;

		header(HEADER + 16 * k, IN, 200 + k);
		desc(DESC, base, HEADER + 16 * k, 16, NEXT, (u16)(base + 1));
		desc(DESC, base + 1, MEM + 0x1000 * k, 512, NEXT | WRITE, (u16)(base + 2));
		desc(DESC, base + 2, STATUS + k, 1, WRITE, 0);
		fake_ram[STATUS + k] = 0xee;
		offer(0, (u16)base);
	}
	rd(0x1000, 1);
	intx.rises = 0;
	bell(0);
	CHECK_EQ(disk.in_flight, 3, "all at once");
	CHECK_EQ(get16(USED + 2), 0, "none is over");
	mem_disk_finish(&disk, 1, 0);
	mem_disk_finish(&disk, 1, -5);
	CHECK_EQ(get16(USED + 2), 2, "two are, the second first");
	CHECK(fake_ram[STATUS + 1] == 0 && fake_ram[STATUS + 2] == 1, "good and bad");
	CHECK_EQ(intx.rises, 1, "interrupt");
	CHECK(virtio_disk_busy(d), "one is in flight");
	wr(C_STATUS, 0, 1);
	CHECK_EQ(device_status(), 15, "a reset waits for it");
	CHECK_EQ(intx.level, 0, "without interrupt");
	mem_disk_finish(&disk, 0, 0);
	CHECK_EQ(device_status(), 0, "now it is done");
	CHECK_EQ(get16(USED + 2), 2, "and what came is forgotten");
	CHECK(!virtio_disk_busy(d), "nothing in flight");
	start(VERSION_1 | WITH_FLUSH);
	ask(IN, 5, 512, 1);
	conf(4, 2);
	mem_disk_finish(&disk, 0, 0);
	conf(4, 6);
	CHECK_EQ(device_status() & 0x40, 0x40, "bus mastering went off meanwhile");
	CHECK_EQ(get16(USED + 2), 0, "nothing was written");
	disk.later = false;
}

/* Cache off by the configuration: a write's end is the flush's. */
static void test_cache(void)
{
	start(VERSION_1 | WITH_FLUSH | 1 << 11);
	disk.submits[BLOCK_FLUSH] = 0;
	wr(0x2020, 0, 1);
	CHECK_EQ(rd(0x2020, 1), 0, "cache off");
	CHECK_EQ(disk.submits[BLOCK_FLUSH], 1, "what was in it is flushed");
	disk.later = true;
	CHECK_EQ(ask(OUT, 5, 512, 1), 0xee, "in flight");
	mem_disk_finish(&disk, 0, 0);
	CHECK(fake_ram[STATUS] == 0xee && disk.flight[0]->op == BLOCK_FLUSH, "then the flush");
	mem_disk_finish(&disk, 0, 0);
	CHECK_EQ(fake_ram[STATUS], 0, "then the end");
	disk.later = false;
	wr(0x2020, 7, 1);
	CHECK_EQ(rd(0x2020, 1), 1, "on");
	wr(0x2000, 0xff, 1);
	CHECK_EQ(rd(0x2000, 1), SECTORS & 255, "the rest is not written");
}

static void test_message(void)
{
	conf(4, 0x0006);
	start(VERSION_1 | WITH_FLUSH);
	for (unsigned k = 0; k < 5; k++) {
		writel(TABLE_BAR + 16 * k, 0xfee01000), writel(TABLE_BAR + 16 * k + 8, 0x40 + k);
		writel(TABLE_BAR + 16 * k + 12, 0);
	}
	for (u32 cap = conf_read(0x34) & 0xff; cap; cap = conf_read(cap) >> 8 & 0xff)
		if ((conf_read(cap) & 0xff) == 0x11)
			conf(cap, 0x80000000);
	wr(0x16, 0, 2), wr(0x1a, 3, 2);
	CHECK_EQ(rd(0x1a, 2), 3, "the queue's vector");
	wr(0x1a, 9, 2);
	CHECK_EQ(rd(0x1a, 2), 0xffff, "one that is not there");
	wr(0x1a, 3, 2);
	messages = 0;
	rd(0x1000, 1), intx.rises = 0;
	CHECK_EQ(ask(IN, 1, 512, 1), 0, "read");
	CHECK(messages == 1 && message_at == 0xfee01000 && message_data == 0x43, "a message");
	CHECK(!intx.rises && !rd(0x1000, 1), "not the pin");
	writel(TABLE_BAR + 16 * 3 + 12, 1);
	ask(IN, 1, 512, 1);
	CHECK_EQ(messages, 1, "masked");
	CHECK_EQ(readl(TABLE_BAR + 2048), 8, "pending");
	writel(TABLE_BAR + 16 * 3 + 12, 0);
	CHECK_EQ(messages, 2, "unmasked");
	CHECK_EQ(readl(TABLE_BAR + 2048), 0, "sent");
	for (u32 cap = conf_read(0x34) & 0xff; cap; cap = conf_read(cap) >> 8 & 0xff)
		if ((conf_read(cap) & 0xff) == 0x11)
			conf(cap, 0);
}

/* -- Careless ones ------------------------------------------------------------------ */

static void expect_broken(const char *name)
{
	CHECK_EQ(device_status() & 0x40, 0x40, name);
	CHECK_EQ(disk.in_flight, 0, "nothing is in flight");
	chain(DESC, IN, 0, 512, 1), offer(0, 0), bell(0);
	CHECK_EQ(fake_ram[STATUS], 0xee, "and nothing is done");
	start(VERSION_1 | WITH_FLUSH | WITH_INDIRECT);
	CHECK_EQ(ask(IN, 0, 512, 1), 0, "until it is reset");
	used_seen++;
}

static void test_bad_rings(void)
{
	start(VERSION_1 | WITH_FLUSH | WITH_INDIRECT);
	offer(0, 99), bell(0);
	expect_broken("a head that is not there");
	set16(AVAIL + 2, (u16)(avail_idx + 17)), bell(0);
	expect_broken("more than the ring holds");
	desc(DESC, 0, HEADER, 16, NEXT, 1), desc(DESC, 1, MEM, 512, NEXT | WRITE, 1);
	offer(0, 0), bell(0);
	expect_broken("a chain that goes round");
	desc(DESC, 0, HEADER, 16, NEXT, 77), offer(0, 0), bell(0);
	expect_broken("a next that is not there");
	desc(DESC, 0, ~0ull - 4, 16, NEXT, 1), offer(0, 0), bell(0);
	expect_broken("memory that wraps");
	chain(DESC, IN, 0, 512, 1), desc(DESC, 2, STATUS, 1, NEXT | WRITE, 3);
	desc(DESC, 3, MEM, 16, 0, 0), offer(0, 0), bell(0);
	expect_broken("the driver's memory after the device's");
	desc(DESC, 0, TABLE, 15, INDIRECT, 0), offer(0, 0), bell(0);
	expect_broken("a table of 15 bytes");
	desc(DESC, 0, TABLE, 0, INDIRECT, 0), offer(0, 0), bell(0);
	expect_broken("an empty table");
	desc(DESC, 0, TABLE, 16, INDIRECT, 0), desc(TABLE, 0, TABLE, 16, INDIRECT, 0);
	offer(0, 0), bell(0);
	expect_broken("a table in a table");
	desc(DESC, 0, 0x70000000, 64, INDIRECT, 0), offer(0, 0), bell(0);
	expect_broken("a table that is nowhere");
	header(HEADER, IN, 0), desc(DESC, 0, HEADER, 16, 0, 0), offer(0, 0), bell(0);
	expect_broken("no status");
	desc(DESC, 0, HEADER, 15, NEXT, 1), desc(DESC, 1, STATUS, 1, WRITE, 0);
	offer(0, 0), bell(0);
	expect_broken("no header");
	wr(C_STATUS, 0, 1);
	wr(0x16, 0, 2), wr(0x20, DESC + 4, 4), wr(0x1c, 1, 2);
	CHECK_EQ(rd(0x1c, 2), 0, "a queue that is not aligned");
	start(VERSION_1);
	desc(DESC, 0, TABLE, 16, INDIRECT, 0), offer(0, 0), bell(0);
	expect_broken("a table that was not agreed");
}

static void test_bad_requests(void)
{
	unsigned emptied = disk.submits[BLOCK_ZERO] + disk.submits[BLOCK_DISCARD];

	start(VERSION_1 | WITH_FLUSH);
	CHECK_EQ(ask(IN, SECTORS, 512, 1), 1, "past the end");
	CHECK_EQ(ask(IN, SECTORS - 1, 1024, 1), 1, "over the end");
	CHECK_EQ(ask(IN, ~0ull, 512, 1), 1, "wraps");
	CHECK_EQ(ask(IN, 0, 500, 1), 1, "no sector");
	CHECK_EQ(ask(IN, 0, 0, 0), 1, "nothing");
	CHECK_EQ(ask(14, 0, 512, 1), 2, "not supported");
	range(0, 0, 1, 1);
	CHECK_EQ(ask(DISCARD, 0, 16, 1), 2, "a flag of a discard");
	range(0, 0, 1, 2);
	CHECK_EQ(ask(ZERO, 0, 16, 1), 2, "and of WRITE ZEROES");
	range(0, 5, 1, 0), range(1, ~0ull, 1, 0);
	CHECK_EQ(ask(DISCARD, 0, 32, 1), 1, "a discard past the end");
	range(1, SECTORS - 1, 2, 0);
	CHECK_EQ(ask(ZERO, 0, 32, 1), 1, "and over it");
	CHECK_EQ(ask(ZERO, 0, 17 * 16, 1), 1, "too many ranges");
	CHECK_EQ(ask(ZERO, 0, 15, 1), 1, "a part of one");
	CHECK_EQ(disk.submits[BLOCK_ZERO] + disk.submits[BLOCK_DISCARD], emptied,
		 "none of it reached the end");
	CHECK_EQ(ask(ID, 0, 19, 1), 1, "no room for the name");
	chain(DESC, IN, 0, 512, 1), desc(DESC, 1, 0xfee00000, 512, NEXT | WRITE, 2);
	offer(0, 0), bell(0);
	CHECK_EQ(fake_ram[STATUS], 1, "memory that is no RAM");
	disk.bad = 31;
	CHECK_EQ(ask(IN, 30, 1024, 1), 1, "an error of the end");
	disk.bad = 0;
	conf(4, 2);
	CHECK_EQ(ask(IN, 0, 512, 1), 0xee, "no bus master");
	conf(4, 6);
	CHECK_EQ(fake_ram[STATUS], 0, "now it may");
	CHECK_EQ(device_status(), 15, "nothing of this breaks the device");
}

/* The window by configuration space reaches the same registers. */
static void test_window(void)
{
	u32 cap = conf_read(0x34) & 0xff;

	wr(0, 2, 4);
	while (cap && (conf_read(cap) & 0xff0000ff) != 0x05000009)
		cap = conf_read(cap) >> 8 & 0xff;
	conf(cap + 4, 4), conf(cap + 8, 0x2000), conf(cap + 12, 4);
	CHECK_EQ(conf_read(cap + 16), SECTORS, "capacity");
	conf(cap + 8, 0x16), conf(cap + 12, 2), conf(cap + 16, 1);
	CHECK_EQ(rd(0x16, 2), 1, "a write");
	conf(cap + 8, 0x7ffffffc), conf(cap + 12, 4);
	conf(cap + 16, 1), conf_read(cap + 16);
	conf(cap + 8, 1), conf(cap + 16, 1), conf_read(cap + 16);
	conf(cap + 4, 3), conf(cap + 8, 0), conf(cap + 16, 1);
	CHECK_EQ(rd(0, 4), 2, "places that are not there");
}

static void message(void *opaque, u64 at, u32 data)
{
	(void)opaque;
	messages++;
	message_at = at;
	message_data = data;
}

int main(void)
{
	struct irq_line none = { NULL, NULL, 0 }, l = wire_line(&intx);
	struct blockdev b = {
		.opaque = &disk, .sectors = SECTORS, .submit = mem_disk_submit, .name = "testdisk",
		.step = 512,
	};

	media = disk.data = malloc(SECTORS * 512);
	for (unsigned k = 0; k < SECTORS * 512; k++)
		media[k] = (u8)(k * 11 + k / 512);
	fake_time_reset(1000000000);
	bus = bus_create();
	pci = pci_create(bus, &none);
	pci_on_message(pci, message, NULL);
	d = virtio_disk_create(pci, PCI_DEVFN(DEV, 0), &l, &b);
	conf(0x20, BAR), conf(0x14, TABLE_BAR), conf(4, 6);
	test_config();
	test_requests();
	test_indirect();
	test_later();
	test_cache();
	test_message();
	test_bad_rings();
	test_bad_requests();
	test_ranges();
	test_window();
	free(media);
	return check_done();
}
