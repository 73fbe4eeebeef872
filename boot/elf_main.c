/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Direct boot under QEMU's -kernel, without firmware: makes boot_info from fw_cfg. The
 * configuration is fw_cfg file opt/loam/loam.cfg, a file named in it is opt/loam/<name>, and
 * -append overrides keys. Not for real boards. Invariant: whatever is wrong ends in one message
 * and a power off, before kernel_main.
 */
#include "boot/boot_info.h"

#include <stdio.h>
#include <string.h>

#include "boot/hostcpu.h"
#include "boot/load.h"
#include "dbt/sys/cpuid.h"
#include "drivers/host/fw_cfg.h"
#include "drivers/host/power.h"
#include "kernel/arch.h"
#include "kernel/image.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/machine/main.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

/* QEMU's LoongArch virt board (its include/hw/loongarch/virt.h). */
#define UART_BASE 0x1fe001e0
#define FW_CFG_BASE 0x1e020000
#define APPEND_MAX 512		/* bytes that QEMU gives -append */
#define FOLDER "opt/loam/"

static struct boot_info info;
static struct memory_map map;
static struct fw_cfg_file open_file;
static bool is_begun;		/* a part of open_file was read */

struct memmap_entry {		/* of fw_cfg file etc/memmap, little-endian */
	u64 start, size;
	u32 type;		/* 1 = RAM */
	u32 reserved;
};

static __attribute__((noreturn)) void stop(void)
{
	printk("Loam: power off\n");
	power_off(1);
}

/* What lies below the image (QEMU's boot data and device tree) and the image itself are kept. */
static void add_ram(u64 start, u64 end)
{
	u64 image_end_page = align_up(ptr_phys(image_end).a, BOOT_PAGE);

	if (start < image_end_page && end > image_end_page) {
		memory_add(&map, start, image_end_page - start, BOOT_MEM_RESERVED);
		start = image_end_page;
	}
	memory_add(&map, start, end - start, BOOT_MEM_FREE);
}

static void read_memory_map(void)
{
	struct memmap_entry entry[16];
	struct fw_cfg_file f;
	hpa_t base = hpa(FW_CFG_BASE);

	if (fw_cfg_find(base, "etc/memmap", &f) || f.size > sizeof(entry) ||
	    fw_cfg_read(base, &f, entry, f.size)) {
		printk("Loam: the host's fw_cfg has no usable etc/memmap\n");
		stop();
	}
	for (unsigned k = 0; k < f.size / sizeof(entry[0]); k++)
		if (entry[k].type == 1)
			add_ram(entry[k].start, entry[k].start + entry[k].size);
	if (!map.count) {
		printk("Loam: the host's memory map has no RAM\n");
		stop();
	}
}

/* -- What boot/load.c asks for -- */

static int source_open(const char *name, u64 *size)
{
	char path[sizeof(FOLDER) + sizeof(((struct boot_file *)0)->name)];
	int rc;

	sniprintf(path, sizeof(path), FOLDER "%s", name);
	rc = fw_cfg_find(hpa(FW_CFG_BASE), path, &open_file);
	*size = open_file.size;
	is_begun = false;
	return rc;
}

static int source_read(void *to, u64 size)
{
	hpa_t base = hpa(FW_CFG_BASE);

	if (is_begun)
		return fw_cfg_read_next(base, to, (u32)size);
	is_begun = true;
	return fw_cfg_read(base, &open_file, to, (u32)size);
}

static void source_close(void) { }

static void source_maps(struct memory_map *now, struct memory_map *later) { *now = *later = map; }

static int source_claim(u64 start, u64 size)
{
	return memory_reserve(&map, start, size, BOOT_MEM_RESERVED) ? -ERR_NOMEM : 0;
}

static void *source_pointer(u64 start) { return phys_ptr(hpa(start)); }

static void source_print(const char *text) { printk_text(text, strlen(text)); }

static int check_cpu_model(const char *text, char *reason)
{
	struct cpu_model model;

	return cpuid_configure(&model, text, reason);
}

static void load(const char *options)
{
	static const struct load_source source = {
		" in fw_cfg folder " FOLDER, source_open, source_read, source_close,
		source_maps, source_claim, source_pointer,
		source_print, check_cpu_model,
	};
	struct config_error e;

	if (!load_all(&source, options, &info.config, &e))
		return;
	if (e.line)
		printk("Loam: %s:%u: %s\n", e.file, e.line, e.reason);
	else
		printk("Loam: %s: %s\n", e.file, e.reason);
	stop();
}

/* Called by entry.S with the host physical address of the -append text. */
__attribute__((noreturn)) void elf_main(u64 append);
void elf_main(u64 append)
{
	static char options[APPEND_MAX + 1];
	const char *lacks;

	kernel_early(hpa(UART_BASE));
	info.uart = UART_BASE;
	info.fw_cfg = FW_CFG_BASE;
	if ((lacks = hostcpu_lacks())) {
		printk("Loam: this CPU lacks what Loam needs: %s\n", lacks);
		stop();
	}
	if (fw_cfg_probe(hpa(FW_CFG_BASE))) {
		printk("Loam: no fw_cfg with DMA; this image boots directly under QEMU only\n");
		stop();
	}
	memcpy(options, phys_ptr(hpa(append)), APPEND_MAX);
	read_memory_map();
	load(options);
	memcpy(info.mem, map.mem, sizeof(info.mem));
	info.mem_count = map.count;
	kernel_main(&info);
}
