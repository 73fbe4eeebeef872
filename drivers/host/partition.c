/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See partition.h. Invariants: one block is in memory at a time; each loop has a bound that the
 * table cannot raise.
 */
#include "drivers/host/partition.h"

#include <string.h>

#include "kernel/lib/err.h"

enum { MBR_ENTRIES = 0x1be, MBR_ENTRY = 16, MBR_MAGIC = 0x1fe };
enum { TYPE_NONE = 0, TYPE_GPT = 0xee, TYPE_ESP = 0xef };
enum { LOGICAL_FIRST = 5, LOGICAL_MAX = 124 };
enum {				/* of a GPT header (5.3.2) */
	G_SIZE = 12, G_CRC = 16, G_SELF = 24, G_ENTRIES = 72, G_COUNT = 80, G_ENTRY_SIZE = 84,
	G_ENTRIES_CRC = 88, G_HEADER_MIN = 92,
};
enum { ENTRY_FIRST = 32, ENTRY_LAST = 40, ENTRY_MIN = 128, ENTRY_MAX = 4096, COUNT_MAX = 4096 };

struct gpt {
	u64 entries;		/* their first block */
	u32 count, entry_size, crc;
};

static const u8 esp_guid[16] = {
	0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b,
};

static u32 get32(const u8 *p) { return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24; }
static u64 get64(const u8 *p) { return get32(p) | (u64)get32(p + 4) << 32; }

/* CRC-32 of ISO 3309, to be begun with ~0 and inverted at the end. */
static u32 crc32(u32 crc, const u8 *p, u32 size)
{
	while (size--) {
		crc ^= *p++;
		for (unsigned k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

static int fail(const char **why, const char *what)
{
	*why = what;
	return -ERR_INVAL;
}

static int read(const struct partition_disk *d, u64 block, u8 *to, const char **why)
{
	*why = "a block of the partition table cannot be read";
	return block < d->blocks ? d->read(d->opaque, block, to) : -ERR_INVAL;
}

/* -- GPT --------------------------------------------------------------------- */

/* The header in block `at`, if it is whole and says that it belongs there. */
static bool gpt_header(const struct partition_disk *d, u64 at, struct gpt *g)
{
	u8 b[PARTITION_BLOCK_MAX];
	const char *why;
	u32 size, crc;

	if (read(d, at, b, &why) || memcmp(b, "EFI PART", 8))
		return false;
	size = get32(b + G_SIZE);
	if (size < G_HEADER_MIN || size > d->block || get64(b + G_SELF) != at)
		return false;
	crc = get32(b + G_CRC);
	memset(b + G_CRC, 0, 4);
	if (~crc32(~0u, b, size) != crc)
		return false;
	*g = (struct gpt){
		.entries = get64(b + G_ENTRIES), .count = get32(b + G_COUNT),
		.entry_size = get32(b + G_ENTRY_SIZE), .crc = get32(b + G_ENTRIES_CRC),
	};
	return g->entry_size >= ENTRY_MIN && g->entry_size <= ENTRY_MAX &&
	       !(g->entry_size & (g->entry_size - 1)) && g->count && g->count <= COUNT_MAX;
}

/* Read all entries for their sum; number's first bytes go to `entry`. */
static bool gpt_entries(const struct partition_disk *d, const struct gpt *g, unsigned number,
			u8 entry[ENTRY_MIN])
{
	u8 b[PARTITION_BLOCK_MAX];
	u64 left = (u64)g->count * g->entry_size, want = (u64)(number - 1) * g->entry_size;
	const char *why;
	u32 crc = ~0u;

	for (u64 at = g->entries, done = 0; left; at++) {
		u32 n = left < d->block ? (u32)left : d->block;

		if (read(d, at, b, &why))
			return false;
		crc = crc32(crc, b, n);
		if (want >= done && want - done < n)	/* whole: sizes are powers of two */
			memcpy(entry, b + (want - done), ENTRY_MIN);
		done += n;
		left -= n;
	}
	return ~crc == g->crc;
}

static int gpt_find(const struct partition_disk *d, unsigned number, struct partition *p,
		    const char **why)
{
	static const u8 none[16];
	u8 entry[ENTRY_MIN] = { 0 };
	struct gpt g;
	u64 first, last;

	if ((!gpt_header(d, 1, &g) || !gpt_entries(d, &g, number, entry)) &&
	    (!gpt_header(d, d->blocks - 1, &g) || !gpt_entries(d, &g, number, entry)))
		return fail(why, "both copies of its GPT are damaged");
	if (number > g.count || !memcmp(entry, none, sizeof(none))) {
		*why = "there is no such partition";
		return -ERR_NOENT;
	}
	first = get64(entry + ENTRY_FIRST);
	last = get64(entry + ENTRY_LAST);
	if (!first || first > last || last >= d->blocks)
		return fail(why, "the partition is not within its disk");
	*p = (struct partition){ first, last - first + 1, !memcmp(entry, esp_guid, 16) };
	return 0;
}

/* -- MBR --------------------------------------------------------------------- */

struct entry { u8 type; u32 start, count; };

static bool is_extended(u8 type) { return type == 5 || type == 0xf || type == 0x85; }

/* Is it a table? A boot sector without one has code where the entries would be. */
static bool mbr_valid(const u8 *b)
{
	if (b[MBR_MAGIC] != 0x55 || b[MBR_MAGIC + 1] != 0xaa)
		return false;
	for (unsigned k = 0; k < 4; k++)
		if (b[MBR_ENTRIES + k * MBR_ENTRY] & 0x7f)
			return false;
	return true;
}

static struct entry mbr_entry(const u8 *b, unsigned k)
{
	const u8 *e = b + MBR_ENTRIES + k * MBR_ENTRY;

	return (struct entry){ e[4], get32(e + 8), get32(e + 12) };
}

static int mbr_take(const struct partition_disk *d, u64 base, struct entry e, struct partition *p,
		    const char **why)
{
	u64 start = base + e.start;

	if (e.type == TYPE_NONE || !e.count) {
		*why = "there is no such partition";
		return -ERR_NOENT;
	}
	if (!start || start >= d->blocks || e.count > d->blocks - start)
		return fail(why, "the partition is not within its disk");
	*p = (struct partition){ start, e.count, e.type == TYPE_ESP };
	return 0;
}

/* A logical partition: each has a table of itself and, as second entry, the next one's. */
static int mbr_logical(const struct partition_disk *d, u64 extended, unsigned number,
		       struct partition *p, const char **why)
{
	u8 b[PARTITION_BLOCK_MAX];
	u64 at = extended, seen[LOGICAL_MAX];

	for (unsigned n = LOGICAL_FIRST; n < LOGICAL_FIRST + LOGICAL_MAX; n++) {
		struct entry next;

		for (unsigned k = LOGICAL_FIRST; k < n; k++)
			if (seen[k - LOGICAL_FIRST] == at)
				return fail(why, "its chain of logical partitions goes round");
		seen[n - LOGICAL_FIRST] = at;
		if (read(d, at, b, why))
			return -ERR_IO;
		if (!mbr_valid(b))
			return fail(why, "its chain of logical partitions is damaged");
		if (n == number)
			return mbr_take(d, at, mbr_entry(b, 0), p, why);
		next = mbr_entry(b, 1);
		if (!is_extended(next.type) || !next.start)
			break;
		at = extended + next.start;
	}
	*why = "there is no such partition";
	return -ERR_NOENT;
}

int partition_find(const struct partition_disk *d, unsigned number, struct partition *p,
		   const char **why)
{
	u8 b[PARTITION_BLOCK_MAX];

	if (!number || d->block < 512 || d->block > PARTITION_BLOCK_MAX || !d->blocks)
		return fail(why, "there is no such partition");
	if (read(d, 0, b, why))
		return -ERR_IO;
	if (!mbr_valid(b))
		return fail(why, "it has no partition table");
	for (unsigned k = 0; k < 4; k++)
		if (mbr_entry(b, k).type == TYPE_GPT)
			return gpt_find(d, number, p, why);
	if (number < LOGICAL_FIRST)
		return is_extended(mbr_entry(b, number - 1).type) ?
		       fail(why, "an extended partition only holds others") :
		       mbr_take(d, 0, mbr_entry(b, number - 1), p, why);
	for (unsigned k = 0; k < 4; k++)
		if (is_extended(mbr_entry(b, k).type))
			return mbr_logical(d, mbr_entry(b, k).start, number, p, why);
	*why = "there is no such partition";
	return -ERR_NOENT;
}
