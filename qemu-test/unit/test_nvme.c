/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native test of drivers/host/nvme over a controller made from the standard (NVM Express Base 1.4,
 * 3.1, 4.1 to 4.6, 5, 6; 7.6.1): how it is brought up, commands with their PRPs, lies in its
 * queues.
 */
#include "qemu-test/unit/check.h"

#include <stdlib.h>

#include "drivers/host/nvme.h"
#include "kernel/lib/err.h"
#include "qemu-test/unit/fake_host.h"
#include "qemu-test/unit/native.h"

enum { MEDIUM = 4 << 20 };

static u8 medium[MEDIUM];
static struct {
	u64 cap, asq, acq, cq, sq;
	u32 cc, aqa, masked;
	u16 cq_size, sq_size, tail[2], head[2], free[2];	/* free: the driver's CQ head */
	bool phase[2], msix, ready_late, fatal, mute;
	u32 shift, metadata, nsid, attributes;
	u8 mdts, vwc, oncs;
	unsigned fail, asked, longest;
} c;

static u32 get32(u64 at) { u32 v; memcpy(&v, (void *)(uintptr_t)at, 4); return v; }
static u64 get64(u64 at) { u64 v; memcpy(&v, (void *)(uintptr_t)at, 8); return v; }

static void complete(unsigned q, u16 id, u16 status)
{
	u64 base = q ? c.cq : c.acq;
	u16 size = q ? c.cq_size : (u16)((c.aqa >> 16) + 1);
	u32 e[4] = { 0, 0, c.head[q], id | (u32)(c.phase[q] | status << 1) << 16 };

	memcpy((void *)(uintptr_t)(base + c.tail[q] * 16u), e, 16);
	c.tail[q] = (u16)((c.tail[q] + 1) % size);
	c.phase[q] ^= !c.tail[q];
}

static void identify(u64 sqe)
{
	static u8 data[4096];
	u64 blocks = MEDIUM >> c.shift;
	u32 lbaf = c.shift << 16 | c.metadata;

	memset(data, 0, sizeof(data));
	switch (get32(sqe + 40) & 0xff) {
	case 0:
		CHECK_EQ(get32(sqe + 4), c.nsid, "the namespace that is there");
		memcpy(data, &blocks, 8);
		data[26] = 3;
		data[99] = (u8)c.attributes;
		memcpy(data + 128 + 12, &lbaf, 4);
		break;
	case 1:
		data[77] = c.mdts;
		data[525] = c.vwc;
		data[520] = c.oncs;
		break;
	case 2: memcpy(data, &c.nsid, 4); break;
	default: CHECK(false, "what is to be identified");
	}
	CHECK_EQ(get64(sqe + 24) & 4095, 0, "a page");
	memcpy((void *)(uintptr_t)get64(sqe + 24), data, sizeof(data));
}

static void admin(u64 sqe)
{
	switch (get32(sqe) & 0xff) {
	case 6: identify(sqe); break;
	case 9: CHECK_EQ(get32(sqe + 40) & 0xff, 7, "number of queues"); break;
	case 5:
		c.cq = get64(sqe + 24);
		c.cq_size = (u16)((get32(sqe + 40) >> 16) + 1);
		CHECK((get32(sqe + 40) & 0xffff) == 1 && get32(sqe + 44) == 3, "CQ 1, vector 0");
		break;
	case 1:
		c.sq = get64(sqe + 24);
		c.sq_size = (u16)((get32(sqe + 40) >> 16) + 1);
		CHECK(c.cq && get32(sqe + 44) == (1 << 16 | 1), "SQ 1 for CQ 1, which is there");
		break;
	default: CHECK(false, "an admin command that is known");
	}
	complete(0, (u16)(get32(sqe) >> 16), c.fail ? c.fail--, 2 : 0);
}

/* The k-th page of the data, by PRP 1, 2 or the list (4.3). */
static u64 page(u64 sqe, unsigned k, u64 bytes)
{
	u64 prp1 = get64(sqe + 24), prp2 = get64(sqe + 32), first = 4096 - (prp1 & 4095);
	u64 a;

	if (!k)
		return prp1;
	if (bytes <= first + 4096)
		a = prp2;
	else
		a = get64(prp2 + 8 * (k - 1));
	CHECK_EQ(a & 4095, 0, "whole pages after the first");
	return a;
}

static u16 transfer(u64 sqe, bool write)
{
	u64 lba = get64(sqe + 40), bytes = (u64)((get32(sqe + 48) & 0xffff) + 1) << c.shift;
	u8 *m = medium + (lba << c.shift);

	CHECK(get32(sqe + 4) == c.nsid && m + bytes <= medium + MEDIUM, "within the namespace");
	CHECK(!c.mdts || bytes <= 4096u << c.mdts, "no longer than it takes");
	c.longest = bytes > c.longest ? (unsigned)bytes : c.longest;
	for (u64 done = 0, n, k = 0; done < bytes; done += n, k++) {
		u64 at = page(sqe, (unsigned)k, bytes);

		n = 4096 - (at & 4095);
		n = n < bytes - done ? n : bytes - done;
		memcpy(write ? m + done : (void *)(uintptr_t)at,
		       write ? (void *)(uintptr_t)at : m + done, n);
	}
	return 0;
}

/* Write Zeroes, and one range of data set management. */
static void empty(u64 sqe, bool zero)
{
	u64 range = get64(sqe + 24), lba = zero ? get64(sqe + 40) : get64(range + 8);
	u32 blocks = zero ? (get32(sqe + 48) & 0xffff) + 1 : get32(range + 4);

	CHECK(c.oncs & (zero ? 8 : 4), "a command that it has");
	CHECK(zero || (get32(sqe + 40) == 0 && get32(sqe + 44) == 4), "one range, deallocated");
	CHECK(get32(sqe + 4) == c.nsid && (lba + blocks) << c.shift <= MEDIUM, "within it");
	memset(medium + (lba << c.shift), zero ? 0 : 0xd5, (u64)blocks << c.shift);
}

static void io(u64 sqe)
{
	u16 status = 0;

	c.asked++;
	if (c.fail) {
		c.fail--;
		status = 0x281;
	} else if ((get32(sqe) & 0xff) >= 8) {
		CHECK((get32(sqe) & 0xff) <= 9, "zeroes or data set management");
		empty(sqe, (get32(sqe) & 0xff) == 8);
	} else if ((get32(sqe) & 0xff) != 0) {
		CHECK((get32(sqe) & 0xff) <= 2, "read or write");
		status = transfer(sqe, (get32(sqe) & 0xff) == 1);
	}
	complete(1, (u16)(get32(sqe) >> 16), status);
}

static void doorbell(unsigned q, bool completion, u16 v)
{
	u16 size = q ? c.sq_size : (u16)((c.aqa & 0xfff) + 1);

	CHECK(v < size, "within the queue");
	if (completion) {
		c.free[q] = v;
		return;
	}
	for (; c.head[q] != v && !c.mute; ) {
		u64 sqe = (q ? c.sq : c.asq) + c.head[q] * 64u;

		c.head[q] = (u16)((c.head[q] + 1) % size);
		if (q)
			io(sqe);
		else
			admin(sqe);
	}
}

static u32 dev_read(unsigned bar, u32 offset, unsigned width)
{
	CHECK(!bar && width == 4, "32-bit accesses to BAR 0");
	switch (offset) {
	case 0: return (u32)c.cap;
	case 4: return (u32)(c.cap >> 32);
	case 0x14: return c.cc;
	case 0x1c:
		if (c.ready_late) {
			c.ready_late = false;
			return !(c.cc & 1);
		}
		return c.fatal ? 2 : c.cc & 1;
	}
	CHECK(false, "a register that is there to be read");
	return 0;
}

static void half(u64 *to, unsigned high, u32 x)
{
	*to = high ? (*to & 0xffffffff) | (u64)x << 32 : (*to & ~0xffffffffull) | x;
}

static void dev_write(unsigned bar, u32 offset, unsigned width, u32 x)
{
	u32 bell = (offset - 0x1000) / 4;

	CHECK(!bar && width == 4, "32-bit accesses to BAR 0");
	switch (offset) {
	case 0x0c: c.masked |= x; return;
	case 0x10: c.masked &= ~x; return;
	case 0x14:
		if (!(x & 1) || !(c.cc & 1)) {
			c.cq = c.sq = 0;
			memset(c.tail, 0, sizeof(c.tail));
			memset(c.head, 0, sizeof(c.head));
			c.phase[0] = c.phase[1] = true;
			c.ready_late = true;
		}
		if (x & 1)
			CHECK(x >> 16 == 0x46 && c.asq && c.acq && c.aqa, "entry sizes, queues");
		c.cc = x;
		return;
	case 0x24: c.aqa = x; return;
	case 0x28:
	case 0x2c: half(&c.asq, offset & 4, x); return;
	case 0x30:
	case 0x34: half(&c.acq, offset & 4, x); return;
	}
	CHECK(offset >= 0x1000 && bell < 4, "a register that is there to be written");
	doorbell(bell / 2, bell & 1, (u16)x);
}

static struct disk *d;
static struct disk_extent whole;
static struct disk_view view;
static struct blockdev end;
static struct block_request r[40];
static int result[40];
static unsigned ended;

static void create(u32 shift, u16 entries)
{
	static const struct fake_device dev = { dev_read, dev_write };
	static struct pci pci;
	struct pci_function f = fake_pci(0x1b36, 0x10, 0x010802, 1, &dev);

	fake_time_reset(1000000000);
	c.cap = 1ull << 37 | (u64)20 << 24 | (u64)(entries - 1);
	c.shift = shift;
	c.nsid = 7;
	pci_init(&pci, hpa(0));
	CHECK(nvme_match(&f), "it is one");
	d = nvme_create(&pci, &f, "nvme0");
	ended = 0;
	if (!d)
		return;
	whole = (struct disk_extent){ 0, d->sectors };
	view = (struct disk_view){ .disk = d, .extent = &whole, .extents = 1 };
	end = disk_end(&view, "nvme0", false);
}

static void clear(void) { memset(&c, 0, sizeof(c)); }

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

static void run(void)
{
	for (unsigned k = 0; k < 300; k++) {
		if (!(c.masked & 1)) {
			CHECK(fake_interrupt() && c.masked & 1, "its handler masks the pin");
			disk_poll(d);
		}
		disk_poll(d);
	}
}

/* Buffers of all lengths and offsets in their page, on the disk and back. */
static void test_work(u32 shift, u16 entries, u8 mdts)
{
	static u8 from[3 << 20], to[3 << 20];

	clear();
	c.mdts = mdts;
	c.vwc = 1;
	create(shift, entries);
	CHECK(d, "it comes up");
	if (!d)
		return;
	CHECK(d->sectors == MEDIUM / 512 && d->block == 1u << shift && d->cached, "geometry");
	CHECK_EQ(d->slots, entries > 32 ? 32 : entries - 1, "slots");
	srand(shift + entries);
	for (size_t k = 0; k < sizeof(from); k++)
		from[k] = (u8)rand();
	for (unsigned n = 0; n < 40; n++)
		ask(n, BLOCK_WRITE, n * 200, 1 + (u32)rand() % 150,
		    from + n * 77000 / 4 * 4 + n * 4);
	run();
	CHECK_EQ(ended, 40, "writes");
	for (unsigned n = 0; n < 40; n++) {
		u32 count = r[n].count;

		CHECK(!result[n] && !memcmp(medium + n * 200 * 512, r[n].buf, count * 512),
		      "written");
		ask(n, BLOCK_READ, n * 200, count, to + ((u8 *)r[n].buf - from));
	}
	run();
	for (unsigned n = 0; n < 40; n++)
		CHECK(!result[n] && !memcmp(medium + n * 200 * 512, r[n].buf, r[n].count * 512),
		      "read");
	ask(0, BLOCK_READ, 8, 5000, to + 12);
	ask(1, BLOCK_FLUSH, 0, 0, NULL);
	run();
	CHECK(!result[0] && !result[1] && !memcmp(medium + 4096, to + 12, 5000 * 512), "long");
	CHECK_EQ(c.longest, mdts ? 4096u << mdts : 1 << 20, "the longest that was sent");
	c.fail = 2;
	ask(0, BLOCK_READ, 8, 8, to);
	run();
	CHECK_EQ(result[0], (u64)-ERR_IO, "an error, twice");
}

static void test_lies(void)
{
	static u8 buf[512];

	clear();
	create(9, 64);
	ask(0, BLOCK_READ, 1, 1, buf);
	run();
	complete(1, 3, 0);
	complete(1, 0xffff, 0);
	for (unsigned k = 0; k < 30; k++)
		complete(1, 0, 0);
	ask(1, BLOCK_READ, 1, 1, buf);	/* the device's own answer is in the queue, too */
	run();
	CHECK(d->stray >= 2 && d->stray <= 32, "ends of nothing are counted");
	CHECK_EQ(ended, 2, "and who asked is answered once");
	c.mute = true;
	ask(2, BLOCK_READ, 1, 1, buf);
	c.fatal = true;
	fake_advance(20000000000ull);
	CHECK(ended == 3 && result[2] == -ERR_IO && d->gone, "a controller that is dead");
}

/* A command is lost: the controller is brought up anew, and it is answered. */
static void test_reset(void)
{
	static u8 buf[512];

	clear();
	create(12, 64);
	c.mute = true;
	ask(0, BLOCK_READ, 9, 1, buf);
	fake_advance(9000000000ull);
	c.mute = false;
	CHECK_EQ(d->resets, 0, "not yet");
	fake_advance(3000000000ull);
	CHECK(d->resets == 1 && ended == 1 && !result[0], "answered after the reset");
	CHECK(!memcmp(buf, medium + 9 * 512, 512), "rightly");
}

static void refused(u32 shift, u16 entries, const char *name)
{
	create(shift, entries);
	CHECK(!d, name);
}

/* Discards and zeros reach exactly their sectors, also where several commands are needed. */
static void test_empty(void)
{
	clear();
	c.oncs = 12;
	create(9, 64);
	memset(medium, 1, sizeof(medium));
	ask(0, BLOCK_DISCARD, 3, 9, NULL);
	ask(1, BLOCK_ZERO, 100, 7000, NULL);
	run();
	CHECK(ended == 2 && !result[0] && !result[1], "both end well");
	CHECK(fake_filled(medium, 3, 9, 0xd5) && fake_filled(medium, 100, 7000, 0),
	      "theirs and no others");
}

/* Pulled out with requests in flight: they fail, and those that come later. */
static void test_pulled(void)
{
	static u8 buf[4][512];

	clear();
	create(9, 64);
	c.mute = true;
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
	test_work(9, 64, 0);
	test_work(9, 5, 1);
	test_work(12, 256, 3);
	test_work(12, 2, 0);
	test_lies();
	test_reset();
	clear();
	refused(8, 64, "blocks of 256 bytes");
	refused(17, 64, "blocks of 128 KiB");
	c.metadata = 8;
	refused(9, 64, "metadata");
	clear();
	refused(9, 1, "queues of one entry");
	c.fatal = true;
	refused(9, 64, "a controller that is dead");
	clear();
	c.fail = 1;
	refused(9, 64, "an admin command fails");
	clear();
	c.attributes = 1;
	create(9, 64);
	CHECK(d && d->readonly, "write-protected");
	test_empty();
	test_pulled();
	return check_done();
}
