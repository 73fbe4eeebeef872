/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native test of drivers/host/virtio_blk over a device made from the standard (Virtual I/O Device
 * 1.2, 2.7, 3.1, 4.1, 5.2): what the driver says to it, what it puts into the rings, and lies in
 * them.
 */
#include "qemu-test/unit/check.h"

#include <stdlib.h>

#include "drivers/host/virtio_blk.h"
#include "kernel/lib/err.h"
#include "qemu-test/unit/fake_host.h"
#include "qemu-test/unit/native.h"

enum { SECTORS = 1024, COMMON = 0x1000, NOTIFY = 0x3000, ISR = 0x2000, CONFIG = 0x4000 };

static u8 medium[SECTORS * 512];
static struct {
	u64 features, agreed, desc, driver, device, capacity;
	u32 dselect, gselect, block;
	u16 size, enable;
	u8 status, isr;
	u16 seen;
	unsigned notified;
	bool refuse, stuck;
	unsigned fail;			/* requests that end with an error */
} v;
/* What it says of itself besides, kept over its power-up. */
static struct { u32 block, size_max, notify, config; bool round; } says = {
	.block = 4096, .size_max = 8192, .notify = 3, .config = 64,
};

static u64 le(u64 at, unsigned n)
{
	u64 x = 0;

	memcpy(&x, (void *)(uintptr_t)at, n);
	return x;
}

static void put_used(u32 id)
{
	u16 idx = (u16)le(v.device + 2, 2);

	memcpy((void *)(uintptr_t)(v.device + 4 + idx % v.size * 8), &id, 4);
	idx++;
	memcpy((void *)(uintptr_t)(v.device + 2), &idx, 2);
	v.isr = 1;
}

/* Do the request whose descriptors begin at `table`, entry `k`. */
static void serve(u64 table, u16 k, u16 limit)
{
	u64 at[3], bytes[3];
	u16 flags[3];
	unsigned n = 0;
	u32 type;
	u8 ok = 0;

	for (;; k = (u16)le(table + k * 16 + 14, 2)) {
		CHECK(n < 3 && k < limit, "a chain of at most three");
		at[n] = le(table + k * 16, 8);
		bytes[n] = le(table + k * 16 + 8, 4);
		flags[n] = (u16)le(table + k * 16 + 12, 2);
		if (!(flags[n++] & 1))
			break;
	}
	type = (u32)le(at[0], 4);
	CHECK(bytes[0] == 16 && !(flags[0] & 2), "header");
	CHECK(bytes[n - 1] == 1 && flags[n - 1] == 2, "status");
	if (v.fail) {
		v.fail--;
		ok = 1;
	} else if (type == 11 || type == 13) {
		u64 lba = le(at[1], 8), count = le(at[1] + 8, 4);

		CHECK(n == 3 && bytes[1] == 16 && !le(at[1] + 12, 4) && !(flags[1] & 2), "a range");
		CHECK(v.agreed >> (type == 11 ? 13 : 14) & 1, "agreed");
		CHECK(lba + count <= SECTORS && count <= 40, "as long as it may be");
		memset(medium + lba * 512, type == 11 ? 0xd5 : 0, count * 512);
	} else if (type == 4) {
		CHECK_EQ(n, 2, "a flush has no data");
	} else {
		u8 *m = medium + le(at[0] + 8, 8) * 512;

		CHECK(n == 3 && type < 2 && bytes[1] % 512 == 0 &&
		      m + bytes[1] <= medium + sizeof(medium), "a transfer");
		CHECK_EQ(flags[1] & 2, type ? 0 : 2, "the data's direction");
		memcpy(type ? m : (void *)(uintptr_t)at[1],
		       type ? (void *)(uintptr_t)at[1] : m, bytes[1]);
	}
	memcpy((void *)(uintptr_t)at[n - 1], &ok, 1);
}

static void serve_all(void)
{
	for (; v.seen != (u16)le(v.driver + 2, 2); v.seen++) {
		u16 head = (u16)le(v.driver + 4 + v.seen % v.size * 2, 2);
		u16 flags = (u16)le(v.desc + head * 16 + 12, 2);

		CHECK(head < v.size, "a descriptor of the ring");
		CHECK_EQ(flags & 4, v.agreed >> 28 & 1 ? 4 : 0, "indirect if it was agreed");
		if (flags & 4)
			serve(le(v.desc + head * 16, 8), 0,
			      (u16)(le(v.desc + head * 16 + 8, 4) / 16));
		else
			serve(v.desc, head, v.size);
		put_used(head);
	}
}

static u32 dev_read(unsigned bar, u32 offset, unsigned width)
{
	(void)bar;
	CHECK(offset < CONFIG || offset + width <= CONFIG + says.config, "inside the structure");
	switch (offset) {
	case COMMON + 4: return (u32)(v.features >> 32 * (v.dselect & 1));
	case COMMON + 0x14: return v.status;
	case COMMON + 0x18: return v.size;
	case COMMON + 0x1e: return says.notify;
	case ISR: { u8 was = v.isr; v.isr = 0; return was; }
	case CONFIG: return (u32)v.capacity;
	case CONFIG + 4: return (u32)(v.capacity >> 32);
	case CONFIG + 8: return says.size_max;
	case CONFIG + 20: return v.block;
	case CONFIG + 36: case CONFIG + 48: return 40;	/* sectors of a discard, of zeros */
	}
	CHECK(width == 0, "a register that is there to be read");
	return 0;
}

static void set_status(u8 s)
{
	if (!s) {
		if (!v.stuck)
			v.status = 0;
		v.enable = 0;
		v.seen = 0;
		return;
	}
	CHECK_EQ(s & v.status, v.status, "status bits are only added");
	if (s & 8 && v.refuse)
		s &= (u8)~8;
	if (s & 4)
		CHECK(v.enable && s & 8, "the queue is there before DRIVER_OK");
	v.status = s;
}

static void half(u64 *to, unsigned high, u32 x)
{
	*to = high ? (*to & 0xffffffff) | (u64)x << 32 : (*to & ~0xffffffffull) | x;
}

static void dev_write(unsigned bar, u32 offset, unsigned width, u32 x)
{
	(void)bar, (void)width;
	switch (offset) {
	case COMMON + 0: v.dselect = x; break;
	case COMMON + 8: v.gselect = x; break;
	case COMMON + 0xc: half(&v.agreed, v.gselect & 1, x); break;
	case COMMON + 0x10:
	case COMMON + 0x1a: CHECK_EQ(x, 0xffff, "no MSI-X: no vector"); break;
	case COMMON + 0x14: set_status((u8)x); break;
	case COMMON + 0x16: CHECK_EQ(x, 0, "queue 0"); break;
	case COMMON + 0x18: CHECK(x <= v.size && !(x & (x - 1)), "size"); v.size = (u16)x; break;
	case COMMON + 0x1c: v.enable = (u16)x; break;
	case COMMON + 0x20:
	case COMMON + 0x24: half(&v.desc, offset & 4, x); break;
	case COMMON + 0x28:
	case COMMON + 0x2c: half(&v.driver, offset & 4, x); break;
	case COMMON + 0x30:
	case COMMON + 0x34: half(&v.device, offset & 4, x); break;
	case NOTIFY + 3 * 8: v.notified++; break;
	default: CHECK(false, "a register that is there to be written");
	}
}

static void capability(unsigned at, unsigned next, u8 type, u32 offset, u32 size)
{
	const u8 c[] = { 9, (u8)next, 20, type, 4, 0, 0, 0, (u8)offset, (u8)(offset >> 8), 0, 0,
			 (u8)size, (u8)(size >> 8), 0, 0, 8, 0, 0, 0 };

	for (unsigned k = 0; k < sizeof(c); k++)
		fake_config(at + k, c[k]);
}

static struct pci pci;
static struct disk *d;
static struct disk_extent whole;
static struct disk_view view;
static struct blockdev end;
static struct block_request r[40];
static int result[40];
static unsigned ended;

static struct disk *create(u64 features, u16 size)
{
	static const struct fake_device dev = { dev_read, dev_write };
	struct pci_function f = fake_pci(0x1af4, 0x1042, 0x010000, 1 << 4, &dev);

	fake_time_reset(1000000000);
	memset(&v, 0, sizeof(v));
	v.features = features;
	v.size = size;
	v.block = says.block;
	v.capacity = SECTORS;
	fake_config(6, 0x10);
	fake_config(0x34, 0x40);
	capability(0x40, 0x60, 1, COMMON, 0x38);
	capability(0x60, 0x80, 3, ISR, 1);
	capability(0x80, 0xa0, 4, CONFIG, says.config);
	capability(0xa0, says.round ? 0x40 : 0, says.round ? 9 : 2, NOTIFY, 0x100);
	pci_init(&pci, hpa(0));
	CHECK(virtio_blk_match(&f), "it is one");
	return virtio_blk_create(&pci, &f, "virtio0");
}

static void done(struct block_request *q, int rc)
{
	result[q - r] = rc;
	ended++;
}

static void use(void)
{
	whole = (struct disk_extent){ 0, d->sectors };
	view = (struct disk_view){ .disk = d, .extent = &whole, .extents = 1 };
	end = disk_end(&view, "virtio0", false);
	ended = 0;
}

static void ask(unsigned k, enum block_op op, u64 lba, u32 count, void *buf)
{
	r[k] = (struct block_request){ .op = op, .lba = lba, .count = count, .buf = buf,
				       .done = done };
	result[k] = 1234;
	CHECK_EQ(end.submit(end.opaque, &r[k]), BLOCK_LATER, "later");
}

static void run(void)
{
	for (unsigned k = 0; k < 200; k++) {
		serve_all();
		if (v.isr)
			CHECK(fake_interrupt() && !v.isr, "its handler quiets it");
		disk_poll(d);
	}
}

static void test_work(u64 more, u16 size, unsigned slots)
{
	static u8 buf[40][40 * 512];

	d = create(1ull << 32 | more, size);
	CHECK(d, "it comes up");
	if (!d)
		return;
	CHECK_EQ(v.status, 15, "all four status bits");
	CHECK_EQ(d->slots, slots, "slots");
	CHECK_EQ(d->block, more & 1 << 6 ? 4096 : 512, "block");
	CHECK_EQ(d->most, more & 2 ? 8192 : 1 << 20, "most");
	use();
	for (unsigned k = 0; k < 25; k++) {
		memset(buf[k], (int)k + 1, sizeof(buf[k]));
		ask(k, BLOCK_WRITE, k * 40, 40, buf[k]);
	}
	CHECK(v.notified, "the device is told");
	run();
	CHECK_EQ(ended, 25, "writes");
	for (unsigned k = 0; k < 25 * 40 * 512; k++)
		if (medium[k] != k / (40 * 512) + 1) {
			CHECK(false, "what was written");
			break;
		}
	for (unsigned k = 0; k < 25; k++) {
		memset(buf[k], 0xee, sizeof(buf[k]));
		ask(k, BLOCK_READ, k * 40, 40, buf[k]);
	}
	run();
	for (unsigned k = 0; k < 25; k++)
		CHECK(!result[k] && buf[k][0] == k + 1 && buf[k][40 * 512 - 1] == k + 1, "reads");
	v.fail = 2;
	ask(0, BLOCK_READ, 0, 8, buf[0]);
	run();
	CHECK_EQ(result[0], (u64)-ERR_IO, "an error, twice");
}

static void test_lies(void)
{
	static u8 buf[512];

	d = create(1ull << 32 | 1 << 28, 16);
	use();
	ask(0, BLOCK_READ, 1, 1, buf);
	put_used(5);			/* no such request */
	put_used(16);			/* no such descriptor */
	put_used(0xffffffff);
	disk_poll(d);
	CHECK_EQ(d->stray, 3, "wrong descriptors are counted");
	CHECK_EQ(ended, 0, "and end nothing");
	*(u16 *)(uintptr_t)(v.device + 2) = 0x8000;	/* 32,768 requests at once */
	disk_poll(d);
	*(u16 *)(uintptr_t)(v.device + 2) = ((u16)d->stray);
	CHECK(d->stray < 1000, "the driver does not run on");
	v.stuck = true;
	fake_advance(17000000000ull);
	CHECK(ended == 1 && result[0] == -ERR_IO, "a device that does not come back");
}

static void test_refused(void)
{
	CHECK(!create(1 << 28, 16), "no modern device");
	CHECK(!create(1ull << 32, 2), "a queue without room for one request");
	CHECK(!create(1ull << 32 | 1 << 28, 12), "a queue that is no power of two");
	d = create(1ull << 32 | 1 << 28, 64);
	CHECK(d && !d->cached && !d->readonly, "plain");
	d = create(1ull << 32 | 1 << 28 | 1 << 5 | 1 << 9, 64);
	CHECK(d && d->cached && d->readonly, "write cache and read-only");
	fake_no_memory = true;
	CHECK(!create(1ull << 32, 16), "no memory");
	fake_no_memory = false;
}

/* Another disk after the reset: not the one that the guest had. */
static void test_changed(void)
{
	static u8 buf[512];

	d = create(1ull << 32 | 1 << 28, 16);
	use();
	ask(0, BLOCK_READ, 1, 1, buf);
	v.capacity = SECTORS / 2;
	v.seen = 1;
	fake_advance(12000000000ull);
	CHECK(ended == 1 && result[0] == -ERR_IO && d->gone, "gone");
}

/* What no device should say: left out, without an access to what is not its own. */
static void test_odd(void)
{
	const u64 f = 1ull << 32 | 1 << 28 | 1 << 6 | 1 << 1;

	says.block = 0;
	CHECK(!create(f, 16), "blocks of no bytes");
	says.block = 100;
	CHECK(!create(f, 16), "shorter than a sector");
	says.block = 3 << 10;
	CHECK(!create(f, 16), "no power of two");
	says.block = 4096;
	says.size_max = 4095;
	CHECK(!create(f, 16), "no command holds a block");
	says.size_max = 8192;
	says.notify = 0x100 / 8;
	CHECK(!create(f, 16), "a bell behind its structure");
	says.notify = 0xffff;
	CHECK(!create(f, 16), "far behind it");
	says.notify = 3;
	says.round = true;
	CHECK(!create(f, 16), "capabilities that go round");
	says.round = false;
}

/* Its configuration is shorter than discards need, or than any disk's. */
static void test_short(void)
{
	const u64 f = 1ull << 32 | 1 << 28 | 1 << 13 | 1 << 14;

	CHECK((d = create(f, 16)) && d->most_discard && d->most_zero, "long enough for both");
	for (says.config = 24; says.config < 60; says.config += 4)
		CHECK((d = create(f, 16)) && !d->most_discard && !d->most_zero &&
		      !(v.agreed >> 13 & 3), "neither is agreed");
	says.config = 23;
	CHECK(!create(f, 16), "shorter than what is read of it");
	says.config = 64;
}

/* After the reset its queue is shorter: all that it had ends. */
static void test_shrunk(void)
{
	static u8 buf[16][512];

	d = create(1ull << 32 | 1 << 28, 16);
	use();
	for (unsigned k = 0; k < 16; k++)
		ask(k, BLOCK_READ, k, 1, buf[k]);
	v.size = 4;
	v.seen = (u16)le(v.driver + 2, 2);
	fake_advance(12000000000ull);
	CHECK(ended == 16 && result[15] == -ERR_IO && d->gone, "gone, with all that was asked");
}

/* Discards and zeros reach exactly their sectors, also where several commands are needed. */
static void test_empty(void)
{
	d = create(1ull << 32 | 1 << 28 | 1 << 13 | 1 << 14, 16);
	use();
	memset(medium, 1, sizeof(medium));
	ask(0, BLOCK_DISCARD, 3, 9, NULL);
	ask(1, BLOCK_ZERO, 100, 777, NULL);
	run();
	CHECK(ended == 2 && !result[0] && !result[1], "both end well");
	CHECK(fake_filled(medium, 3, 9, 0xd5) && fake_filled(medium, 100, 777, 0),
	      "theirs and no others");
}

/* Pulled out with requests in flight: they fail, and those that come later. */
static void test_pulled(void)
{
	static u8 buf[4][512];

	d = create(1ull << 32 | 1 << 28, 16);
	use();
	for (unsigned k = 0; k < 3; k++)
		ask(k, BLOCK_READ, k + 1, 1, buf[k]);
	fake_pulled = true;
	disk_poll(d);
	fake_advance(40000000000ull);
	CHECK(ended == 3 && d->gone, "gone");
	for (unsigned k = 0; k < 3; k++)
		CHECK_EQ(result[k], (u64)-ERR_IO, "its requests fail");
	r[3] = (struct block_request){ .op = BLOCK_WRITE, .lba = 9, .count = 1, .buf = buf[3] };
	CHECK_EQ(end.submit(end.opaque, &r[3]), (u64)-ERR_IO, "and what comes later");
	fake_pulled = false;
}

int main(void)
{
	test_work(1 << 28, 128, 32);
	test_work(1 << 28, 8, 8);
	test_work(0, 32, 10);
	test_work(1 << 28 | 2 | 1 << 6, 256, 32);
	test_lies();
	test_refused();
	test_changed();
	test_odd();
	test_short();
	test_shrunk();
	test_empty();
	test_pulled();
	return check_done();
}
