/* SPDX-License-Identifier: BSD-2-Clause */
/* The RAM disk. Invariant: no access leaves the file's whole sectors, whatever the caller asks. */
#include "drivers/host/ramdisk.h"

#include <string.h>

#include "kernel/arch.h"
#include "kernel/lib/err.h"

#define SECTOR 512

static bool in_range(const struct ramdisk *d, u64 lba, u32 count)
{
	return lba <= d->sectors && count <= d->sectors - lba;
}

static int read(void *opaque, u64 lba, u32 count, void *buf)
{
	struct ramdisk *d = opaque;

	if (!in_range(d, lba, count))
		return -ERR_RANGE;
	memcpy(buf, d->data + lba * SECTOR, (u64)count * SECTOR);
	return 0;
}

static int write(void *opaque, u64 lba, u32 count, const void *buf)
{
	struct ramdisk *d = opaque;

	if (d->readonly)
		return -ERR_INVAL;
	if (!in_range(d, lba, count))
		return -ERR_RANGE;
	memcpy(d->data + lba * SECTOR, buf, (u64)count * SECTOR);
	return 0;
}

struct blockdev ramdisk_end(struct ramdisk *d, const struct boot_file *file)
{
	*d = (struct ramdisk){
		.data = phys_ptr(hpa(file->start)), .sectors = file->size / SECTOR,
		.readonly = file->readonly,
	};
	return (struct blockdev){
		.opaque = d, .sectors = d->sectors, .readonly = d->readonly, .name = file->name,
		.read = read, .write = write,
	};
}
