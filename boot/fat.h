/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a file lies on a FAT volume (Microsoft FAT specification 1.03; FAT12, 16 and 32, long
 * names). Reads only, trusts nothing. Pure but for the reads that it asks for, so natively tested.
 */
#ifndef BOOT_FAT_H
#define BOOT_FAT_H

#include "boot/boot_info.h"

enum { FAT_WINDOW = 16384 };

struct fat {
	/* Filled by the caller. */
	void *opaque;
	u64 size;		/* bytes of the volume's device */
	/* Read bytes of the volume; returns 0 or -ERR_IO. */
	int (*read)(void *opaque, u64 at, void *to, u32 size);

	/* fat.c's: all in bytes but counts and cluster numbers. */
	unsigned bits;		/* 12, 16 or 32 */
	u32 cluster;
	u32 clusters;		/* numbers 2 … clusters + 1 */
	u64 table, root, data;
	u32 root_size;		/* of the fixed one of FAT12 and 16 */
	u32 root_first;		/* cluster, FAT32 */
	u64 window_at;
	u32 window_size;
	u8 window[FAT_WINDOW];
};

struct fat_file { u32 first; u64 size; };

/* All return NULL, or what is wrong with the volume. */

/* Read the boot sector. */
const char *fat_open(struct fat *f);

/* Find a file by its path: UTF-16, backslashes, without regard to the case of ASCII letters. */
const char *fat_find(struct fat *f, const u16 *path, struct fat_file *file);

/*
 * Its extents, in sectors of 512 bytes of the volume, up to the last whole cluster: at most `max`,
 * their number in *count.
 */
const char *fat_extents(struct fat *f, const struct fat_file *file, struct boot_extent *e,
			unsigned max, unsigned *count);

/*
 * Does anybody else have one of its clusters? Looks at the whole table and at all folders. `e` is
 * as fat_extents left it, and is sorted by this.
 */
const char *fat_check_shared(struct fat *f, const struct fat_file *file, struct boot_extent *e,
			     unsigned count);

#endif
