/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads files from the fw_cfg of the QEMU that is Loam's host (QEMU docs/specs/fw_cfg).
 * Not the guest's fw_cfg: that is drivers/pc/fw_cfg. Used by the direct boot path only.
 */
#ifndef DRIVERS_HOST_FW_CFG_H
#define DRIVERS_HOST_FW_CFG_H

#include "kernel/lib/types.h"

struct fw_cfg_file {
	u16 select;
	u32 size;		/* bytes */
};

/* Is there a fw_cfg with DMA at this host physical address? Returns 0 or -ERR_NOENT. */
int fw_cfg_probe(hpa_t base);

/* Find a file by its whole name. Returns 0, or -ERR_NOENT, or -ERR_IO. */
int fw_cfg_find(hpa_t base, const char *name, struct fw_cfg_file *file);

/* Copy `size` bytes from the start of a file to buf, which lies in a window. 0 or -ERR_IO. */
int fw_cfg_read(hpa_t base, const struct fw_cfg_file *file, void *buf, u32 size);

/*
 * The next `size` bytes after what was read last, with nothing else read in between. 0 or -ERR_IO.
 */
int fw_cfg_read_next(hpa_t base, void *buf, u32 size);

#endif
