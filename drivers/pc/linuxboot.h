/* SPDX-License-Identifier: BSD-2-Clause */
/* A Linux kernel for QEMU's option ROM linuxboot_dma.bin, through fw_cfg. */
#ifndef DRIVERS_PC_LINUXBOOT_H
#define DRIVERS_PC_LINUXBOOT_H

#include "drivers/pc/fw_cfg.h"

/* Is it a bzImage that fits in RAM with its initrd? 0, or -ERR_INVAL with a message printed. */
int linuxboot_check(const void *kernel, u32 kernel_size, u32 initrd_size, u64 ram_below_4g);

/*
 * Offer a kernel that linuxboot_check() accepted, with initrd and command line. `kernel`,
 * `initrd` and `cmdline` must outlive the device.
 */
void linuxboot_add(struct fw_cfg *f, const void *kernel, u32 kernel_size, const void *initrd,
		   u32 initrd_size, const char *cmdline, u64 ram_below_4g);

/* The option ROM that copies and starts what linuxboot_add has prepared. */
extern const char linuxboot_rom[], linuxboot_rom_end[];

#endif
