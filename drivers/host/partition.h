/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition tables: GPT (UEFI 2.10, 5.3) and the MBR's with extended partitions. Reads only, trusts
 * nothing: a table that contradicts itself or its disk is an error, never a guess.
 */
#ifndef DRIVERS_HOST_PARTITION_H
#define DRIVERS_HOST_PARTITION_H

#include "kernel/lib/types.h"

struct partition_disk {
	void *opaque;
	u64 blocks;		/* of the device */
	u32 block;		/* their bytes, 512 to PARTITION_BLOCK_MAX */
	/* Read one block. Returns 0 or -ERR_IO. */
	int (*read)(void *opaque, u64 block, void *to);
};

enum { PARTITION_BLOCK_MAX = 4096 };

struct partition {
	u64 start, count;	/* blocks; within the disk */
	bool esp;		/* an EFI system partition */
};

/*
 * Partition `number` as Linux counts: from 1, logical ones from 5. Returns 0, or -ERR_x and the
 * reason in *why.
 */
int partition_find(const struct partition_disk *d, unsigned number, struct partition *p,
		   const char **why);

#endif
