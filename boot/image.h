/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header at the start of the kernel image, for a loader that carries the image
 * as flat bytes (objcopy -O binary of loam.elf): where to put it and how to start it.
 *
 *	+0	branch to the direct ELF entry
 *	+8	IMAGE_MAGIC
 *	+16	load address, host physical
 *	+24	bytes from there that the image needs, its zeroed part included
 *	+32	bytes in the file
 *	+40	entry, host physical: a0 = host physical address of a struct boot_info below
 *		2^48; interrupts off; any mapping in which this address executes
 */
#ifndef BOOT_IMAGE_H
#define BOOT_IMAGE_H

#define IMAGE_MAGIC 0x31676d496d616f4c	/* "LoamImg1" */

#ifndef __ASSEMBLER__
#include "kernel/lib/types.h"

struct image_header {
	u64 branch;
	u64 magic;
	u64 load;
	u64 memory_size;
	u64 file_size;
	u64 entry;
};
#endif
#endif
