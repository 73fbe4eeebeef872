/* SPDX-License-Identifier: BSD-2-Clause */
/* The RAM disk. Invariant: no access leaves the file's whole sectors, whatever the caller asks. */
#include "drivers/host/ramdisk.h"

#include <string.h>

#include "kernel/arch.h"
#include "kernel/lib/err.h"

#define SECTOR 512
#define STEP 2048u		/* sectors that are zeroed at once */

static bool in_range(const struct ramdisk *d, u64 lba, u32 count)
{
	return lba <= d->sectors && count <= d->sectors - lba;
}

/* Every request is over when this returns; a flush has nothing to do. */
static int submit(void *opaque, struct block_request *r)
{
	struct ramdisk *d = opaque;

	if (r->op == BLOCK_FLUSH)
		return 0;
	if (!in_range(d, r->lba, r->count))
		return -ERR_RANGE;
	if (r->op == BLOCK_READ)
		block_put(r, 0, d->data + r->lba * SECTOR, (u64)r->count * SECTOR);
	else if (d->readonly)
		return -ERR_INVAL;
	else if (r->op != BLOCK_WRITE)		/* what is discarded is zero, too */
		memset(d->data + r->lba * SECTOR, 0, (u64)r->count * SECTOR);
	else
		block_get(r, 0, d->data + r->lba * SECTOR, (u64)r->count * SECTOR);
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
		.step = STEP, .submit = submit,
	};
}
