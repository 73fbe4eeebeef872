/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See fat.h. Invariants: a cluster's number is checked before it is used; each loop is bounded by
 * the number of clusters, of entries or of folders that the volume can have, whatever it says.
 */
#include "boot/fat.h"

#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"

enum { B_SECTOR = 11, B_PER_CLUSTER = 13, B_RESERVED = 14, B_FATS = 16, B_ROOT_ENTRIES = 17,
	B_TOTAL16 = 19, B_FAT16 = 22, B_TOTAL32 = 32, B_FAT32 = 36, B_FLAGS32 = 40, B_ROOT32 = 44,
	B_MAGIC = 510 };
enum { ENTRY = 32, E_ATTRIBUTES = 11, E_HIGH = 20, E_LOW = 26, E_SIZE = 28, E_FREE = 0xe5 };
enum { A_VOLUME = 8, A_FOLDER = 0x10, A_LONG = 0x0f };
enum { L_LAST = 0x40, L_SUM = 13, L_CHARS = 13, NAME_MAX = 255 };
enum { FOLDER_ENTRIES = 65536, FOLDERS = 4096, ENTRIES = 1 << 20, DEPTH = 16 };
#define SECTOR 512u

static const char unreadable[] = "the volume cannot be read";
static const char damaged[] = "the volume's FAT is damaged: a number of a cluster that is none";

static u32 get16(const u8 *p) { return p[0] | (u32)p[1] << 8; }
static u32 get32(const u8 *p) { return get16(p) | get16(p + 2) << 16; }

/* `size` bytes of the volume, by way of the window; NULL if they cannot be read. */
static const u8 *look(struct fat *f, u64 at, u32 size)
{
	u64 from = align_down(at, SECTOR), left;

	if (at >= f->window_at && at + size <= f->window_at + f->window_size)
		return f->window + (at - f->window_at);
	if (at >= f->size || size > f->size - at)
		return NULL;
	left = f->size - from;
	f->window_at = from;
	f->window_size = left < FAT_WINDOW ? (u32)left : FAT_WINDOW;
	if (!f->read(f->opaque, from, f->window, f->window_size))
		return f->window + (at - from);
	f->window_size = 0;
	return NULL;
}

/* -- The boot sector ------------------------------------------------------------ */

static bool is_power(u32 v, u32 least, u32 most)
{
	return v >= least && v <= most && !(v & (v - 1));
}

static const char *set_bits(struct fat *f, const u8 *b, u64 sectors, u32 sector)
{
	u32 fat = get16(b + B_FAT16) ? get16(b + B_FAT16) : get32(b + B_FAT32);
	u64 total = get16(b + B_TOTAL16) ? get16(b + B_TOTAL16) : get32(b + B_TOTAL32);
	u64 fats = (u64)b[B_FATS] * fat, before = get16(b + B_RESERVED) + fats;
	u64 root = (get16(b + B_ROOT_ENTRIES) * ENTRY + sector - 1) / sector;
	u64 clusters;

	if (!fat || !b[B_FATS] || !get16(b + B_RESERVED) || total > sectors ||
	    before + root >= total)
		return "the volume's boot sector contradicts itself";
	clusters = (total - before - root) / b[B_PER_CLUSTER];
	f->bits = clusters < 4085 ? 12 : clusters < 65525 ? 16 : 32;
	if (clusters > 0x0ffffff4 || (clusters + 2) * f->bits > (u64)fat * sector * 8 ||
	    (f->bits == 32) == (get16(b + B_FAT16) != 0))
		return "the volume's boot sector contradicts itself";
	f->clusters = (u32)clusters;
	f->table = (u64)get16(b + B_RESERVED) * sector;
	if (f->bits == 32 && b[B_FLAGS32] & 0x80)	/* not mirrored: one of them counts */
		f->table += (u64)(b[B_FLAGS32] & 15) * fat * sector;
	f->root = before * sector;
	f->root_size = get16(b + B_ROOT_ENTRIES) * ENTRY;
	f->root_first = get32(b + B_ROOT32);
	f->data = (before + root) * sector;
	return f->table >= f->root ? "the volume's boot sector contradicts itself" : NULL;
}

const char *fat_open(struct fat *f)
{
	const u8 *b;
	u32 sector;

	f->window_size = 0;
	b = look(f, 0, SECTOR);
	if (!b)
		return unreadable;
	sector = get16(b + B_SECTOR);
	if (b[B_MAGIC] != 0x55 || b[B_MAGIC + 1] != 0xaa || !is_power(sector, SECTOR, 4096) ||
	    !is_power(b[B_PER_CLUSTER], 1, 128))
		return "the volume is no FAT";
	f->cluster = sector * b[B_PER_CLUSTER];
	return set_bits(f, b, f->size / sector, sector);
}

/* -- Chains ---------------------------------------------------------------------- */

static bool is_cluster(const struct fat *f, u32 n) { return n >= 2 && n - 2 < f->clusters; }

static bool is_end(const struct fat *f, u32 n)
{
	return n >= (f->bits == 12 ? 0xff8u : f->bits == 16 ? 0xfff8u : 0x0ffffff8u);
}

/* What follows cluster n. Returns false if it cannot be read. */
static bool next_of(struct fat *f, u32 n, u32 *next)
{
	u64 at = f->table + (f->bits == 12 ? n + n / 2 : n * (u64)(f->bits / 8));
	const u8 *p = look(f, at, f->bits == 32 ? 4 : 2);

	if (!p)
		return false;
	if (f->bits == 12)
		*next = get16(p) >> (n & 1 ? 4 : 0) & 0xfff;
	else
		*next = f->bits == 16 ? get16(p) : get32(p) & 0x0fffffff;
	return true;
}

static u64 cluster_at(const struct fat *f, u32 n) { return f->data + (u64)(n - 2) * f->cluster; }

const char *fat_extents(struct fat *f, const struct fat_file *file, struct boot_extent *e,
			unsigned max, unsigned *count)
{
	u64 need = (file->size + f->cluster - 1) / f->cluster;
	u32 at = file->first, per = f->cluster / SECTOR;

	*count = 0;
	if (need > f->clusters)
		return "the file is larger than its volume";
	for (u64 k = 0; k < need; k++) {
		u64 start = cluster_at(f, at) / SECTOR;

		if (is_end(f, at))
			return "the file's chain of clusters is shorter than its size";
		if (!is_cluster(f, at))
			return damaged;
		if (*count && e[*count - 1].start + e[*count - 1].count == start) {
			e[*count - 1].count += per;
		} else if (*count == max) {
			return "the file is in too many pieces";
		} else {
			e[(*count)++] = (struct boot_extent){ start, per };
		}
		if (!next_of(f, at, &at))
			return unreadable;
	}
	if (need && !is_end(f, at))
		return "the file's chain of clusters goes round, or is longer than its size";
	return NULL;
}

/* -- Folders ---------------------------------------------------------------------- */

struct folder {			/* one that is being read */
	u32 first, at;		/* clusters; first 0: the fixed root */
	u32 offset;		/* in the cluster, or in the root */
	u32 entries;		/* read so far */
	u16 name[NAME_MAX + 1];	/* of the entry read last */
	u8 sum, left;		/* of a long name: its checksum, and parts to come */
	bool is_long;
};

static void folder_open(const struct fat *f, struct folder *d, u32 first)
{
	d->first = d->at = first ? first : f->bits == 32 ? f->root_first : 0;
	d->offset = d->entries = 0;
	d->is_long = false;
	d->left = 0;
}

/* The next 32 bytes, NULL after the last; *why is set if that was no end. */
static const u8 *folder_next(struct fat *f, struct folder *d, const char **why)
{
	u32 room = d->first ? f->cluster : f->root_size;
	const u8 *p;

	*why = NULL;
	if (d->offset == room) {
		if (!d->first)
			return NULL;
		if (!next_of(f, d->at, &d->at)) {
			*why = unreadable;
			return NULL;
		}
		if (is_end(f, d->at))
			return NULL;
		d->offset = 0;
	}
	if (d->first && !is_cluster(f, d->at)) {
		*why = damaged;
		return NULL;
	}
	if (d->entries++ == FOLDER_ENTRIES) {
		*why = "a folder of the volume has no end";
		return NULL;
	}
	p = look(f, (d->first ? cluster_at(f, d->at) : f->root) + d->offset, ENTRY);
	d->offset += ENTRY;
	if (!p)
		*why = unreadable;
	return p && *p ? p : NULL;
}

/* A part of a long name: they come last one first. */
static void take_long(struct folder *d, const u8 *p)
{
	static const u8 at[L_CHARS] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	unsigned n = p[0] & 0x3f, k;

	if (p[0] & L_LAST) {
		d->is_long = n >= 1 && n <= (NAME_MAX + L_CHARS - 1) / L_CHARS;
		d->left = (u8)n;
		d->sum = p[L_SUM];
		memset(d->name, 0, sizeof(d->name));
	}
	if (!d->is_long || n != d->left || p[L_SUM] != d->sum) {
		d->is_long = false;
		return;
	}
	d->left--;
	for (k = 0; k < L_CHARS; k++) {
		u32 c = get16(p + at[k]), to = (n - 1) * L_CHARS + k;

		if (to < NAME_MAX)
			d->name[to] = c == 0xffff ? 0 : (u16)c;
	}
}

/* "NAME    EXT" as NAME.EXT. */
static void take_short(struct folder *d, const u8 *p)
{
	unsigned n = 0;

	for (unsigned k = 0; k < 11; k++) {
		if (p[k] == ' ')
			continue;
		if (k >= 8 && (n == 0 || !memchr(d->name, '.', n * sizeof(u16))))
			d->name[n++] = '.';
		d->name[n++] = k == 0 && p[k] == 5 ? 0xe5 : p[k];
	}
	d->name[n] = 0;
}

static u8 sum_of(const u8 *p)
{
	u8 sum = 0;

	for (unsigned k = 0; k < 11; k++)
		sum = (u8)((sum >> 1 | sum << 7) + p[k]);
	return sum;
}

/* The next file or folder, its name in d->name; NULL after the last, or with *why. */
static const u8 *entry_next(struct fat *f, struct folder *d, const char **why)
{
	const u8 *p;

	while ((p = folder_next(f, d, why))) {
		if (p[0] == E_FREE) {
			d->is_long = false;
		} else if ((p[E_ATTRIBUTES] & 0x3f) == A_LONG) {
			take_long(d, p);
		} else if (p[E_ATTRIBUTES] & A_VOLUME) {
			d->is_long = false;
		} else {
			if (!d->is_long || d->left || sum_of(p) != d->sum)
				take_short(d, p);
			d->is_long = false;
			return p;
		}
	}
	return NULL;
}

static u16 upper(u16 c) { return c >= 'a' && c <= 'z' ? (u16)(c - 32) : c; }

/* Does the name stand at the beginning of the path? *rest: what follows it. */
static bool is_next(const u16 *name, const u16 *path, const u16 **rest)
{
	while (*name && upper(*name) == upper(*path))
		name++, path++;
	if (*name || (*path && *path != '\\'))
		return false;
	*rest = *path ? path + 1 : path;
	return true;
}

/* The file must also be found by its short name where it has a long one. */
static bool matches(struct folder *d, const u8 *p, const u16 *path, const u16 **rest)
{
	if (is_next(d->name, path, rest))
		return true;
	take_short(d, p);
	return is_next(d->name, path, rest);
}

const char *fat_find(struct fat *f, const u16 *path, struct fat_file *file)
{
	static struct folder d;
	u32 first = 0;

	while (*path == '\\')
		path++;
	for (unsigned depth = 0; depth < DEPTH; depth++) {
		const u16 *rest = path;
		const char *why;
		const u8 *p;

		folder_open(f, &d, first);
		do
			p = entry_next(f, &d, &why);
		while (p && !matches(&d, p, path, &rest));
		if (!p)
			return why ? why : "the file is not in the volume's folders";
		first = get16(p + E_LOW) | (f->bits == 32 ? get16(p + E_HIGH) << 16 : 0);
		if (!*rest) {
			*file = (struct fat_file){ first, get32(p + E_SIZE) };
			return p[E_ATTRIBUTES] & A_FOLDER ? "a folder, not a file" : NULL;
		}
		if (!(p[E_ATTRIBUTES] & A_FOLDER) || !is_cluster(f, first))
			return "the file is not in the volume's folders";
		path = rest;
	}
	return "the file is in too many folders";
}

/* -- Clusters of others -------------------------------------------------------------- */

static void sort(struct boot_extent *e, unsigned count)
{
	for (unsigned gap = count / 2; gap; gap /= 2)
		for (unsigned k = gap; k < count; k++) {
			struct boot_extent x = e[k];
			unsigned at = k;

			for (; at >= gap && e[at - gap].start > x.start; at -= gap)
				e[at] = e[at - gap];
			e[at] = x;
		}
}

/* Is cluster n in one of the sorted extents? */
static bool has(const struct fat *f, const struct boot_extent *e, unsigned count, u32 n)
{
	u64 sector = cluster_at(f, n) / SECTOR;
	unsigned low = 0, high = count;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (sector < e[mid].start)
			high = mid;
		else if (sector - e[mid].start >= e[mid].count)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

static const char shared[] = "another file has clusters of it, too";

/* In the table each of its clusters but the first is followed to exactly once. */
static const char *check_table(struct fat *f, const struct boot_extent *e, unsigned count)
{
	u64 links = 0, own = 0;

	for (unsigned k = 0; k < count; k++)
		own += e[k].count / (f->cluster / SECTOR);
	for (u32 n = 2; n - 2 < f->clusters; n++) {
		u32 next;

		if (!next_of(f, n, &next))
			return unreadable;
		if (is_cluster(f, next) && has(f, e, count, next))
			links++;
	}
	return own && links != own - 1 ? shared : NULL;
}

/* No other entry of any folder begins with one of them. Folders are a list: no recursion. */
static const char *check_folders(struct fat *f, const struct fat_file *file,
				 const struct boot_extent *e, unsigned count)
{
	static u32 list[FOLDERS];
	static struct folder d;
	unsigned folders = 1, owners = 0, entries = 0;

	list[0] = 0;
	for (unsigned k = 0; k < folders; k++) {
		const char *why;
		const u8 *p;

		folder_open(f, &d, list[k]);
		while ((p = entry_next(f, &d, &why))) {
			u32 first = get16(p + E_LOW) |
				    (f->bits == 32 ? get16(p + E_HIGH) << 16 : 0);

			if (++entries > ENTRIES)
				return "the volume has too many folders, or they go round";
			if (p[0] == '.' || !is_cluster(f, first))
				continue;
			if (first == file->first ? ++owners > 1 : has(f, e, count, first))
				return shared;
			if (!(p[E_ATTRIBUTES] & A_FOLDER))
				continue;
			if (folders == FOLDERS)
				return "the volume has too many folders, or they go round";
			list[folders++] = first;
		}
		if (why)
			return why;
	}
	return NULL;
}

const char *fat_check_shared(struct fat *f, const struct fat_file *file, struct boot_extent *e,
			     unsigned count)
{
	const char *why;

	sort(e, count);
	why = check_table(f, e, count);
	return why ? why : check_folders(f, file, e, count);
}
