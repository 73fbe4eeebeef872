/* SPDX-License-Identifier: BSD-2-Clause */
/* A block end over a file that was read at boot. Writes stay in RAM and are lost at power off. */
#ifndef DRIVERS_HOST_RAMDISK_H
#define DRIVERS_HOST_RAMDISK_H

#include "boot/boot_info.h"
#include "drivers/ends.h"

struct ramdisk {
	u8 *data;
	u64 sectors;
	bool readonly;
};

/* Serve `file`; a rest of less than a 512-byte sector is not served. d and file must stay. */
struct blockdev ramdisk_end(struct ramdisk *d, const struct boot_file *file);

#endif
