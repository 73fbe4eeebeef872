/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: the reader of partition tables. An input is the disk's geometry, then pieces of it,
 * the rest of which is zeros. Sums, which no mutation gets right, are made right where the input
 * says so. Judged by sanitizers, and that a partition that is found is within its disk.
 */
#include "drivers/host/partition.h"

#include <string.h>

#include "kernel/lib/err.h"
#include "kernel/panic.h"
#include "qemu-test/libfuzzer/feed.h"

/*
 * which partition (1), blocks (2), flags (1), then pieces: block (2), place in it (2), bytes (2),
 * and these. Blocks beyond IMAGE are zeros.
 */
enum { IMAGE = 256 * 1024, F_4K = 1, F_SUMS = 2, F_HUGE = 4, F_FAIL = 8 };

static u8 image[IMAGE];
static struct partition_disk d;
static u64 fail_at, used;
static unsigned found;

static int read_block(void *opaque, u64 block, void *to)
{
	u64 at = block * d.block;

	(void)opaque;
	must(block < d.blocks);
	if (block == fail_at)
		return -ERR_IO;
	memset(to, 0, d.block);
	if (block < IMAGE / d.block)
		memcpy(to, image + at, d.block);
	return 0;
}

static u32 get32(const u8 *p) { return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24; }

static void put_n(u8 *to, u64 v, unsigned n)
{
	for (; n--; v >>= 8)
		*to++ = (u8)v;
}

/* From its definition, not as the product has it. */
static u32 crc_of(const u8 *p, u64 n)
{
	u32 crc = 0xffffffff;

	for (u64 k = 0; k < n * 8; k++) {
		u32 bit = (p[k / 8] >> k % 8 & 1) ^ (crc & 1);

		crc >>= 1;
		if (bit)
			crc ^= 0xedb88320;
	}
	return ~crc;
}

/* The header in this block, if one is there: its sums. */
static void mend(u64 block)
{
	u8 *h = image;
	u64 entries, bytes;
	u32 size;

	if (block >= IMAGE / d.block)
		return;
	h += block * d.block;
	if (memcmp(h, "EFI PART", 8))
		return;
	entries = (get32(h + 72) | (u64)get32(h + 76) << 32);
	bytes = (u64)get32(h + 80) * get32(h + 84);
	if (bytes <= IMAGE && entries < IMAGE / d.block && entries * d.block <= IMAGE - bytes)
		put_n(h + 88, crc_of(image + entries * d.block, bytes), 4);
	size = get32(h + 12);
	put_n(h + 16, 0, 4);
	if (size <= d.block)
		put_n(h + 16, crc_of(h, size), 4);
}

static void fill(struct feed *in)
{
	memset(image, 0, used);
	used = 0;
	while (feed_more(in)) {
		u64 at = (u64)feed16(in) * d.block, left;
		u32 n;

		at += feed16(in), n = feed16(in), left = (u64)(in->end - in->at);
		n = n < left ? n : (u32)left;
		if (at <= IMAGE && n <= IMAGE - at) {
			memcpy(image + at, in->at, n);
			used = at + n > used ? at + n : used;
		}
		in->at += n;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct feed in = { data, data + size };
	unsigned number = feed8(&in);
	u64 blocks = feed16(&in);
	u8 flags = feed8(&in);
	struct partition p;
	const char *why;

	d = (struct partition_disk){
		.blocks = flags & F_HUGE ? blocks << 48 | blocks : blocks,
		.block = flags & F_4K ? 4096 : 512, .read = read_block,
	};
	fail_at = flags & F_FAIL ? flags >> 4 : ~0ull;
	fill(&in);
	if (flags & F_SUMS)
		mend(1), mend(d.blocks - 1);
	if (!partition_find(&d, number, &p, &why)) {
		must(p.start && p.count && p.start < d.blocks && p.count <= d.blocks - p.start);
		found++;
	} else {
		must(why);
	}
	return 0;
}

/* -- Seeds ---------------------------------------------------------------------- */

static void piece(struct seed *s, u16 block, u16 place, const void *bytes, u16 size)
{
	seed_n(s, block, 2), seed_n(s, place, 2), seed_n(s, size, 2);
	seed_bytes(s, bytes, size);
}

static void begin(struct seed *s, u8 number, u16 blocks, u8 flags)
{
	s->size = 0;
	seed8(s, number), seed_n(s, blocks, 2), seed8(s, flags);
}

/* A table with two entries. */
static void mbr(struct seed *s, u16 block, u8 t0, u32 start0, u8 t1, u32 start1)
{
	u8 b[66] = { 0 };

	b[4] = t0, put_n(b + 8, start0, 4), put_n(b + 12, 50, 4);
	b[20] = t1, put_n(b + 24, start1, 4), put_n(b + 28, t1 ? 100 : 0, 4);
	b[64] = 0x55, b[65] = 0xaa;
	piece(s, block, 446, b, sizeof(b));
}

static void header(struct seed *s, u16 block, u16 entries)
{
	u8 h[92] = "EFI PART";

	put_n(h + 8, 0x10000, 4), put_n(h + 12, sizeof(h), 4);
	put_n(h + 24, block, 8);
	put_n(h + 72, entries, 8), put_n(h + 80, 8, 4), put_n(h + 84, 128, 4);
	piece(s, block, 0, h, sizeof(h));
}

static void gpt(struct seed *s, u8 flags, bool backup)
{
	u8 e[128] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0, 0xa0, 0xc9,
		      0x3e, 0xc9, 0x3b };

	begin(s, 2, flags & F_4K ? 60 : 400, flags | F_SUMS);
	mbr(s, 0, 0xee, 1, 0, 0);
	put_n(e + 32, 10, 8), put_n(e + 40, 19, 8);
	if (!backup)
		header(s, 1, 2);
	header(s, flags & F_4K ? 59 : 399, 2);
	piece(s, 2, 128, e, sizeof(e));
}

void fuzz_seeds(void (*put)(const char *name, const struct seed *s))
{
	struct seed s;

	begin(&s, 1, 400, 0), mbr(&s, 0, 0xef, 2, 0x83, 100);
	put("mbr", &s);
	begin(&s, 6, 400, 0);
	mbr(&s, 0, 0x83, 2, 0x0f, 100), mbr(&s, 100, 0x83, 1, 5, 60), mbr(&s, 160, 0x83, 1, 0, 0);
	put("mbr-logical", &s);
	begin(&s, 7, 60, F_4K);
	mbr(&s, 0, 0x83, 2, 5, 5), mbr(&s, 5, 0x83, 1, 5, 10), mbr(&s, 15, 0x83, 1, 5, 20);
	mbr(&s, 25, 0x83, 1, 0, 0);
	put("mbr-4k", &s);
	gpt(&s, 0, false);
	put("gpt", &s);
	gpt(&s, F_4K, false);
	put("gpt-4k", &s);
	gpt(&s, 0, true);
	put("gpt-backup", &s);
}

const char *fuzz_missed(void) { return found >= 8 ? NULL : "a partition that is found"; }
