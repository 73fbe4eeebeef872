/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Direct boot, without EFI firmware: makes boot_info from what the host's direct.c finds (fw_cfg,
 * LEFI's boot parameters); load options override keys of loam.cfg. Invariant: whatever is wrong
 * ends in one message and a power off, before kernel_main.
 */
#include "boot/boot_info.h"

#include <string.h>

#include "boot/direct.h"
#include "boot/host_board.h"
#include "boot/hostcpu.h"
#include "boot/load.h"
#include "dbt/sys/cpuid.h"
#include "drivers/host/power.h"
#include "kernel/arch.h"
#include "kernel/image.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/machine/console.h"
#include "kernel/machine/main.h"
#include "kernel/printk.h"

static struct boot_info info;	/* filled by the boot core before the others run */
static struct memory_map map;

static __attribute__((noreturn)) void stop(void)
{
	printk("Loam: power off\n");
	power_off(1);
}

/* What lies below the image (an emulator's boot data) and the image itself are kept. */
static void add_ram(u64 start, u64 end)
{
	u64 image_end_page = align_up(ptr_phys(image_end).a, BOOT_PAGE);

	if (start < image_end_page && end > image_end_page) {
		memory_add(&map, start, image_end_page - start, BOOT_MEM_RESERVED);
		start = image_end_page;
	}
	memory_add(&map, start, end - start, BOOT_MEM_FREE);
}

static void keep(u64 start, u64 size)
{
	u64 from = align_down(start, BOOT_PAGE), to = align_up(start + size, BOOT_PAGE);

	if (memory_reserve(&map, from, to - from, BOOT_MEM_RESERVED)) {
		printk("Loam: what was loaded at %#lx (%lu bytes) is not in free memory\n", start,
		       size);
		stop();
	}
}

static void read_memory_map(void)
{
	const char *wrong = direct_memory(add_ram);

	if (!wrong && !map.count)
		wrong = "the host's memory map has no RAM";
	if (wrong) {
		printk("Loam: %s\n", wrong);
		stop();
	}
	direct_reserve(keep);
}

/* -- What boot/load.c asks for -- */

static void source_close(void) { }

static void source_maps(struct memory_map *now, struct memory_map *later) { *now = *later = map; }

static int source_claim(u64 start, u64 size)
{
	return memory_reserve(&map, start, size, BOOT_MEM_RESERVED) ? -ERR_NOMEM : 0;
}

static void *source_pointer(u64 start) { return phys_ptr(hpa(start)); }

static void source_print(const char *text) { printk_text(text, strlen(text)); }

static int check_cpu_model(const char *text, char *reason, struct check_cpu *out)
{
	struct cpu_model model;
	int rc = cpuid_configure(&model, text, reason);

	*out = (struct check_cpu){ 0 };
	if (!rc)
		*out = (struct check_cpu){ cpuid_reach(&model), cpuid_long_mode(&model) };
	return rc;
}

static void load(const char *options)
{
	const struct load_source source = {
		direct_where, direct_open, direct_read, source_close,
		source_maps, source_claim, source_pointer,
		NULL, NULL, source_print, check_cpu_model, info.core_count ? info.core_count : 1,
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

/* Called by entry.S with the arguments that it was started with. */
__attribute__((noreturn)) void elf_main(u64 a0, u64 a1, u64 a2, u64 a3);
void elf_main(u64 a0, u64 a1, u64 a2, u64 a3)
{
	const u64 args[DIRECT_ARGS] = { a0, a1, a2, a3 };
	const char *lacks;

	kernel_early(hpa(BOARD_UART));
	info.uart = BOARD_UART;
	if ((lacks = hostcpu_lacks())) {
		printk("Loam: this CPU lacks what Loam needs: %s\n", lacks);
		stop();
	}
	if ((lacks = direct_find(args, &info))) {
		printk("Loam: %s\n", lacks);
		stop();
	}
	read_memory_map();
	load(direct_options());
	memcpy(info.mem, map.mem, sizeof(info.mem));
	info.mem_count = map.count;
	kernel_main(&info);
}
