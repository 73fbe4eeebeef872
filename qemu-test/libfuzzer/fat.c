/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: the FAT reader. An input is the volume's size, then pieces of it, the rest of which
 * is zeros. Judged by sanitizers, and by what is said of a file that is found: it is within the
 * volume, in whole sectors, and long enough.
 */
#include "boot/fat.h"

#include <string.h>

#include "kernel/lib/err.h"
#include "kernel/panic.h"
#include "qemu-test/libfuzzer/feed.h"

/*
 * volume's KiB (2), which path and what cannot be read (1), then pieces: place / 16 (3), repeated
 * (1), bytes (2), and these.
 */
enum { VOLUME = 4 << 20, EXTENTS = 64, PATHS = 4, FAILS = 0x80 };

static u8 volume[VOLUME];
static u64 used, fail_at;
static struct fat f;
static unsigned found;

static int read_volume(void *opaque, u64 at, void *to, u32 size)
{
	u64 n = at < VOLUME ? VOLUME - at : 0;

	(void)opaque;
	must(size && size <= FAT_WINDOW && at < f.size && size <= f.size - at);
	if (fail_at >= at && fail_at < at + size)
		return -ERR_IO;
	n = n < size ? n : size;
	memset(to, 0, size);
	memcpy(to, volume + (n ? at : 0), n);
	return 0;
}

/* Place the pieces; each may be there several times in a row, for tables and folders. */
static void fill(struct feed *in)
{
	memset(volume, 0, used);
	used = 0;
	while (feed_more(in)) {
		u64 at = feed_n(in, 3) * 16;
		u32 times = feed8(in) + 1u, n = feed16(in), left;

		left = (u32)(in->end - in->at);
		n = n < left ? n : left;
		for (; n && times-- && at + n <= VOLUME; at += n) {
			memcpy(volume + at, in->at, n);
			used = at + n > used ? at + n : used;
		}
		in->at += n;
	}
}

static void check(const struct fat_file *file, const struct boot_extent *e, unsigned count)
{
	u64 sectors = 0;

	must(count <= EXTENTS);
	for (unsigned k = 0; k < count; k++) {
		must(e[k].count && e[k].start < f.size / 512 &&
		     e[k].count <= f.size / 512 - e[k].start);
		sectors += e[k].count;
	}
	must(sectors * 512 >= file->size);
	found++;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u16 path[PATHS][20] = {
		u"A.IMG", u"\\SUB\\a.img", u"\\A long name.image", u"SUB",
	};
	struct feed in = { data, data + size };
	struct boot_extent e[EXTENTS];
	struct fat_file file;
	unsigned count;
	u8 how;

	f = (struct fat){ .size = (feed16(&in) + 1ull) * 1024, .read = read_volume };
	how = feed8(&in);
	fail_at = how & FAILS ? (how & 0x7cu) << 10 : ~0ull;
	fill(&in);
	if (!fat_open(&f) && !fat_find(&f, path[how % PATHS], &file) &&
	    !fat_extents(&f, &file, e, EXTENTS, &count)) {
		check(&file, e, count);
		fat_check_shared(&f, &file, e, count);
	}
	return 0;
}

/* -- Seeds ---------------------------------------------------------------------- */

static void piece(struct seed *s, u32 at, const void *bytes, u16 size)
{
	seed_n(s, at / 16, 3), seed8(s, 0), seed_n(s, size, 2);
	seed_bytes(s, bytes, size);
}

static void put_n(u8 *to, u32 v, unsigned n)
{
	for (; n--; v >>= 8)
		*to++ = (u8)v;
}

static void entry(u8 *to, const char *name, u8 attributes, u32 first, u32 size)
{
	memcpy(to, name, 11);
	to[11] = attributes;
	put_n(to + 20, first >> 16, 2);
	put_n(to + 26, first, 2);
	put_n(to + 28, size, 4);
}

static void long_name(u8 *to, const char *name, const char *short_name)
{
	static const u8 place[13] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	unsigned parts = (unsigned)(strlen(name) + 12) / 13;
	u8 sum = 0;

	for (unsigned k = 0; k < 11; k++)
		sum = (u8)((sum & 1) << 7 | sum >> 1) + (u8)short_name[k];
	for (unsigned n = parts; n; n--, to += 32) {
		memset(to, 0, 32);
		to[0] = (u8)(n | (n == parts ? 0x40 : 0));
		to[11] = 0x0f;
		to[13] = sum;
		for (unsigned k = 0; k < 13; k++) {
			size_t i = (n - 1) * 13 + k;

			put_n(to + place[k], i < strlen(name) ? (u8)name[i] :
			      i == strlen(name) ? 0 : 0xffff, 2);
		}
	}
}

static void link_to(u8 *table, unsigned bits, u32 n, u32 next)
{
	u8 *p = table + n * 3 / 2;

	if (bits == 16)
		put_n(table + 2 * n, next, 2);
	else if (bits == 32)
		put_n(table + 4 * n, next & 0x0fffffff, 4);
	else
		put_n(p, n & 1 ? (p[0] & 0xf) | next << 4 :
		      (u32)(p[1] & 0xf0) << 8 | (next & 0xfff), 2);
}

/* Sectors of 512 bytes, one to a cluster; a file in two pieces, a folder with another. */
static void make(struct seed *s, unsigned bits, u8 path)
{
	u32 clusters = bits == 12 ? 64 : bits == 16 ? 4100 : 65530;
	u32 table = ((clusters + 2) * bits / 8 + 512) / 512, reserved = bits == 32 ? 32 : 1;
	u32 root = reserved + 2 * table, data = root + (bits == 32 ? 0 : 2), end = ~0u;
	u32 total = data + clusters, at = bits == 32 ? data + 1 : root;
	u8 b[512] = { 0xeb, 0x3c, 0x90 }, t[48] = { 0 }, r[192] = { 0 };

	put_n(b + 11, 512, 2), b[13] = 1, put_n(b + 14, reserved, 2), b[16] = 2;
	put_n(b + 17, bits == 32 ? 0 : 32, 2);
	put_n(b + (total < 65536 ? 19 : 32), total, total < 65536 ? 2 : 4);
	put_n(b + (bits == 32 ? 36 : 22), table, bits == 32 ? 4 : 2);
	put_n(b + 44, 3, bits == 32 ? 4 : 0);
	b[510] = 0x55, b[511] = 0xaa;
	s->size = 0;
	seed_n(s, total / 2, 2), seed8(s, path);
	piece(s, 0, b, 512);
	link_to(t, bits, 3, end), link_to(t, bits, 4, 5), link_to(t, bits, 5, 8);
	link_to(t, bits, 6, end), link_to(t, bits, 7, end), link_to(t, bits, 8, end);
	piece(s, reserved * 512, t, sizeof(t));
	long_name(r, "A long name.image", "ALONGN~1IMA");
	entry(r + 64, "ALONGN~1IMA", 0x20, 4, 1400);
	entry(r + 96, "SUB        ", 0x10, 6, 0);
	entry(r + 128, "A       IMG", 0x20, 0, 0);
	piece(s, at * 512, r, sizeof(r));
	memset(r, 0, sizeof(r));
	entry(r, ".          ", 0x10, 6, 0), entry(r + 32, "..         ", 0x10, 0, 0);
	entry(r + 64, "A       IMG", 0x20, 7, 512);
	piece(s, (data + 4) * 512, r, 96);
}

void fuzz_seeds(void (*put)(const char *name, const struct seed *s))
{
	static const char *const names[3][3] = {
		{ "fat12-short", "fat12-folder", "fat12-long" },
		{ "fat16-short", "fat16-folder", "fat16-long" },
		{ "fat32-short", "fat32-folder", "fat32-long" },
	};
	struct seed s;

	for (unsigned k = 0; k < 3; k++)
		for (u8 path = 0; path < 3; path++) {
			make(&s, (unsigned[]){ 12, 16, 32 }[k], path);
			put(names[k][path], &s);
		}
}

const char *fuzz_missed(void) { return found >= 18 ? NULL : "a file that is found"; }
