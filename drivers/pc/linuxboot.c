/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loader's part of the Linux/x86 boot protocol (Documentation/arch/x86/boot.rst): fills
 * the set-up header, chooses addresses, and gives all of it to the option ROM by fw_cfg.
 * The ROM copies and jumps; nothing here touches guest memory.
 * Invariant: no offset of the image is used before the image's size was checked for it.
 */
#include "drivers/pc/linuxboot.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

enum { HDR_SETUP_SECTS = 0x1f1, HDR_MAGIC = 0x202, HDR_VERSION = 0x206, HDR_LOADER = 0x210,
	HDR_FLAGS = 0x211, HDR_INITRD = 0x218, HDR_INITRD_SIZE = 0x21c, HDR_HEAP_END = 0x224,
	HDR_CMDLINE = 0x228, HDR_INITRD_MAX = 0x22c, HDR_END = 0x230, HDR_BOOT = 0x1fe };
enum { LOADED_HIGH = 0x01, CAN_USE_HEAP = 0x80, LOADER_UNKNOWN = 0xff };
enum { SETUP_ADDR = 0x10000, CMDLINE_ADDR = 0x20000, KERNEL_ADDR = 0x100000, PAGE = 4096 };
enum { ACPI_SLACK = 0x40000 };	/* SeaBIOS keeps its tables at the top of low RAM */

static u32 get32(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

static void put32(u8 *p, u32 v)
{
	for (unsigned k = 0; k < 4; k++)
		p[k] = (u8)(v >> 8 * k);
}

static int refuse(const char *why)
{
	printk("linuxboot: kernel refused: %s\n", why);
	return -ERR_INVAL;
}

/* Size of the real-mode part in bytes, or -ERR_INVAL. */
static int setup_size(const u8 *k, u32 size)
{
	if (size < HDR_END || k[HDR_BOOT] != 0x55 || k[HDR_BOOT + 1] != 0xaa)
		return refuse("no boot sector signature");
	if (memcmp(k + HDR_MAGIC, "HdrS", 4))
		return refuse("no set-up header (a bzImage is needed)");
	if (k[HDR_VERSION] + (k[HDR_VERSION + 1] << 8) < 0x203 || !(k[HDR_FLAGS] & LOADED_HIGH))
		return refuse("boot protocol older than 2.03, or not loaded high");
	u32 n = ((k[HDR_SETUP_SECTS] ? k[HDR_SETUP_SECTS] : 4) + 1u) * 512;
	if (n >= size)
		return refuse("shorter than its set-up code");
	return (int)n;
}

/* The initrd as high as kernel and RAM allow; 0 if it does not fit. */
static u32 initrd_addr(const u8 *k, u32 kernel_size, u32 initrd_size, u64 ram)
{
	u64 top = (u64)get32(k + HDR_INITRD_MAX) + 1;

	if (top > ram - ACPI_SLACK)
		top = ram - ACPI_SLACK;
	u64 at = top > initrd_size ? align_down(top - initrd_size, PAGE) : 0;
	return at < KERNEL_ADDR + (u64)kernel_size ? 0 : (u32)at;
}

static void add(struct fw_cfg *f, u16 addr_key, u32 addr, u16 size_key, u16 data_key,
		const void *data, u32 size)
{
	fwcfg_add_key_int(f, addr_key, addr, 4);
	fwcfg_add_key_int(f, size_key, size, 4);
	fwcfg_add_key(f, data_key, data, size);
}

int linuxboot_check(const void *kernel, u32 kernel_size, u32 initrd_size, u64 ram_below_4g)
{
	int n = setup_size(kernel, kernel_size);

	if (n < 0)
		return n;
	if (ram_below_4g < 16 << 20)
		return refuse("less than 16 MiB of RAM");
	if (initrd_size && !initrd_addr(kernel, kernel_size, initrd_size, ram_below_4g))
		return refuse("the initrd does not fit in RAM");
	return 0;
}

void linuxboot_add(struct fw_cfg *f, const void *kernel, u32 kernel_size, const void *initrd,
		   u32 initrd_size, const char *cmdline, u64 ram_below_4g)
{
	const u8 *k = kernel;
	int n = setup_size(k, kernel_size);
	u32 at = 0, room = SETUP_ADDR;

	must(n > 0);
	if (initrd_size)
		at = initrd_addr(k, kernel_size, initrd_size, ram_below_4g);
	u8 *setup = malloc((size_t)n);
	must(setup);
	memcpy(setup, k, (size_t)n);
	setup[HDR_LOADER] = LOADER_UNKNOWN;
	setup[HDR_FLAGS] |= CAN_USE_HEAP;
	room -= 0x200;			/* heap end is counted from offset 0x200 (§ boot.rst) */
	setup[HDR_HEAP_END] = (u8)room;
	setup[HDR_HEAP_END + 1] = (u8)(room >> 8);
	put32(setup + HDR_INITRD, at);
	put32(setup + HDR_INITRD_SIZE, initrd_size);
	put32(setup + HDR_CMDLINE, CMDLINE_ADDR);
	add(f, FWCFG_SETUP_ADDR, SETUP_ADDR, FWCFG_SETUP_SIZE, FWCFG_SETUP_DATA, setup, (u32)n);
	add(f, FWCFG_KERNEL_ADDR, KERNEL_ADDR, FWCFG_KERNEL_SIZE, FWCFG_KERNEL_DATA, k + n,
	    kernel_size - (u32)n);
	add(f, FWCFG_INITRD_ADDR, at, FWCFG_INITRD_SIZE, FWCFG_INITRD_DATA, initrd, initrd_size);
	add(f, FWCFG_CMDLINE_ADDR, CMDLINE_ADDR, FWCFG_CMDLINE_SIZE, FWCFG_CMDLINE_DATA,
	    cmdline ? cmdline : "", (u32)strlen(cmdline ? cmdline : "") + 1);
}
