/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-blk and virtio-rng under a careless driver: registers, rings and tables as they come, good
 * ones among them, on an end that is late, in any order, with errors, over resets of every kind.
 * Says nothing of what a request does (test_virtio_disk.c); sanitizers and must() judge.
 *
 *	test_virtio_random [SECONDS [SEED]]	for so long, instead of one round
 */
#include "drivers/pc/virtio_disk.h"
#include "drivers/pc/virtio_rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "qemu-test/unit/mem_disk.h"
#include "qemu-test/unit/pc_test.h"

enum { SECTORS = 600, STEPS = 400000, BAR = 0xe0000000, RNG_BAR = 0xe0008000, SIZE = 16 };
enum { DESC = 0x1000, AVAIL = 0x2000, USED = 0x3000, TABLE = 0x4000, QUEUE_STEP = 0x8000 };

static struct wire intx[2];
static struct mem_disk disk;
static struct virtio_disk *d;
static struct virtio_rng *rng;
static struct pci *pci;
static u64 seed = 11, bytes_given;
static u16 idx[2][4];

static u32 any(u32 n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(seed >> 33) % n;
}

static void wr(unsigned dev, u32 off, u64 v, unsigned size)
{
	bus_write(bus, BUS_MMIO, (dev ? RNG_BAR : BAR) + off, v, size);
}

static u64 rd(unsigned dev, u32 off, unsigned size)
{
	return bus_read(bus, BUS_MMIO, (dev ? RNG_BAR : BAR) + off, size);
}

static void conf(unsigned dev, u32 off, u32 v)
{
	outl(0xcf8, 0x80000000u | (4 + dev) << 11 | off);
	outl(0xcfc, v);
}

static u32 base_of(unsigned dev, unsigned q) { return 0x20000 * dev + QUEUE_STEP * q; }

/* A reset, and a driver that knows what it does. */
static void start(unsigned dev)
{
	conf(dev, 0x20, dev ? RNG_BAR : BAR);
	conf(dev, 4, 6);
	wr(dev, 0x14, 0, 1);
	wr(dev, 0x14, 3, 1);
	wr(dev, 8, 1, 4), wr(dev, 0xc, 1, 4);
	wr(dev, 8, 0, 4), wr(dev, 0xc, dev ? 3u << 28 & any(2) * ~0u : any(2) ? 0x30003a46 : 0, 4);
	wr(dev, 0x14, 11, 1);
	for (unsigned q = 0; q < 4; q++) {
		u32 base = base_of(dev, q);

		wr(dev, 0x16, q, 2), wr(dev, 0x18, SIZE, 2);
		wr(dev, 0x20, DESC + base, 4), wr(dev, 0x24, 0, 4);
		wr(dev, 0x28, AVAIL + base, 4), wr(dev, 0x2c, 0, 4);
		wr(dev, 0x30, USED + base, 4), wr(dev, 0x34, 0, 4);
		wr(dev, 0x1c, 1, 2);
		memset(fake_ram + AVAIL + base, 0, 64);
		idx[dev][q] = 0;
	}
	wr(dev, 0x14, 15, 1);
}

static u64 any_address(void)
{
	switch (any(12)) {
	case 0: return (u64)any(~0u) << any(32);
	case 1: return FAKE_RAM_SIZE - any(600);
	default: return 0x80000 + any(0x100000);
	}
}

static void any_desc(u32 at, u16 flags, u16 next)
{
	u64 a = any_address();
	u32 size = any(3) ? 512 * any(20) : any(2) ? any(64) : any(~0u);

	memcpy(fake_ram + at, &a, 8), memcpy(fake_ram + at + 8, &size, 4);
	memcpy(fake_ram + at + 12, &flags, 2), memcpy(fake_ram + at + 14, &next, 2);
}

/* Of a discard or WRITE ZEROES, most of them on the disk: the descriptor's only data. */
static void any_ranges(u32 desc, u16 next)
{
	u64 at = 0x74000;
	u32 n = 1 + any(5), size = 16 * n;

	for (u32 k = 0; k < n; k++) {
		u64 sector = any(SECTORS);
		u32 count = any(20) ? any(40) : any(~0u), flags = any(10) ? 0 : any(4);

		memcpy(fake_ram + at + 16 * k, &sector, 8);
		memcpy(fake_ram + at + 16 * k + 8, &count, 4);
		memcpy(fake_ram + at + 16 * k + 12, &flags, 4);
	}
	any_desc(desc, 1, next);
	memcpy(fake_ram + desc, &at, 8), memcpy(fake_ram + desc + 8, &size, 4);
}

/* Header, data, status, most of the time; in entries of `table` from k on. */
static void any_chain(u32 table, unsigned k)
{
	static const u32 types[] = { 0, 0, 0, 1, 1, 4, 8, 11, 13, 99 };
	u32 type = types[any(10)], n = 1 + any(4), size = 16, one = 1;
	u64 sector = any(8) ? any(SECTORS) : any(~0u), at = 0x70000 + 16 * any(64);
	u16 flags = (u16)(1 | (type == 1 || type >= 11 ? 0 : 2));

	any_desc(table + 16 * k, 1, (u16)(k + 1));
	memcpy(fake_ram + table + 16 * k, &at, 8), memcpy(fake_ram + table + 16 * k + 8, &size, 4);
	memcpy(fake_ram + at, &type, 4), memcpy(fake_ram + at + 8, &sector, 8);
	for (unsigned j = 1; j <= n; j++)
		any_desc(table + 16 * (k + j), (u16)(any(40) ? flags : any(8)),
			 (u16)(any(60) ? k + j + 1 : any(40)));
	if (type >= 11 && any(5))
		any_ranges(table + 16 * (k + 1), (u16)(k + n + 1));
	any_desc(table + 16 * (k + n + 1), (u16)(any(40) ? 2 : any(8)), (u16)any(20));
	memcpy(fake_ram + table + 16 * (k + n + 1) + 8, &one, 4);
}

static void offer(unsigned dev, unsigned q)
{
	u32 base = base_of(dev, q);
	u16 head = (u16)(any(50) ? any(SIZE - 8) : any(70000));

	if (any(3)) {
		any_chain(DESC + base, head % SIZE);
	} else {
		u64 table = TABLE + base;
		u32 size = 16 * (any(20) ? 8 : any(200));

		any_chain((u32)table, 0);
		any_desc(DESC + base + 16 * (head % SIZE), 4, 0);
		memcpy(fake_ram + DESC + base + 16 * (head % SIZE), &table, 8);
		memcpy(fake_ram + DESC + base + 16 * (head % SIZE) + 8, &size, 4);
	}
	memcpy(fake_ram + AVAIL + base + 4 + 2 * (idx[dev][q] % SIZE), &head, 2);
	idx[dev][q] = (u16)(idx[dev][q] + (any(300) ? 1 : any(100)));
	memcpy(fake_ram + AVAIL + base + 2, &idx[dev][q], 2);
	wr(dev, 0x3000 + 4 * q, q, 2);
}

static void careless(unsigned dev)
{
	u32 off = any(4) * 0x1000 + any(any(3) ? 64 : 0x1000);

	switch (any(10)) {
	case 0: wr(dev, off, any(~0u), 1u << any(3)); break;
	case 1: rd(dev, off, 1u << any(3)); break;
	case 2: conf(dev, 4, any(8)); break;
	case 3: conf(dev, 4 * any(64), any(~0u)); break;
	case 4: outl(0xcf8, 0x80000000u | (4 + dev) << 11 | 4 * any(64)), inl(0xcfc); break;
	case 5: fake_hole = any(3) ? 0 : 0x1000 * any(500); break;
	case 6: memset(fake_ram + base_of(dev, any(4)) + any(0x5000), 0xff, any(64)); break;
	case 7: pci_reset(pci), virtio_disk_reset(d), virtio_rng_reset(rng); break;
	case 8: wr(dev, 0x14, 0, 1); break;
	default: wr(dev, any(0x40), any(~0u), 4);
	}
}

static void step(void)
{
	unsigned dev = !any(6);

	switch (any(12)) {
	case 0: disk.later = any(4); break;
	case 1: case 2: case 3:
		if (disk.in_flight)
			mem_disk_finish(&disk, any(disk.in_flight), any(6) ? 0 : -5);
		break;
	case 4: if (!any(4)) careless(dev); break;
	case 5: if (!any(20) || rd(dev, 0x14, 1) != 15) start(dev); break;
	case 6: fake_advance(20000); break;
	default: offer(dev, any(dev ? 1 : 4));
	}
}

static void fill(void *opaque, void *buf, u32 size)
{
	(void)opaque;
	bytes_given += size;
	memset(buf, 0xa5, size);
}

/* Whatever was done to them, they come back. */
static void check_calm(void)
{
	disk.later = false;
	for (unsigned k = 0; k < 1000 && (disk.in_flight || virtio_disk_busy(d)); k++) {
		if (disk.in_flight)
			mem_disk_finish(&disk, 0, 0);
		fake_advance(20000);
	}
	fake_hole = 0;
	for (unsigned dev = 0; dev < 2; dev++) {
		start(dev);
		CHECK_EQ(rd(dev, 0x14, 1), 15, "a good driver finds it well");
	}
	CHECK(!virtio_disk_busy(d), "nothing is in flight");
}

int main(int argc, char **argv)
{
	struct irq_line none = { NULL, NULL, 0 };
	struct irq_line l[2] = { { wire_set, intx, 0 }, { wire_set, intx, 1 } };
	struct blockdev b = { .opaque = &disk, .sectors = SECTORS, .submit = mem_disk_submit,
			      .step = 64 };
	struct entropy e = { .fill = fill };
	time_t end = argc > 1 ? time(NULL) + atoi(argv[1]) : 0;

	disk.data = calloc(SECTORS, 512);
	disk.bad = 300;
	fake_time_reset(1000000000);
	bus = bus_create();
	pci = pci_create(bus, &none);
	d = virtio_disk_create(pci, PCI_DEVFN(4, 0), &l[0], &b);
	rng = virtio_rng_create(pci, PCI_DEVFN(5, 0), &l[1], &e);
	if (end && argc > 2)
		seed = (u64)atoll(argv[2]);
	do {
		printf(end ? "seed %llu\n" : "", (unsigned long long)seed);
		for (unsigned k = 0; k < STEPS; k++)
			step();
		check_calm();
	} while (time(NULL) < end);
	CHECK(disk.submits[BLOCK_READ] > 1000 && disk.submits[BLOCK_WRITE] > 1000 &&
	      disk.submits[BLOCK_FLUSH] > 1000 && disk.submits[BLOCK_ZERO] > 1000 &&
	      disk.submits[BLOCK_DISCARD] > 1000 && bytes_given > 1000, "all of it was used");
	free(disk.data);
	return check_done();
}
