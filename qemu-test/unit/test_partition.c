/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native test of drivers/host/partition: tables as UEFI 2.10 (5.3) and the MBR's custom have them,
 * at both block sizes, then broken in every way that can be told, then at random.
 */
#include "qemu-test/unit/check.h"

#include <stdlib.h>

#include "drivers/host/partition.h"
#include "kernel/lib/err.h"

enum { BLOCKS = 2048, IMAGE = BLOCKS * 4096 };

static u8 image[IMAGE];
static u64 bad_block;		/* ~0: none */
static unsigned reads;

static int read_block(void *opaque, u64 block, void *to)
{
	const struct partition_disk *d = opaque;

	reads++;
	CHECK(block < d->blocks, "only blocks of the disk are read");
	if (block == bad_block)
		return -ERR_IO;
	memcpy(to, image + block * d->block, d->block);
	return 0;
}

static struct partition_disk disk(u32 block)
{
	static struct partition_disk d;

	d = (struct partition_disk){ .opaque = &d, .blocks = BLOCKS, .block = block,
				     .read = read_block };
	return d;
}

static void put(u8 *p, u64 v, unsigned n)
{
	while (n--) {
		*p++ = (u8)v;
		v >>= 8;
	}
}

/* Written from the standard's definition, bit by bit, not as the product has it. */
static u32 crc_of(const u8 *p, size_t n)
{
	u32 crc = 0xffffffff;

	for (size_t k = 0; k < n * 8; k++) {
		u32 bit = (p[k / 8] >> k % 8 & 1) ^ (crc & 1);

		crc >>= 1;
		if (bit)
			crc ^= 0xedb88320;
	}
	return ~crc;
}

/* -- MBR --------------------------------------------------------------------- */

static void mbr_put(u8 *sector, unsigned k, u8 type, u32 start, u32 count)
{
	u8 *e = sector + 446 + 16 * k;

	e[0] = k ? 0 : 0x80;
	e[4] = type;
	put(e + 8, start, 4);
	put(e + 12, count, 4);
	sector[510] = 0x55;
	sector[511] = 0xaa;
}

static void make_mbr(u32 block)
{
	memset(image, 0, sizeof(image));
	bad_block = ~0ull;
	mbr_put(image, 0, 0x83, 64, 100);
	mbr_put(image, 1, 0xef, 200, 50);
	mbr_put(image, 2, 0x0f, 400, 1000);
	mbr_put(image + 400 * block, 0, 0x83, 8, 92);
	mbr_put(image + 400 * block, 1, 0x05, 100, 100);
	mbr_put(image + 500 * block, 0, 0x82, 8, 92);
	mbr_put(image + 500 * block, 1, 0x05, 300, 100);
	mbr_put(image + 700 * block, 0, 0x83, 16, 84);
}

static void expect(u32 block, unsigned number, int rc, u64 start, u64 count, const char *name)
{
	struct partition_disk d = disk(block);
	struct partition p = { 0 };
	const char *why = "";

	reads = 0;
	CHECK_EQ((u64)partition_find(&d, number, &p, &why), (u64)rc, name);
	CHECK(reads < 300, name);
	if (rc) {
		CHECK(*why, name);
		return;
	}
	CHECK_EQ(p.start, start, name);
	CHECK_EQ(p.count, count, name);
}

static void test_mbr(u32 block)
{
	make_mbr(block);
	expect(block, 1, 0, 64, 100, "MBR 1");
	expect(block, 2, 0, 200, 50, "MBR 2");
	expect(block, 3, -ERR_INVAL, 0, 0, "the extended one itself");
	expect(block, 4, -ERR_NOENT, 0, 0, "an empty entry");
	expect(block, 5, 0, 408, 92, "logical 5");
	expect(block, 6, 0, 508, 92, "logical 6: counted from its own table");
	expect(block, 7, 0, 716, 84, "logical 7: tables are counted from the first one");
	expect(block, 8, -ERR_NOENT, 0, 0, "after the last");
	expect(block, 0, -ERR_INVAL, 0, 0, "none");
	mbr_put(image, 0, 0x83, 2000, 49);
	expect(block, 1, -ERR_INVAL, 0, 0, "one block beyond the end");
	mbr_put(image, 0, 0x83, 2000, 48);
	expect(block, 1, 0, 2000, 48, "up to the end");
	mbr_put(image, 0, 0x83, 0xffffffff, 0xffffffff);
	expect(block, 1, -ERR_INVAL, 0, 0, "far beyond");
	mbr_put(image, 0, 0x83, 0, 10);
	expect(block, 1, -ERR_INVAL, 0, 0, "holds its own table");
	mbr_put(image + 700 * block, 1, 0x05, 100, 100);
	expect(block, 99, -ERR_INVAL, 0, 0, "a chain that goes round ends");
	mbr_put(image + 500 * block, 1, 0x05, 0xfffffff0, 100);
	expect(block, 7, -ERR_IO, 0, 0, "a chain that leaves the disk");
	make_mbr(block);
	image[500 * block + 510] = 0;
	expect(block, 6, -ERR_INVAL, 0, 0, "a link without its mark");
	image[446 + 16] = 0x41;
	expect(block, 1, -ERR_INVAL, 0, 0, "no table but code");
	image[446 + 16] = 0;
	bad_block = 0;
	expect(block, 1, -ERR_IO, 0, 0, "unreadable");
}

/* -- GPT --------------------------------------------------------------------- */

static void gpt_header(u32 block, u64 self, u64 other, u64 entries, u32 count, u32 size)
{
	u8 *h = image + self * block;

	memset(h, 0, block);
	memcpy(h, "EFI PART", 8);
	put(h + 8, 0x10000, 4);
	put(h + 12, 92, 4);
	put(h + 24, self, 8);
	put(h + 32, other, 8);
	put(h + 40, 34, 8);
	put(h + 48, BLOCKS - 34, 8);
	put(h + 72, entries, 8);
	put(h + 80, count, 4);
	put(h + 84, size, 4);
	if (entries < BLOCKS && entries * block + (u64)count * size <= sizeof(image))
		put(h + 88, crc_of(image + entries * block, (size_t)count * size), 4);
	put(h + 16, crc_of(h, 92), 4);
}

static void gpt_entry(u32 block, u64 entries, u32 size, unsigned k, u64 first, u64 last)
{
	u8 *e = image + entries * block + (size_t)k * size;

	memset(e, 0x11 + (int)k, 32);
	put(e + 32, first, 8);
	put(e + 40, last, 8);
}

static void make_gpt(u32 block, u32 size)
{
	const u64 at[2] = { 2, BLOCKS - 33 };

	memset(image, 0, sizeof(image));
	bad_block = ~0ull;
	mbr_put(image, 0, 0xee, 1, 0xffffffff);
	image[446] = 0;
	for (unsigned c = 0; c < 2; c++) {
		gpt_entry(block, at[c], size, 0, 64, 127);
		gpt_entry(block, at[c], size, 1, 128, 128);
		gpt_entry(block, at[c], size, 9, 300, BLOCKS - 40);
	}
	gpt_header(block, 1, BLOCKS - 1, 2, 16, size);
	gpt_header(block, BLOCKS - 1, 1, BLOCKS - 33, 16, size);
}

/* Entry k gets this range, in both copies, with the sums right. */
static void gpt_set(u32 block, u64 first, u64 last)
{
	gpt_entry(block, 2, 128, 0, first, last);
	gpt_entry(block, BLOCKS - 33, 128, 0, first, last);
	gpt_header(block, 1, BLOCKS - 1, 2, 16, 128);
	gpt_header(block, BLOCKS - 1, 1, BLOCKS - 33, 16, 128);
}

static void test_gpt(u32 block, u32 size)
{
	make_gpt(block, size);
	expect(block, 1, 0, 64, 64, "GPT 1");
	expect(block, 2, 0, 128, 1, "GPT 2: one block");
	expect(block, 10, 0, 300, BLOCKS - 40 - 299, "GPT 10");
	expect(block, 3, -ERR_NOENT, 0, 0, "an unused entry");
	expect(block, 17, -ERR_NOENT, 0, 0, "beyond the entries");
	image[block + 60] ^= 1;
	expect(block, 1, 0, 64, 64, "the second copy serves");
	image[2 * block + 5] ^= 1;
	expect(block, 1, 0, 64, 64, "the second copy has entries of its own");
	image[(BLOCKS - 33) * block + 5] ^= 1;
	expect(block, 1, -ERR_INVAL, 0, 0, "both damaged");
	make_gpt(block, size);
	bad_block = 1;
	expect(block, 1, 0, 64, 64, "the first header unreadable");
	make_gpt(block, size);
	memcpy(image + block, image + (BLOCKS - 1) * block, block);
	memset(image + (BLOCKS - 1) * block, 0, block);
	expect(block, 1, -ERR_INVAL, 0, 0, "a header that belongs elsewhere");
}

static void test_gpt_lies(u32 block)
{
	static const u32 sizes[] = { 0, 64, 127, 192, 8192 };
	static const u32 counts[] = { 0, 5000, 0xffffffff };

	make_gpt(block, 128);
	gpt_set(block, 100, 99);
	expect(block, 1, -ERR_INVAL, 0, 0, "ends before it begins");
	gpt_set(block, 100, BLOCKS);
	expect(block, 1, -ERR_INVAL, 0, 0, "ends beyond the disk");
	gpt_set(block, 0, 10);
	expect(block, 1, -ERR_INVAL, 0, 0, "holds its own table");
	gpt_set(block, 1, ~0ull);
	expect(block, 1, -ERR_INVAL, 0, 0, "as long as can be written");
	for (unsigned k = 0; k < 5; k++) {
		make_gpt(block, 128);
		gpt_header(block, 1, BLOCKS - 1, 2, 16, sizes[k]);
		gpt_header(block, BLOCKS - 1, 1, 2, 16, sizes[k]);
		expect(block, 1, -ERR_INVAL, 0, 0, "entries of an impossible size");
	}
	for (unsigned k = 0; k < 3; k++) {
		make_gpt(block, 128);
		gpt_header(block, 1, BLOCKS - 1, 2, counts[k], 128);
		gpt_header(block, BLOCKS - 1, 1, 2, counts[k], 128);
		expect(block, 1, -ERR_INVAL, 0, 0, "an impossible number of entries");
	}
	make_gpt(block, 128);
	gpt_header(block, 1, BLOCKS - 1, ~0ull - 1, 16, 128);
	gpt_header(block, BLOCKS - 1, 1, BLOCKS - 1, 16, 4096);
	expect(block, 1, -ERR_INVAL, 0, 0, "entries beyond the disk");
}

/* -- Random damage ------------------------------------------------------------- */

static void test_random(u32 block)
{
	struct partition_disk d = disk(block);

	srand(block);
	for (unsigned round = 0; round < 400; round++) {
		struct partition p;
		const char *why;

		if (round % 2)
			make_mbr(block);
		else
			make_gpt(block, 128u << rand() % 6);
		for (unsigned k = 0; k < 1u + (unsigned)rand() % 12; k++) {
			static const u64 where[] = { 0, 1, 2, 400, 500, 700,
				BLOCKS - 33, BLOCKS - 1 };

			image[where[rand() % 8] * block + (u32)rand() % 512] = (u8)rand();
		}
		/* Often with right sums, so that what is behind them is met too. */
		if (rand() % 2)
			put(image + block + 16, 0, 4),
			put(image + block + 16, crc_of(image + block, 92), 4);
		for (unsigned n = 0; n < 12; n++)
			if (!partition_find(&d, n, &p, &why))
				CHECK(p.count && p.start && p.start < BLOCKS &&
				      p.count <= BLOCKS - p.start, "within the disk");
	}
}

int main(void)
{
	CHECK_EQ(crc_of((const u8 *)"123456789", 9), 0xcbf43926, "the test's CRC");
	for (u32 block = 512; block <= 4096; block *= 8) {
		test_mbr(block);
		test_gpt(block, 128);
		test_gpt(block, 256);
		test_gpt_lies(block);
		test_random(block);
	}
	return check_done();
}
