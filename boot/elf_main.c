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

#include "boot/config.h"
#include "drivers/host/fw_cfg.h"
#include "drivers/host/power.h"
#include "kernel/arch.h"
#include "kernel/image.h"
#include "kernel/lib/bits.h"
#include "kernel/main.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

/* QEMU's LoongArch virt board (its include/hw/loongarch/virt.h). */
#define UART_BASE 0x1fe001e0
#define FW_CFG_BASE 0x1e020000
#define APPEND_MAX 512		/* bytes that QEMU gives -append */
#define FOLDER "opt/loam/"
#define CONFIG_FILE "loam.cfg"
#define PAGE 4096ull

static struct boot_info info;
static char config_text[64 * 1024];
static u32 config_size;

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

static __attribute__((noreturn)) void stop_config(const struct config_error *e)
{
	if (e->line)
		printk("Loam: %s:%u: %s\n", e->file, e->line, e->reason);
	else
		printk("Loam: %s: %s\n", e->file, e->reason);
	stop();
}

static void add_memory(u64 start, u64 size, enum boot_mem_kind kind)
{
	must(info.mem_count < BOOT_MEM_MAX);
	if (size)
		info.mem[info.mem_count++] = (struct boot_mem){ start, size, kind };
}

/* What lies below the image (QEMU's boot data and device tree) and the image itself are kept. */
static void add_ram(u64 start, u64 end)
{
	u64 image_end_page = align_up(ptr_phys(image_end).a, PAGE);

	if (start < image_end_page && end > image_end_page) {
		add_memory(start, image_end_page - start, BOOT_MEM_RESERVED);
		start = image_end_page;
	}
	add_memory(start, end - start, BOOT_MEM_FREE);
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
			add_ram(align_up(entry[k].start, PAGE),
				align_down(entry[k].start + entry[k].size, PAGE));
	if (!info.mem_count) {
		printk("Loam: the host's memory map has no RAM\n");
		stop();
	}
}

static void read_config(u64 append)
{
	static char options[APPEND_MAX + 1];
	struct config_error e;
	struct fw_cfg_file f;
	hpa_t base = hpa(FW_CFG_BASE);

	if (fw_cfg_find(base, FOLDER CONFIG_FILE, &f)) {
		printk("Loam: no fw_cfg file " FOLDER CONFIG_FILE " (-fw_cfg name=" FOLDER
		       CONFIG_FILE ",file=…)\n");
		stop();
	}
	if (f.size > sizeof(config_text) || fw_cfg_read(base, &f, config_text, f.size)) {
		printk("Loam: " CONFIG_FILE ": cannot be read (%u bytes, at most %u)\n", f.size,
		       (unsigned)sizeof(config_text));
		stop();
	}
	config_size = f.size;
	config_init(&info.config);
	if (config_parse(&info.config, CONFIG_FILE, config_text, config_size, &e))
		stop_config(&e);
	memcpy(options, phys_ptr(hpa(append)), APPEND_MAX);
	if (config_apply_all(&info.config, options, &e))
		stop_config(&e);
}

/* Take whole pages from the end of the last free region that has them; 0 if none has. */
static u64 take_memory(u64 size)
{
	u64 need = align_up(size, PAGE);

	for (unsigned k = info.mem_count; k-- > 0;) {
		struct boot_mem *m = &info.mem[k];

		if (m->kind != BOOT_MEM_FREE || m->size <= need)
			continue;
		m->size -= need;
		add_memory(m->start + m->size, need, BOOT_MEM_RESERVED);
		return m->start + m->size;
	}
	return 0;
}

static void read_file(struct boot_file *file, const char *key)
{
	char name[sizeof(FOLDER) + sizeof(file->name)];
	struct config_error e = { .file = CONFIG_FILE };
	struct fw_cfg_file f;
	hpa_t base = hpa(FW_CFG_BASE);
	const char *reason = NULL;

	sniprintf(name, sizeof(name), FOLDER "%s", file->name);
	if (fw_cfg_find(base, name, &f))
		reason = "the host's fw_cfg has no such file";
	else if (f.size == 0)
		reason = "the file is empty";
	else if (!(file->start = take_memory(f.size)))
		reason = "not enough memory for it";
	else if (fw_cfg_read(base, &f, phys_ptr(hpa(file->start)), f.size))
		reason = "it could not be read";
	if (reason) {
		e.line = config_line_of(config_text, config_size, key);
		sniprintf(e.reason, sizeof(e.reason), "%s = %s: %s", key, name, reason);
		stop_config(&e);
	}
	file->size = f.size;
}

static void read_files(void)
{
	struct boot_file *file;
	const char *key;

	for (unsigned k = 0; (file = config_file(&info.config, k, &key)); k++)
		if (file->name[0])
			read_file(file, key);
}

/* Called by entry.S with the host physical address of the -append text. */
__attribute__((noreturn)) void elf_main(u64 append);
void elf_main(u64 append)
{
	kernel_early(hpa(UART_BASE));
	info.uart = UART_BASE;
	info.fw_cfg = FW_CFG_BASE;
	if (fw_cfg_probe(hpa(FW_CFG_BASE))) {
		printk("Loam: no fw_cfg with DMA; this image boots directly under QEMU only\n");
		stop();
	}
	read_memory_map();
	read_config(append);
	read_files();
	kernel_main(&info);
}
