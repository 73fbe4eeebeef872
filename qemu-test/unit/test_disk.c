/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native test of drivers/host/disk over a driver that the test plays: what reaches the device and
 * when, what comes back, and what happens when the device errs, is silent, or does not come back.
 */
#include "qemu-test/unit/check.h"

#include <stdlib.h>

#include "drivers/host/disk.h"
#include "kernel/lib/err.h"
#include "qemu-test/unit/native.h"

#define SECOND 1000000000ull
enum { SECTORS = 4096, REQUESTS = 64 };

static u8 medium[SECTORS * 512], model[SECTORS * 512];
static struct disk d;
static struct {
	struct disk_command c[DISK_SLOTS];
	bool has[DISK_SLOTS];
	unsigned starts, resets, flushes;
	bool at_once;		/* a command is done when the device is next asked */
	bool mute;		/* nothing is ever done */
	bool lost;		/* all is dropped, once */
	int reset_rc;
	u64 bad;		/* block that fails; ~0: none */
	unsigned fail_next;	/* commands that fail, whatever they are */
} dev;

static struct disk_extent extent[3];
static struct disk_view view, second;
static struct blockdev end, other;
static struct block_request r[REQUESTS];
static int result[REQUESTS];
static unsigned ended;

/* -- The device ---------------------------------------------------------------- */

static bool moves(enum block_op op) { return op == BLOCK_READ || op == BLOCK_WRITE; }

/* How many blocks may such a command have? */
static u32 limit(enum block_op op)
{
	return op == BLOCK_DISCARD ? d.most_discard : op == BLOCK_ZERO ? d.most_zero :
	       d.most / d.block;
}

/* What the driver asked for: as many pieces, aligned, joined at pages' ends, of whole blocks. */
static void check_pieces(const struct disk_command *c)
{
	uintptr_t bits = 0, joints = 0;
	u64 size = 0;

	for (unsigned k = 0; k < c->pieces; k++) {
		const struct block_piece *p = &c->piece[k];

		bits |= (uintptr_t)p->at | p->size;
		if (k)
			joints |= (uintptr_t)p->at |
				  ((uintptr_t)p[-1].at + p[-1].size);
		size += p->size;
	}
	CHECK(!(bits & (d.align - 1)), "alignment");
	CHECK(!d.page || !(joints & (d.page - 1)), "pages");
	CHECK(c->pieces <= d.pieces && !c->pieces == !moves(c->op), "pieces");
	CHECK_EQ(size, moves(c->op) ? (u64)c->blocks * d.block : 0, "all of it");
}

static void dev_start(void *opaque, unsigned n, const struct disk_command *c)
{
	(void)opaque;
	CHECK(n < d.slots && !dev.has[n], "a free slot");
	CHECK(c->op == BLOCK_FLUSH || (c->blocks && c->blocks <= limit(c->op)), "size");
	check_pieces(c);
	for (unsigned k = 0; k < DISK_SLOTS; k++)
		CHECK(!dev.has[k] || (!c->alone && !dev.c[k].alone), "a second try is alone");
	dev.c[n] = *c;
	dev.has[n] = true;
	dev.starts++;
}

static int dev_do(const struct disk_command *c)
{
	u8 *at = medium + c->block * d.block;
	size_t size = (size_t)c->blocks * d.block;

	if (dev.fail_next && dev.fail_next--)
		return -ERR_IO;
	if (c->op == BLOCK_FLUSH) {
		dev.flushes++;
		return 0;
	}
	if (c->block <= dev.bad && dev.bad < c->block + c->blocks)
		return -ERR_IO;
	CHECK(at + size <= medium + sizeof(medium), "within the medium");
	if (!moves(c->op)) {
		memset(at, c->op == BLOCK_ZERO ? 0 : rand(), size);
		return 0;
	}
	struct block_request all = { .piece = c->piece, .pieces = c->pieces };
	if (c->op == BLOCK_READ)
		block_put(&all, 0, at, size);
	else
		block_get(&all, 0, at, size);
	return 0;
}

static void dev_end(unsigned n)
{
	dev.has[n] = false;
	disk_finished(&d, n, dev_do(&dev.c[n]));
}

static void dev_reap(void *opaque)
{
	(void)opaque;
	if (dev.lost) {
		dev.lost = false;
		disk_lost(&d);
		return;
	}
	for (unsigned n = DISK_SLOTS; n-- > 0 && !dev.mute && dev.at_once;)
		if (dev.has[n])
			dev_end(n);
}

static int dev_reset(void *opaque, bool begin)
{
	(void)opaque;
	dev.resets += begin;
	memset(dev.has, 0, sizeof(dev.has));
	return dev.reset_rc;
}

/* -- Who asks -------------------------------------------------------------------- */

static void done(struct block_request *q, int rc)
{
	CHECK(!d.lock.held, "no lock is held");
	result[q - r] = rc;
	ended++;
}

static unsigned most_pieces = 8;
static u32 page_rule, most_discard, most_zero;

static void begin(u32 block, u32 most, u32 align, bool cached)
{
	static const struct disk_driver driver = { dev_start, dev_reap, dev_reset };

	fake_time_reset(SECOND);
	memset(&dev, 0, sizeof(dev));
	dev.bad = ~0ull;
	dev.at_once = true;
	d = (struct disk){
		.name = "test0", .driver = &driver, .sectors = SECTORS, .block = block,
		.most = most, .slots = 8, .align = align, .cached = cached,
		.pieces = most_pieces, .page = page_rule, .most_discard = most_discard,
		.most_zero = most_zero,
	};
	CHECK_EQ(disk_init(&d), 0, "disk_init");
	dev.resets = 0;
	for (unsigned k = 0; k < sizeof(medium); k++)
		medium[k] = (u8)(k * 7 + k / 512);
	memcpy(model, medium, sizeof(medium));
	extent[0] = (struct disk_extent){ 0, SECTORS };
	view = (struct disk_view){ .disk = &d, .extent = extent, .extents = 1 };
	end = disk_end(&view, "test0", false);
	second = view;
	other = disk_end(&second, "test1", false);
	ended = 0;
}

static int submit(unsigned k, const struct block_request *q)
{
	int rc;

	r[k] = *q;
	r[k].done = done;
	result[k] = 1234;
	rc = end.submit(end.opaque, &r[k]);
	if (rc != BLOCK_LATER) {
		result[k] = rc;
		ended++;
	}
	return rc;
}

static int ask(unsigned k, enum block_op op, u64 lba, u32 count, void *buf)
{
	return submit(k, &(struct block_request){
		.op = op, .lba = lba, .count = count, .buf = buf,
	});
}

static void settle(void)
{
	for (unsigned k = 0; k < 1000; k++)
		disk_poll(&d);
}

/* -- Tests -------------------------------------------------------------------- */

static void test_simple(void)
{
	static u8 buf[64 * 512];

	begin(512, 8192, 1, false);
	CHECK_EQ(ask(0, BLOCK_READ, 5, 64, buf), BLOCK_LATER, "later");
	CHECK_EQ(dev.starts, 1, "one piece at a time for a request");
	settle();
	CHECK_EQ(result[0], 0, "read");
	CHECK_EQ(dev.starts, 4, "four pieces");
	CHECK(!memcmp(buf, medium + 5 * 512, sizeof(buf)), "contents");
	CHECK_EQ(ask(0, BLOCK_READ, SECTORS, 1, buf), (u64)-ERR_RANGE, "beyond");
	CHECK_EQ(ask(0, BLOCK_READ, SECTORS - 1, 2, buf), (u64)-ERR_RANGE, "over the end");
	CHECK_EQ(ask(0, BLOCK_READ, ~0ull, 2, buf), (u64)-ERR_RANGE, "wraps");
	CHECK_EQ(ask(0, BLOCK_READ, 0, 0, buf), (u64)-ERR_RANGE, "nothing");
	CHECK_EQ(ask(0, BLOCK_FLUSH, 0, 0, NULL), 0, "no cache: a flush is over at once");
	end = disk_end(&view, "test0", true);
	CHECK_EQ(ask(0, BLOCK_WRITE, 0, 1, buf), (u64)-ERR_INVAL, "a view to be read only");
	fake_advance(SECOND);
	CHECK_EQ(fake_next(), ~0ull, "no timer without work");
}

/* More requests than slots: all of them end, in whatever order the device likes. */
static void test_many(void)
{
	static u8 buf[REQUESTS][512];

	begin(512, 8192, 1, false);
	for (unsigned k = 0; k < REQUESTS; k++)
		CHECK_EQ(ask(k, BLOCK_READ, k * 3, 1, buf[k]), BLOCK_LATER, "many");
	CHECK_EQ(dev.starts, 8, "as many as the device takes");
	settle();
	CHECK_EQ(ended, REQUESTS, "all end");
	for (unsigned k = 0; k < REQUESTS; k++)
		CHECK(!result[k] && !memcmp(buf[k], medium + k * 3 * 512, 512), "each its own");
}

/* Cut `size` bytes at b in pieces: at any byte, at sectors, or where pages begin. */
static void scatter(struct block_request *q, struct block_piece *p, u8 *b, u64 size)
{
	static const u32 grain[] = { 1, 4, 512, 4096 };
	u32 g = grain[rand() % 4];

	q->piece = p;
	for (u8 *at = b, *to; at < b + size; at = to) {
		to = (u8 *)(((uintptr_t)at + (uintptr_t)rand() % 9000) & ~(uintptr_t)(g - 1));
		to = to < at ? at : to > b + size || q->pieces == 99 ? b + size : to;
		p[q->pieces++] = (struct block_piece){ at, (u64)(to - at) };
	}
}

/* What a request does to sector `m` of the model. What is discarded gets its bytes afterwards. */
static void model_sector(u8 *m, enum block_op op)
{
	if (op == BLOCK_WRITE)
		memset(m, rand(), 512);
	else if (op == BLOCK_ZERO)
		memset(m, 0, 512);
}

static u8 *model_at(u64 at)
{
	u64 n = 0;

	while (at >= extent[n].count)
		at -= extent[n++].count;
	return model + (extent[n].start + at) * 512;
}

/* Only what was discarded may have changed. */
static void take_discarded(const struct block_request *q)
{
	for (u32 s = 0; q->op == BLOCK_DISCARD && s < q->count; s++) {
		u8 *m = model_at(q->lba + s);

		memcpy(m, medium + (m - model), 512);
	}
}

/* Random requests on blocks of 4 KiB, odd buffers in pieces, three extents; a model beside. */
static void test_random(u32 block, u32 align)
{
	static u8 buf[8][100 * 512 + 1] __attribute__((aligned(4096))), want[8][100 * 512];
	static struct block_piece piece[8][100];
	static const struct disk_extent part[3] = { { 1000, 700 }, { 64, 128 }, { 3001, 999 } };

	begin(block, 16384, align, true);
	memcpy(extent, part, sizeof(part));
	view.extents = 3;
	end = disk_end(&view, "parts", false);
	CHECK_EQ(end.sectors, 1827, "sectors of all extents");
	srand(block + align);
	for (unsigned round = 0; round < 400; round++) {
		ended = 0;
		for (unsigned k = 0; k < 8; k++) {	/* none overlaps another of its round */
			u32 count = 1 + (u32)rand() % 100;
			u64 lba = k * 228 + (u64)rand() % (228 - count);
			static const enum block_op ops[] = { BLOCK_READ, BLOCK_WRITE, BLOCK_READ,
				BLOCK_WRITE, BLOCK_ZERO, BLOCK_DISCARD };
			enum block_op op = ops[rand() % 6];
			u8 *b = buf[k] + rand() % 2;

			for (u32 s = 0; s < count; s++) {
				u8 *m = model_at(lba + s);

				model_sector(m, op);
				memcpy(want[k] + s * 512, m, 512);
			}
			if (op != BLOCK_READ)
				memcpy(b, want[k], count * 512);
			struct block_request q = { .op = op, .lba = lba, .count = count,
				.buf = moves(op) ? b : NULL };
			if (moves(op) && rand() % 2)
				scatter(&q, piece[k], b, count * 512);
			submit(k, &q);
		}
		settle();
		fake_advance(SECOND / 2);
		CHECK_EQ(ended, 8, "a round ends");
		for (unsigned k = 0; k < 8; k++) {
			CHECK(!result[k] && (!moves(r[k].op) ||
			      !memcmp(r[k].buf, want[k], r[k].count * 512)), "bytes");
			take_discarded(&r[k]);
		}
	}
	CHECK(!memcmp(medium, model, sizeof(medium)), "and nothing else was written");
}

/* One bad block: its request fails, those that the device failed beside it do not. */
static void test_errors(void)
{
	static u8 buf[20][512];
	unsigned printed = native_printks;

	begin(512, 8192, 1, false);
	dev.bad = 3;
	dev.fail_next = 5;
	for (unsigned k = 0; k < 20; k++)
		ask(k, BLOCK_READ, k, 1, buf[k]);
	settle();
	CHECK_EQ(ended, 20, "all end");
	for (unsigned k = 0; k < 20; k++)
		CHECK_EQ(result[k], k == 3 ? (u64)-ERR_IO : 0, "only the bad one fails");
	CHECK_EQ(native_printks, printed + 1, "it is told once");
	CHECK(strstr(native_last, "test0") && strstr(native_last, "block 3"), "device and block");
	CHECK_EQ(ask(0, BLOCK_READ, 9, 1, buf[0]), BLOCK_LATER, "it goes on");
	settle();
	CHECK_EQ(result[0], 0, "it goes on");
}

/* Silence: ten seconds, a reset, each once more, alone; then an error for who is silent again. */
static void test_silence(void)
{
	static u8 buf[3][512];

	begin(512, 8192, 1, false);
	dev.mute = true;
	for (unsigned k = 0; k < 3; k++)
		ask(k, BLOCK_READ, k, 1, buf[k]);
	fake_advance(9 * SECOND);
	CHECK_EQ(dev.resets, 0, "nine seconds are not too long");
	fake_advance(2 * SECOND);
	CHECK_EQ(dev.resets, 1, "eleven are");
	CHECK_EQ(ended, 0, "nobody has failed yet");
	fake_advance(11 * SECOND);
	CHECK_EQ(ended, 1, "the first one's second try");
	CHECK_EQ(result[0], (u64)-ERR_IO, "fails");
	dev.mute = false;
	fake_advance(SECOND);
	CHECK_EQ(ended, 3, "the others are answered");
	CHECK(!result[1] && !result[2], "and are well");
	CHECK_EQ(fake_next(), ~0ull, "no timer is left");
}

static void test_gone(void)
{
	static u8 buf[12][512];

	begin(512, 8192, 1, true);
	dev.mute = true;
	for (unsigned k = 0; k < 12; k++)
		ask(k, BLOCK_WRITE, k, 1, buf[k]);
	dev.reset_rc = BLOCK_LATER;
	fake_advance(14 * SECOND);
	CHECK_EQ(ended, 0, "a reset has five seconds");
	fake_advance(3 * SECOND);
	CHECK_EQ(ended, 12, "then all fails, also what waited");
	for (unsigned k = 0; k < 12; k++)
		CHECK_EQ(result[k], (u64)-ERR_IO, "error");
	CHECK_EQ(ask(0, BLOCK_READ, 0, 1, buf[0]), (u64)-ERR_IO, "and what comes later");
	fake_advance(20 * SECOND);
	CHECK_EQ(fake_next(), ~0ull, "no timer is left");
	begin(512, 8192, 1, true);
	dev.mute = true;
	ask(0, BLOCK_READ, 0, 1, buf[0]);
	dev.reset_rc = -ERR_IO;
	fake_advance(11 * SECOND);
	CHECK_EQ(ended, 1, "a reset that fails at once");
}

/* The device drops everything and does not say why: nobody notices. */
static void test_lost(void)
{
	static u8 buf[8][512];

	begin(512, 8192, 1, false);
	dev.at_once = false;
	for (unsigned k = 0; k < 8; k++)
		ask(k, BLOCK_READ, k, 1, buf[k]);
	dev.lost = dev.at_once = true;
	settle();
	CHECK_EQ(dev.resets, 1, "a reset");
	CHECK_EQ(ended, 8, "all end");
	for (unsigned k = 0; k < 8; k++)
		CHECK(!result[k] && !memcmp(buf[k], medium + k * 512, 512), "well");
}

static void test_flush(void)
{
	static u8 buf[512];

	begin(512, 8192, 1, true);
	CHECK_EQ(ask(0, BLOCK_FLUSH, 0, 0, NULL), BLOCK_LATER, "a flush");
	settle();
	CHECK(dev.flushes == 1 && !result[0], "reaches the device");
	ask(0, BLOCK_WRITE, 7, 1, buf);
	settle();
	CHECK_EQ(dev.flushes, 1, "a write alone does not");
	fake_advance(SECOND);
	CHECK_EQ(dev.flushes, 2, "but within a second it does");
	fake_advance(10 * SECOND);
	CHECK_EQ(dev.flushes, 2, "once");
	CHECK(!disk_flush(&d), "nothing to flush before power off");
	ask(0, BLOCK_WRITE, 7, 1, buf);
	settle();
	CHECK(disk_flush(&d), "but after a write");
	settle();
	CHECK(!disk_flush(&d) && dev.flushes == 3, "at once");
	dev.fail_next = 2;
	ask(0, BLOCK_FLUSH, 0, 0, NULL);
	settle();
	CHECK_EQ(result[0], (u64)-ERR_IO, "a flush that fails twice");
	ask(0, BLOCK_FLUSH, 0, 0, NULL);
	settle();
	CHECK_EQ(result[0], 0, "is told once");
}

/* The disk's own flush fails, and devices may say that only once: the guest's next one tells. */
static void test_own_flush(void)
{
	static u8 buf[512];
	struct block_request *q = &r[1];

	begin(512, 8192, 1, true);
	ask(0, BLOCK_WRITE, 7, 1, buf);
	settle();
	dev.fail_next = 2;
	fake_advance(SECOND);
	CHECK(strstr(native_last, "test0: flush"), "it is told");
	ask(0, BLOCK_FLUSH, 0, 0, NULL);
	*q = (struct block_request){ .op = BLOCK_FLUSH, .done = done };
	CHECK_EQ(other.submit(other.opaque, q), BLOCK_LATER, "another view of the disk");
	settle();
	CHECK_EQ(result[0], (u64)-ERR_IO, "by the next flush");
	CHECK_EQ(result[1], (u64)-ERR_IO, "of each view");
	ask(0, BLOCK_FLUSH, 0, 0, NULL);
	settle();
	CHECK_EQ(result[0], 0, "once");
}

static void test_stray(void)
{
	static u8 buf[512];

	begin(512, 8192, 1, false);
	disk_finished(&d, 3, 0);
	disk_finished(&d, 8, 0);
	disk_finished(&d, ~0u, -ERR_IO);
	CHECK_EQ(d.stray, 3, "ends of nothing are counted");
	ask(0, BLOCK_READ, 1, 1, buf);
	settle();
	CHECK_EQ(result[0], 0, "and do no harm");
}

int main(void)
{
	test_simple();
	test_many();
	test_random(512, 1);
	most_discard = 5;
	test_random(512, 4);
	most_zero = 7;
	test_random(4096, 4);
	page_rule = 4096;
	test_random(512, 4);
	most_discard = 1000;
	test_random(4096, 4);
	most_pieces = 1;
	test_random(512, 2);
	test_errors();
	test_silence();
	test_gone();
	test_lost();
	test_flush();
	test_own_flush();
	test_stray();
	return check_done();
}
