/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the boot configuration to a running PC: guest memory, devices, CPU, in order. What joins
 * them is in join.c; no policy of its own.
 */
#include "kernel/machine/guest.h"

#include "boot/demand.h"
#include "drivers/host/random.h"
#include "drivers/host/rtc.h"
#include "kernel/arch.h"
#include "kernel/cpu.h"
#include "kernel/machine/cores.h"
#include "kernel/machine/main.h"
#include "kernel/panic.h"
#include "kernel/phys.h"
#include "kernel/printk.h"
#include "mm/frame.h"
#include "mm/gpa.h"
#include "mm/page.h"

#include <stdlib.h>
#include <string.h>

#define MIB (1024ull * 1024)
#define HEARTBEAT_NS 20000000ull
#define LOW_RAM_MAX DEMAND_RAM_LOW

void *guest_pages(u64 size, u64 align, u64 limit, const char *what)
{
	hpa_t run = page_alloc_run((size + PAGE_SIZE - 1) / PAGE_SIZE, align, limit);

	if (!run.a)
		panic("not enough memory for %s (%lu KiB)", what, size / 1024);
	return phys_to_ptr(run);
}

/* The guest's RAM, zeroed: one run if there is one, else a run for each GiB (boot/memory.c). */
static void ram_init(u64 size, void **pieces)
{
	hpa_t run = page_alloc_run(size / PAGE_SIZE, DEMAND_RAM_ALIGN, PAGE_ANYWHERE);
	u64 piece = DEMAND_RAM_PIECE;

	for (u64 at = 0; at < size; at += piece) {
		u64 n = size - at < piece ? size - at : piece;

		*pieces = run.a ? phys_to_ptr(hpa(run.a + at)) :
			  guest_pages(n, DEMAND_RAM_ALIGN, PAGE_ANYWHERE, "the guest's RAM");
		machine_clear(*pieces++, n);
	}
}

static void memory_init(struct guest *guest, struct bus *bus)
{
	void *pieces[GPA_PIECES];
	const struct boot_config *cfg = guest->cfg;

	ram_init(cfg->memory, pieces);
	struct gpa_config g = {
		.ram = pieces[0], .pieces = pieces,
		.ram_size = cfg->memory,
		.low_end = cfg->memory < LOW_RAM_MAX ? cfg->memory : LOW_RAM_MAX,
		.firmware = phys_to_ptr(hpa(cfg->firmware.start)),
		.firmware_size = cfg->firmware.size, .bus = bus,
	};
	u32 frames = gpa_frames(&g);

	guest->lent += cfg->memory;
	guest->frames = frames;
	frame_init(guest_pages(frame_memory(frames), PAGE_SIZE, PAGE_ANYWHERE, "the frame table"),
			frames);
	if (gpa_init(&g))
		panic("%s: firmware must be a multiple of 4 KiB up to 16 MiB, it has %lu bytes",
		      cfg->firmware.name, cfg->firmware.size);
	guest_cpus_memory(guest);
}

static void machine_init(struct guest *g, struct bus *bus)
{
	const struct boot_config *cfg = g->cfg;
	static const enum machine_attach attach[] = {
		[BOOT_IDE] = MACHINE_IDE, [BOOT_VIRTIO] = MACHINE_VIRTIO,
		[BOOT_AHCI] = MACHINE_AHCI,
	};
	const struct entropy entropy = random_end();
	struct machine_config m = {
		.cores = g->cpus, .bus = bus,
		.ram_below_4g = cfg->memory < LOW_RAM_MAX ? cfg->memory : LOW_RAM_MAX,
		.ram_above_4g = cfg->memory < LOW_RAM_MAX ? 0 : cfg->memory - LOW_RAM_MAX,
		.wall = rtc_end(), .serial_console = true,
		.cdrom = guest_disk(g, BOOT_DISKS), .cmdline = cfg->cmdline,
	};

	guest_join_machine(g, &m);
	random_init(g->info->seed, g->info->seed_size);
	m.entropy = cfg->rng ? &entropy : NULL;
	for (unsigned n = 0; n < BOOT_DISKS; n++) {
		m.disk[n] = guest_disk(g, n);
		m.attach[n] = attach[cfg->disk[n].attach];
	}
	if (cfg->kernel.size) {
		m.kernel = phys_to_ptr(hpa(cfg->kernel.start));
		m.kernel_size = (u32)cfg->kernel.size;
	}
	if (cfg->initrd.size) {
		m.initrd = phys_to_ptr(hpa(cfg->initrd.start));
		m.initrd_size = (u32)cfg->initrd.size;
	}
	if (machine_create(&m, &g->pc))
		panic("the machine cannot be built as loam.cfg asks");
}

/* A guest can hang as it likes, but never the run loop. */
static void beat(void *opaque)
{
	struct guest *g = opaque;

	printk("Loam: alive %lu\n", ++g->beats);
	timer_set(&g->heart, clock_ns() + HEARTBEAT_NS);
}

void machine_run(const struct boot_info *info)
{
	struct guest *g = calloc(1, sizeof(*g));
	struct bus *bus = bus_create();

	if (!g)
		panic("no memory for the guest's description");
	g->info = info;
	g->cfg = &info->config;
	g->cpus = guest_cpus(g->cfg);
	guest_devices_find(g);
	memory_init(g, bus);		/* guest RAM, ROM, frames */
	machine_init(g, bus);		/* devices */
	guest_cpus_init(g);		/* code cache, shadow tables, CPUs at reset */
	g->heart.fn = beat;
	g->heart.opaque = g;
	if (g->cfg->heartbeat)
		beat(g);
	printk("Loam: starting the guest: %lu MiB, cpu %s", (unsigned long)(g->cfg->memory / MIB),
	       g->model.name);
	printk(g->cpus > 1 ? ", %u CPUs\n" : "\n", g->cpus);
	if (g->cfg->relaxed && g->cpus > 1)
		printk("Loam: memory_order = relaxed: guests may break whose CPUs share a stack\n");
	guest_console_begin(g);
	guest_devices_run(g);
	guest_cpus_run(g);
}
