/* SPDX-License-Identifier: BSD-2-Clause */
/* fw_cfg: what the board tells the firmware (QEMU's interface, docs/specs/fw_cfg). */
#ifndef DRIVERS_PC_FW_CFG_H
#define DRIVERS_PC_FW_CFG_H

#include "mm/bus.h"

enum {				/* items with a fixed key */
	FWCFG_SIGNATURE = 0x00, FWCFG_ID = 0x01, FWCFG_UUID = 0x02, FWCFG_RAM_SIZE = 0x03,
	FWCFG_NOGRAPHIC = 0x04, FWCFG_NB_CPUS = 0x05, FWCFG_KERNEL_ADDR = 0x07,
	FWCFG_KERNEL_SIZE = 0x08, FWCFG_INITRD_ADDR = 0x0a, FWCFG_INITRD_SIZE = 0x0b,
	FWCFG_BOOT_MENU = 0x0e, FWCFG_MAX_CPUS = 0x0f, FWCFG_KERNEL_ENTRY = 0x10,
	FWCFG_KERNEL_DATA = 0x11, FWCFG_INITRD_DATA = 0x12, FWCFG_CMDLINE_ADDR = 0x13,
	FWCFG_CMDLINE_SIZE = 0x14, FWCFG_CMDLINE_DATA = 0x15, FWCFG_SETUP_ADDR = 0x16,
	FWCFG_SETUP_SIZE = 0x17, FWCFG_SETUP_DATA = 0x18, FWCFG_FILE_DIR = 0x19,
	FWCFG_FILE_FIRST = 0x20, FWCFG_IRQ0_OVERRIDE = 0x8002,
};

struct fw_cfg;

struct fw_cfg *fwcfg_create(struct bus *bus);
void fwcfg_reset(struct fw_cfg *f);

/*
 * `data` is not copied and must outlive the device. Files appear in the order of their
 * adding. Names longer than 55 characters, or too many items, are our bug and panic.
 */
void fwcfg_add_key(struct fw_cfg *f, u16 key, const void *data, u32 size);
void fwcfg_add_file(struct fw_cfg *f, const char *name, const void *data, u32 size);

/*
 * Call fn each time the guest selects the file `name` (added before), before it reads: what it
 * finds may be made to follow the chipset. fn runs under the device's lock.
 */
void fwcfg_on_select(struct fw_cfg *f, const char *name, void (*fn)(void *opaque), void *opaque);

/* Little-endian numbers of `size` 1…8 bytes, copied. */
void fwcfg_add_key_int(struct fw_cfg *f, u16 key, u64 value, unsigned size);
void fwcfg_add_file_int(struct fw_cfg *f, const char *name, u64 value, unsigned size);

#endif
