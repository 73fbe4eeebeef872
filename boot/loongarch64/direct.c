/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Direct boot under QEMU's -kernel on LoongArch64: all comes from fw_cfg. The configuration is file
 * opt/loam/loam.cfg, a file named in it opt/loam/<name>; the second argument is the address of the
 * -append text. Not for real boards.
 */
#include "boot/direct.h"

#include <stdio.h>
#include <string.h>

#include "boot/host_board.h"
#include "drivers/host/fw_cfg.h"
#include "kernel/arch.h"
#include "kernel/lib/err.h"

#define APPEND_MAX 512		/* bytes that QEMU gives -append */
#define FOLDER "opt/loam/"
#define KEY_CORES 5		/* QEMU's docs/specs/fw_cfg.rst: how many, 16 bits */

const char direct_where[] = " in fw_cfg folder " FOLDER;

static char options[APPEND_MAX + 1];
static struct fw_cfg_file open_file;
static bool is_begun;		/* a part of open_file was read */

struct memmap_entry {		/* of fw_cfg file etc/memmap, little-endian */
	u64 start, size;
	u32 type;		/* 1 = RAM */
	u32 reserved;
};

/* They are numbered from 0, as long as all sit on one socket. */
static void find_cores(struct boot_info *info)
{
	const struct fw_cfg_file f = { .select = KEY_CORES, .size = sizeof(u16) };
	u16 n;

	if (fw_cfg_read(hpa(BOARD_FW_CFG), &f, &n, sizeof(n)))
		return;
	info->core_count = n < BOOT_CORES_MAX ? n : BOOT_CORES_MAX;
	for (u32 k = 0; k < info->core_count; k++)
		info->core[k] = (u16)k;
}

const char *direct_find(const u64 args[DIRECT_ARGS], struct boot_info *info)
{
	if (fw_cfg_probe(hpa(BOARD_FW_CFG)))
		return "no fw_cfg with DMA; this image boots directly under QEMU only";
	info->fw_cfg = BOARD_FW_CFG;
	find_cores(info);
	memcpy(options, phys_ptr(hpa(args[1])), APPEND_MAX);
	return NULL;
}

const char *direct_memory(void (*add)(u64 start, u64 end))
{
	struct memmap_entry entry[16];
	struct fw_cfg_file f;
	hpa_t base = hpa(BOARD_FW_CFG);

	if (fw_cfg_find(base, "etc/memmap", &f) || f.size > sizeof(entry) ||
	    fw_cfg_read(base, &f, entry, f.size))
		return "the host's fw_cfg has no usable etc/memmap";
	for (unsigned k = 0; k < f.size / sizeof(entry[0]); k++)
		if (entry[k].type == 1)
			add(entry[k].start, entry[k].start + entry[k].size);
	return NULL;
}

/* fw_cfg's files are the host's, not in memory. */
void direct_reserve(void (*keep)(u64 start, u64 size)) { (void)keep; }

const char *direct_options(void) { return options; }

int direct_open(const char *name, u64 *size)
{
	char path[sizeof(FOLDER) + sizeof(((struct boot_file *)0)->name)];
	int rc;

	sniprintf(path, sizeof(path), FOLDER "%s", name);
	rc = fw_cfg_find(hpa(BOARD_FW_CFG), path, &open_file);
	*size = open_file.size;
	is_begun = false;
	return rc;
}

int direct_read(void *to, u64 size)
{
	hpa_t base = hpa(BOARD_FW_CFG);

	if (is_begun)
		return fw_cfg_read_next(base, to, (u32)size);
	is_begun = true;
	return fw_cfg_read(base, &open_file, to, (u32)size);
}
