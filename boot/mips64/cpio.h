/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds a file in a cpio archive of the "newc" form (magic 070701). Pure: bytes in, place out. */
#ifndef BOOT_MIPS64_CPIO_H
#define BOOT_MIPS64_CPIO_H

#include "kernel/lib/types.h"

/* The file of this name: 0 with *data and *size, -ERR_NOENT, or -ERR_INVAL for no archive. */
int cpio_find(const u8 *archive, u64 archive_size, const char *name, const u8 **data, u64 *size);

#endif
