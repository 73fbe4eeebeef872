/* SPDX-License-Identifier: BSD-2-Clause */
/* A Linux kernel for QEMU's option ROM linuxboot_dma.bin, through fw_cfg. */
#ifndef DRIVERS_PC_LINUXBOOT_H
#define DRIVERS_PC_LINUXBOOT_H

#include "drivers/pc/fw_cfg.h"

/*
 * Check the bzImage and offer it with initrd and command line. `kernel`, `initrd` and
 * `cmdline` must outlive the device. Returns 0, or -ERR_INVAL with a message printed.
 */
int linuxboot_add(struct fw_cfg *f, const void *kernel, u32 kernel_size, const void *initrd,
		  u32 initrd_size, const char *cmdline, u64 ram_below_4g);

/* The option ROM that copies and starts what linuxboot_add has prepared. */
extern const char linuxboot_rom[], linuxboot_rom_end[];

#endif
