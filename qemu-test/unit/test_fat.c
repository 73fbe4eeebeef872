/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native test of boot/fat over volumes made from the specification (Microsoft FAT 1.03): all three
 * kinds, files in pieces, long names, and every kind of lie; then random damage.
 */
#include "qemu-test/unit/check.h"

#include <stdlib.h>

#include "boot/fat.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"

enum { VOLUME = 40 << 20, EXTENTS = 64 };

static u8 volume[VOLUME];
static struct fat f;
static u64 fail_at;			/* byte that cannot be read; ~0: none */
static unsigned reads;
static u32 made;			/* bytes of the volume that was made last */

/* The layout of the volume that is being made. */
static struct { unsigned bits; u32 sector, per, reserved, fat, root, data, total; } l;

static int read_volume(void *opaque, u64 at, void *to, u32 size)
{
	(void)opaque;
	reads++;
	CHECK(size && at < f.size && size <= f.size - at, "only the volume is read");
	if (fail_at >= at && fail_at < at + size)
		return -ERR_IO;
	memcpy(to, volume + at, size);
	return 0;
}

static void put(u8 *p, u32 v, unsigned n)
{
	for (; n--; v >>= 8)
		*p++ = (u8)v;
}

static void link_to(u32 n, u32 next)
{
	u8 *t = volume + l.reserved * l.sector;

	if (l.bits == 12) {
		u8 *p = t + n * 3 / 2;
		u32 old = p[0] | p[1] << 8;

		put(p, n & 1 ? (old & 0xf) | (next & 0xfff) << 4 : (old & 0xf000) | (next & 0xfff),
		    2);
	} else if (l.bits == 16) {
		put(t + 2 * n, next, 2);
	} else {
		put(t + 4 * n, (next & 0x0fffffff) | 0xa0000000, 4);	/* top bits: not its */
	}
}

static u32 end_mark(void) { return l.bits == 12 ? 0xfff : l.bits == 16 ? 0xffff : 0x0fffffff; }

static u8 *cluster(u32 n) { return volume + (l.data + (n - 2) * l.per) * l.sector; }

/* An empty volume of `clusters` clusters. */
static void make(unsigned bits, u32 sector, u32 per, u32 clusters)
{
	u32 fat = ((clusters + 2) * bits / 8 + sector) / sector;

	memset(volume, 0, made);
	fail_at = ~0ull;
	l.bits = bits;
	l.sector = sector;
	l.per = per;
	l.reserved = bits == 32 ? 32 : 1;
	l.fat = fat;
	l.root = l.reserved + 2 * fat;
	l.data = l.root + (bits == 32 ? 0 : 512 * 32 / sector);
	l.total = l.data + clusters * per;
	made = l.total * sector;
	CHECK(made <= VOLUME, "the test's volume");
	put(volume + 11, sector, 2);
	volume[13] = (u8)per;
	put(volume + 14, l.reserved, 2);
	volume[16] = 2;
	put(volume + 17, bits == 32 ? 0 : 512, 2);
	put(volume + (l.total < 65536 && bits != 32 ? 19 : 32), l.total,
	    l.total < 65536 && bits != 32 ? 2 : 4);
	put(volume + (bits == 32 ? 36 : 22), fat, bits == 32 ? 4 : 2);
	volume[510] = 0x55;
	volume[511] = 0xaa;
	if (bits == 32) {
		put(volume + 44, 3, 4);
		link_to(3, end_mark());
	}
	f = (struct fat){ .size = (u64)l.total * sector, .read = read_volume };
}

static u8 *root(void) { return l.bits == 32 ? cluster(3) : volume + l.root * l.sector; }

static u8 *entry(u8 *at, const char *name, u8 attributes, u32 first, u32 size)
{
	memcpy(at, name, 11);
	at[11] = attributes;
	put(at + 20, first >> 16, 2);
	put(at + 26, first, 2);
	put(at + 28, size, 4);
	return at + 32;
}

/* A long name before its short one. */
static u8 *long_entry(u8 *at, const char *name, const char *short_name, u8 attributes, u32 first,
		      u32 size)
{
	static const u8 place[13] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	unsigned parts = (unsigned)(strlen(name) + 12) / 13;
	u8 sum = 0;

	for (unsigned k = 0; k < 11; k++)
		sum = (u8)((sum & 1) << 7 | sum >> 1) + (u8)short_name[k];
	for (unsigned n = parts; n; n--, at += 32) {
		memset(at, 0, 32);
		at[0] = (u8)(n | (n == parts ? 0x40 : 0));
		at[11] = 0x0f;
		at[13] = sum;
		for (unsigned k = 0; k < 13; k++) {
			size_t c = (n - 1) * 13 + k, end = strlen(name);

			put(at + place[k], c < end ? (u8)name[c] : c == end ? 0 : 0xffff, 2);
		}
	}
	return entry(at, short_name, attributes, first, size);
}

/* A chain through these clusters, 0-terminated. */
static void chain(const u32 *n)
{
	for (; n[1]; n++)
		link_to(n[0], n[1]);
	link_to(n[0], end_mark());
}

static u32 per_cluster(void) { return l.per * l.sector / 512; }

static u64 sector_of(u32 n) { return (l.data + (u64)(n - 2) * l.per) * l.sector / 512; }

/* What is wrong with the file at this path, NULL if nothing; its extents in e. */
static struct boot_extent e[EXTENTS];
static unsigned count;
static struct fat_file file;

static const char *find(const char *path)
{
	u16 wide[300];
	const char *why = fat_open(&f);
	unsigned k = 0;

	count = 0;
	do
		wide[k] = (u8)path[k];
	while (path[k++]);
	if (!why)
		why = fat_find(&f, wide, &file);
	if (!why)
		why = fat_extents(&f, &file, e, EXTENTS, &count);
	return why;
}

static const char *find_and_check(const char *path)
{
	struct boot_extent sorted[EXTENTS];
	const char *why = find(path);

	memcpy(sorted, e, sizeof(sorted));
	return why ? why : fat_check_shared(&f, &file, sorted, count);
}

static void wrong(const char *path, const char *word, const char *name)
{
	const char *why = find_and_check(path);

	CHECK(why, name);
	CHECK(why && strstr(why, word), word);
	if (why && !strstr(why, word))
		printf("  said %s\n", why);
}

/* EFI/BOOT/disk.img in pieces 10-12, 20, 8-9, and some others. */
static void fill(void)
{
	static const u32 disk[] = { 10, 11, 12, 20, 8, 9, 0 }, other[] = { 30, 31, 0 };
	static const u32 efi[] = { 5, 0 }, boot[] = { 6, 25, 0 };
	u8 *at = entry(root(), "LOAM       ", 8, 0, 0);
	u32 bytes = l.per * l.sector;

	chain(disk);
	chain(other);
	chain(efi);
	chain(boot);
	at = entry(at, "\xe5IL     IMG", 0x20, 10, 5);
	entry(at, "EFI        ", 0x10, 5, 0);
	at = entry(cluster(5), ".          ", 0x10, 5, 0);
	at = entry(at, "..         ", 0x10, 0, 0);
	entry(at, "BOOT       ", 0x10, 6, 0);
	at = entry(cluster(6), ".          ", 0x10, 6, 0);
	at = entry(at, "..         ", 0x10, 5, 0);
	for (unsigned k = 2; k < bytes / 32 - 1; k++)	/* up to the last entry of the cluster */
		at = entry(at, "\xe5         X", 0x20, 0, 0);
	entry(at, "DISK    IMG", 0x20, 10, 5 * bytes + 512);
	at = long_entry(cluster(25), "A file with a long name.img", "AFILEW~1IMG", 0x20, 30,
			2 * bytes);
	entry(at, "EMPTY   TXT", 0x20, 0, 0);
}

static void check_extents(const char *name)
{
	const u32 first[] = { 10, 20, 8 }, n[] = { 3, 1, 2 };

	CHECK_EQ(count, 3, name);
	for (unsigned k = 0; k < 3; k++) {
		CHECK_EQ(e[k].start, sector_of(first[k]), name);
		CHECK_EQ(e[k].count, n[k] * per_cluster(), name);
	}
}

static void test_good(unsigned bits, u32 sector, u32 per, u32 clusters)
{
	make(bits, sector, per, clusters);
	fill();
	CHECK(!find_and_check("\\EFI\\BOOT\\disk.img"), "found");
	CHECK_EQ(f.bits, bits, "the kind of FAT");
	CHECK_EQ(file.size, 5 * l.per * sector + 512, "size");
	check_extents("extents");
	CHECK(!find_and_check("efi\\Boot\\A FILE with a long name.img"), "a long name");
	CHECK(count == 1 && e[0].start == sector_of(30), "its extent");
	CHECK(!find_and_check("EFI\\BOOT\\AFILEW~1.IMG"), "by its short name");
	CHECK(!find_and_check("EFI\\BOOT\\EMPTY.TXT") && !count, "an empty file");
	wrong("EFI\\BOOT\\disk.im", "not in the volume's folders", "a part of a name");
	wrong("EFI\\BOOT\\disk.imgx", "not in the volume's folders", "more than a name");
	wrong("EFI\\BOOT", "a folder", "a folder");
	wrong("EFI\\BOOT\\disk.img\\x", "not in the volume's folders", "a file as a folder");
	wrong("IL.IMG", "not in the volume's folders", "a file that was removed");
	wrong("LOAM", "not in the volume's folders", "the volume's name");
	CHECK(!find_and_check("EFI\\BOOT\\..\\boot\\disk.img"), "dots are folders");
}

static void test_lies(unsigned bits, u32 per, u32 clusters)
{
	static const u32 round[] = { 31, 30, 0 };
	u32 bytes = per * 512;

	make(bits, 512, per, clusters);
	fill();
	link_to(20, end_mark());
	wrong("EFI\\BOOT\\disk.img", "shorter", "a chain that is too short");
	link_to(20, 10);
	wrong("EFI\\BOOT\\disk.img", "round", "a chain that goes round");
	link_to(20, 8);
	link_to(9, 100);
	wrong("EFI\\BOOT\\disk.img", "round, or is longer", "a chain that is too long");
	link_to(9, 1);
	wrong("EFI\\BOOT\\disk.img", "round, or is longer", "an end that is none");
	link_to(9, end_mark());
	link_to(12, clusters + 2);
	wrong("EFI\\BOOT\\disk.img", "cluster that is none", "a number that is too large");
	link_to(12, 0);
	wrong("EFI\\BOOT\\disk.img", "cluster that is none", "a free one");
	link_to(12, 20);
	link_to(30, 11);
	wrong("EFI\\BOOT\\disk.img", "another file", "another file joins its chain");
	link_to(30, 31);
	CHECK(!find_and_check("EFI\\BOOT\\disk.img"), "good again");
	entry(root() + 96, "THIEF   IMG", 0x20, 20, bytes);
	wrong("EFI\\BOOT\\disk.img", "another file", "another file begins in it");
	entry(root() + 96, "THIEF   IMG", 0x20, 10, 5 * bytes + 512);
	wrong("EFI\\BOOT\\disk.img", "another file", "another name for it");
	entry(root() + 96, "LOOP       ", 0x10, 5, 0);
	CHECK(!find("EFI\\BOOT\\disk.img"), "folders that go round do not matter for the path");
	wrong("EFI\\BOOT\\disk.img", "", "but for the rest");
	root()[96] = 0xe5;
	chain(round);
	link_to(30, 31);
	link_to(31, 30);
	entry(root() + 96, "ENDLESS    ", 0x10, 30, 0);
	memset(cluster(30), 0xe5, bytes);
	memset(cluster(31), 0xe5, bytes);
	reads = 0;
	wrong("ENDLESS\\x", "no end", "a folder without an end");
	put(root() + 64 + 26, 1, 2);
	wrong("EFI\\BOOT\\disk.img", "not in the volume's folders", "a folder that is no cluster");
	make(bits, 512, per, clusters);
	fill();
	fail_at = (u64)l.reserved * 512 + 20;
	CHECK(find("EFI\\BOOT\\disk.img"), "a table that cannot be read");
	fail_at = 0;
	wrong("x", "cannot be read", "a boot sector that cannot be read");
}

static void sector_lie(unsigned offset, u32 v, unsigned n, const char *name)
{
	make(16, 512, 4, 5000);
	fill();
	put(volume + offset, v, n);
	CHECK(find("EFI\\BOOT\\disk.img"), name);
}

static void test_boot_sector(void)
{
	sector_lie(510, 0, 2, "no mark");
	sector_lie(11, 0, 2, "sectors of nothing");
	sector_lie(11, 513, 2, "odd sectors");
	sector_lie(11, 8192, 2, "large sectors");
	sector_lie(13, 0, 1, "clusters of nothing");
	sector_lie(13, 3, 1, "odd clusters");
	sector_lie(14, 0, 2, "no reserved sectors");
	sector_lie(14, 0xffff, 2, "all reserved");
	sector_lie(16, 0, 1, "no table");
	sector_lie(22, 1, 2, "a table that is too short");
	sector_lie(22, 0, 2, "a table of no size");
	sector_lie(19, 0xffff, 2, "more than the device has");
	sector_lie(19, 50, 2, "less than the tables");
	make(16, 512, 4, 5000);
	f.size = 511;
	CHECK(find("x"), "a device of less than a sector");
}

/* In more pieces than there is room for. */
static void test_pieces(void)
{
	u32 n[EXTENTS + 3];

	make(16, 512, 1, 6000);
	for (unsigned k = 0; k < EXTENTS + 1; k++)
		n[k] = 100 + 2 * k;
	n[EXTENTS + 1] = 0;
	chain(n);
	entry(root(), "PIECES     ", 0x20, 100, (EXTENTS + 1) * 512);
	wrong("pieces", "too many pieces", "too many pieces");
	entry(root(), "PIECES     ", 0x20, 100, EXTENTS * 512);
	wrong("pieces", "longer", "a chain that is longer than its file");
	link_to(100 + 2 * (EXTENTS - 1), end_mark());
	CHECK(!find_and_check("pieces") && count == EXTENTS, "as many as there is room for");
	entry(root(), "PIECES     ", 0x20, 100, 0xffffffff);
	wrong("pieces", "larger than its volume", "a size that cannot be");
}

static void test_random(unsigned bits, u32 per, u32 clusters)
{
	srand(bits);
	for (unsigned round = 0; round < 400; round++) {
		make(bits, 512, per, clusters);
		fill();
		u8 *const where[] = { volume, volume + l.reserved * 512, root(), cluster(5),
				      cluster(6), cluster(25), cluster(6) + per * 512 - 32 };

		for (unsigned k = 0; k < 1u + (unsigned)rand() % 5; k++) {
			unsigned w = (unsigned)rand() % 7;

			where[w][rand() % (w == 6 ? 32 : w ? 160 : 64)] =
				(u8)(rand() % 4 ? rand() : 0xff);
		}
		if (find_and_check("EFI\\BOOT\\disk.img"))
			continue;
		for (unsigned k = 0; k < count; k++)
			CHECK(e[k].count && (e[k].start + e[k].count) * 512 <= f.size,
			      "within the volume");
	}
}

int main(void)
{
	test_good(12, 512, 2, 300);
	test_good(12, 512, 8, 4000);
	test_good(16, 512, 1, 6000);
	test_good(16, 2048, 1, 5000);
	test_good(32, 512, 1, 66000);
	test_lies(12, 2, 300);
	test_lies(16, 4, 5000);
	test_lies(32, 1, 66000);
	test_boot_sector();
	test_pieces();
	test_random(12, 2, 300);
	test_random(16, 1, 4500);
	return check_done();
}
