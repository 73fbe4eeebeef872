/* SPDX-License-Identifier: BSD-2-Clause */
/* mm/bus: lookup, priorities, width splitting and widening, blocks, unanswered accesses. */
#include "mm/bus.h"

#include "qemu-test/unit/check.h"
#include "qemu-test/unit/native.h"

struct rec {			/* a device that records its accesses */
	u32 off[32];
	u64 val[32];
	unsigned size[32], n, blocks;
	u8 reg[64];
};

static u64 rec_read(void *opaque, u32 off, unsigned size)
{
	struct rec *d = opaque;
	u64 v = 0;

	d->off[d->n % 32] = off;
	d->size[d->n++ % 32] = size;
	for (unsigned k = 0; k < size; k++)
		v |= (u64)d->reg[(off + k) % 64] << 8 * k;
	return v;
}

static void rec_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct rec *d = opaque;

	d->off[d->n % 32] = off;
	d->val[d->n % 32] = v;
	d->size[d->n++ % 32] = size;
	for (unsigned k = 0; k < size; k++)
		d->reg[(off + k) % 64] = (u8)(v >> 8 * k);
}

static void rec_read_block(void *opaque, u32 off, void *buf, unsigned size, u32 count)
{
	struct rec *d = opaque;

	(void)off;
	d->blocks++;
	memset(buf, 0x5a, (size_t)size * count);
}

static const struct io_ops bytes = { .read = rec_read, .write = rec_write, .min = 1, .max = 1 };
static const struct io_ops dwords = { .read = rec_read, .write = rec_write, .min = 4, .max = 4 };
static const struct io_ops dwords_rmw = {
	.read = rec_read, .write = rec_write, .min = 4, .max = 4, .rmw = true,
};
static const struct io_ops wide = {
	.read = rec_read, .write = rec_write, .read_block = rec_read_block, .min = 1, .max = 4,
};

static struct rec da, db;

static void fill(struct rec *d)
{
	memset(d, 0, sizeof(*d));
	for (unsigned k = 0; k < 64; k++)
		d->reg[k] = (u8)(0x10 + k);
}

static void test_ports(struct bus *b)
{
	static struct bus_region a = { "a", 0x40, 4, &bytes, &da, 0, true, NULL };
	static struct bus_region c = { "c", 0x42, 1, &bytes, &db, 1, true, NULL };

	fill(&da);
	fill(&db);
	bus_add(b, BUS_IO, &c);
	bus_add(b, BUS_IO, &a);
	CHECK_EQ(bus_read(b, BUS_IO, 0x40, 1), 0x10, "first port");
	CHECK_EQ(bus_read(b, BUS_IO, 0x42, 1), 0x10, "the higher priority answers");
	da.n = 0;
	CHECK_EQ(bus_read(b, BUS_IO, 0x40, 2), 0x1110, "word split in bytes");
	CHECK_EQ(da.n, 2, "two accesses");
	CHECK_EQ(da.off[0], 0, "low part first");
	CHECK_EQ(bus_read(b, BUS_IO, 0x40, 4), 0x13101110, "dword over two devices");
	da.n = 0;
	bus_write(b, BUS_IO, 0x40, 0xa1b2, 2);
	CHECK_EQ(da.val[0], 0xb2, "write low byte");
	CHECK_EQ(da.val[1], 0xa1, "write high byte");
	CHECK_EQ(bus_read(b, BUS_IO, 0x43, 2), 0xff13, "the byte past the end is nobody's");
	bus_move(b, BUS_IO, &c, 0x42, 1, false);
	CHECK_EQ(bus_read(b, BUS_IO, 0x42, 1), 0x12, "switched off: the lower one answers");
	bus_move(b, BUS_IO, &c, 0xffff, 8, true);
	CHECK_EQ(bus_read(b, BUS_IO, 0xffff, 1), 0x10, "last port");
	CHECK_EQ(bus_read(b, BUS_IO, 0xffff, 2), 0xff10, "no wrap to port 0");
}

static void test_unanswered(struct bus *b)
{
	u64 before = bus_unanswered(b);
	unsigned logged = native_printks;

	CHECK_EQ(bus_read(b, BUS_IO, 0x1234, 1), 0xff, "ones, byte");
	CHECK_EQ(bus_read(b, BUS_IO, 0x1234, 4), 0xffffffff, "ones, dword");
	bus_write(b, BUS_IO, 0x1234, 0, 2);
	CHECK_EQ(bus_unanswered(b) - before, 3, "three counted");
	CHECK_EQ(native_printks - logged, 1, "one logged");
	CHECK_EQ(bus_read(b, BUS_MMIO, 0xe0000000, 8), ~0ull, "ones, qword");
	bus_read(b, BUS_MMIO, 0xe0000ff8, 8);
	CHECK_EQ(native_printks - logged, 2, "one line for each page");
}

/* A guest that touches everything cannot fill the log. */
static void test_unanswered_flood(void)
{
	struct bus *b = bus_create();
	unsigned logged = native_printks;

	for (unsigned k = 0; k < 0x10000; k++)
		bus_write(b, BUS_IO, k, 0, 1);
	CHECK_EQ(native_printks - logged, 65, "64 ports, and that there are more");
	CHECK(strstr(native_last, "more ports"), "told");
	for (u64 k = 0; k < 1000; k++)
		bus_read(b, BUS_MMIO, 0xd0000000 + (k << 12), 4);
	CHECK_EQ(native_printks - logged, 130, "64 pages, and that there are more");
	CHECK(strstr(native_last, "more pages"), "told");
	bus_read(b, BUS_MMIO, 0xd0000000, 4);
	CHECK_EQ(bus_unanswered(b), 0x10000 + 1001, "all are counted");
	bus_destroy(b);
}

static void test_widths(struct bus *b)
{
	static struct bus_region m = { "m", 0xfee00000, 64, &dwords, &da, 0, true, NULL };
	static struct bus_region w = { "w", 0xfed00000, 64, &dwords_rmw, &db, 0, true, NULL };

	fill(&da);
	fill(&db);
	bus_add(b, BUS_MMIO, &m);
	bus_add(b, BUS_MMIO, &w);
	CHECK_EQ(bus_read(b, BUS_MMIO, 0xfee00004, 4), 0x17161514, "dword");
	CHECK_EQ(bus_read(b, BUS_MMIO, 0xfee00006, 1), 0x16, "byte from its container");
	CHECK_EQ(da.off[1], 4, "container offset");
	CHECK_EQ(da.size[1], 4, "container size");
	CHECK_EQ(bus_read(b, BUS_MMIO, 0xfee00006, 4), 0x19181716, "unaligned dword");
	CHECK_EQ(bus_read(b, BUS_MMIO, 0xfee00008, 8), 0x1f1e1d1c1b1a1918ull, "qword in halves");
	da.n = 0;
	bus_write(b, BUS_MMIO, 0xfee00005, 0xee, 1);
	CHECK_EQ(da.val[0], 0xee00, "narrow write widened with zeros");
	db.n = 0;
	bus_write(b, BUS_MMIO, 0xfed00005, 0xee, 1);
	CHECK_EQ(db.val[1], 0x1716ee14, "narrow write as read-modify-write");
	da.n = 0;
	bus_write(b, BUS_MMIO, 0xfee00000, 0x1122334455667788ull, 8);
	CHECK_EQ(da.val[0], 0x55667788, "qword write, low first");
	CHECK_EQ(da.val[1], 0x11223344, "qword write, high second");
}

static unsigned moves;

static void on_move(void) { moves++; }

static void test_mmio_layout(struct bus *b)
{
	static struct bus_region lo = { "lo", 0x1000, 0x1000, &wide, &da, 0, true, NULL };
	static struct bus_region hi = { "hi", 0x1400, 0x100, &wide, &db, 5, true, NULL };

	fill(&da);
	fill(&db);
	bus_add(b, BUS_MMIO, &hi);
	bus_add(b, BUS_MMIO, &lo);
	CHECK_EQ(bus_read(b, BUS_MMIO, 0x1400, 1), 0x10, "inner region wins");
	db.reg[0] = 0x77;
	CHECK_EQ(bus_read(b, BUS_MMIO, 0x1400, 1), 0x77, "and it is the other device");
	CHECK_EQ(bus_read(b, BUS_MMIO, 0x13fe, 4), 0x11774f4e, "access over the seam");
	CHECK_EQ(bus_read(b, BUS_MMIO, 0x1500, 1), 0x10, "after the hole: off 0x500");
	CHECK(bus_is_mmio(b, 0x0fff, 2), "overlap by one byte");
	CHECK(!bus_is_mmio(b, 0x0fff, 1), "just below");
	CHECK(!bus_is_mmio(b, 0x2000, 0x1000), "just above");
	bus_on_change(b, on_move);
	bus_move(b, BUS_MMIO, &lo, 0x8000, 0x1000, true);
	CHECK_EQ(moves, 1, "told of a move");
	CHECK(!bus_is_mmio(b, 0x1000, 0x400), "moved away");
	CHECK(bus_is_mmio(b, 0x8fff, 1), "moved there");
	bus_move(b, BUS_MMIO, &lo, 0xfffffffffffff000ull, 0x1000, true);
	CHECK_EQ(bus_read(b, BUS_MMIO, ~0ull, 1), 0x4f, "region up to the last byte");
}

static void test_blocks(struct bus *b)
{
	static struct bus_region d = { "d", 0x1f0, 8, &wide, &da, 0, true, NULL };
	u16 buf[4] = { 1, 2, 3, 4 };

	fill(&da);
	bus_add(b, BUS_IO, &d);
	bus_read_block(b, 0x1f0, buf, 2, 4);
	CHECK_EQ(da.blocks, 1, "one block call");
	CHECK_EQ(buf[3], 0x5a5a, "filled to the end");
	bus_write_block(b, 0x1f0, "abcdef", 2, 3);
	CHECK_EQ(da.n, 3, "no write_block: three accesses");
	CHECK_EQ(da.val[2], 'e' | 'f' << 8, "guest order");
	fill(&da);
	bus_read_block(b, 0x7777, buf, 2, 4);
	CHECK_EQ(buf[0], 0xffff, "block from nobody");
	bus_read_block(b, 0x40, buf, 2, 2);
	CHECK_EQ(buf[0], 0x1110, "block of words from byte ports");
}

int main(void)
{
	struct bus *b = bus_create();

	test_ports(b);
	test_unanswered(b);
	test_unanswered_flood();
	test_widths(b);
	test_mmio_layout(b);
	test_blocks(b);
	bus_destroy(b);
	return check_done();
}
