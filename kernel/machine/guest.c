/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the boot configuration to a running PC: guest memory, devices, CPU, and
 * what joins them. Sees all folders, as kernel/machine/main.c does; no policy of its own.
 */
#include "boot/boot_info.h"
#include "boot/demand.h"
#include "dbt/dbt.h"
#include "dbt/sys/cpuid.h"
#include "drivers/host/power.h"
#include "drivers/host/ramdisk.h"
#include "drivers/host/rtc.h"
#include "drivers/pc/machine.h"
#include "kernel/arch.h"
#include "kernel/cpu.h"
#include "kernel/image.h"
#include "kernel/irq.h"
#include "kernel/machine/console.h"
#include "kernel/machine/main.h"
#include "kernel/panic.h"
#include "kernel/phys.h"
#include "kernel/printk.h"
#include "kernel/timer.h"
#include "mm/frame.h"
#include "mm/gpa.h"
#include "mm/page.h"
#include "mm/shadow.h"

#include <stdlib.h>
#include <string.h>

#define MIB (1024ull * 1024)
#define CODE_CACHE DEMAND_CODE_CACHE
#define SHADOW_TABLES 2048u		/* 4 KiB each */
#define TSC_HZ 1000000000u		/* guest TSC, by a whole multiple of the host counter */
#define HEARTBEAT_NS 20000000ull
#define LOW_RAM_MAX (3072 * MIB)

/* The bound that Loam's own memory keeps: bytes, and bytes for each frame of the guest. */
#define OWN_MEMORY (32 * MIB)
#define OWN_MEMORY_FRAME 32u

static struct machine *pc;
static u64 lent, guest_frames;		/* lent: bytes of guest RAM and code cache */
static struct shadow shadow;
static struct cpu_model model;
static struct ramdisk disk_state[BOOT_DISKS + 1];
static struct blockdev disk_end[BOOT_DISKS + 1];

static void *pages(u64 size, u64 align, u64 limit, const char *what)
{
	hpa_t run = page_alloc_run((size + PAGE_SIZE - 1) / PAGE_SIZE, align, limit);

	if (!run.a)
		panic("not enough memory for %s (%lu KiB)", what, size / 1024);
	return phys_to_ptr(run);
}

/* -- What the machine asks of the CPU, and the CPU of the machine -- */

static void raise_intr(void *opaque, unsigned core)
{
	(void)opaque;
	dbt_raise(core, PENDING_INTR);
}

static void raise_nmi(void *opaque, unsigned core)
{
	(void)opaque;
	dbt_raise(core, PENDING_NMI);
}

static void raise_init(void *opaque, unsigned core)
{
	(void)opaque;
	dbt_raise(core, PENDING_INIT);
}

static void reset_request(void *opaque)
{
	(void)opaque;
	dbt_raise(this_cpu()->id, PENDING_RESET);
}

static bool intr_pending(void *opaque)
{
	(void)opaque;
	return irqchip_pending(machine_irqchip(pc), 0);
}

static int intr_ack(void *opaque)
{
	(void)opaque;
	return irqchip_ack(machine_irqchip(pc), 0);
}

static void host_events(void *opaque, u32 events)
{
	(void)opaque;
	if (events & CPU_EVENT_TIMER)
		timer_run();
	if (events & CPU_EVENT_DEVICE)
		machine_poll(pc);
}

static void reset_machine(void *opaque)
{
	(void)opaque;
	machine_reset(pc);
}

static void init_cpu(void *opaque)
{
	(void)opaque;
	lapic_init(irqchip_lapic(machine_irqchip(pc)), 0);
}

static void ferr(void *opaque)
{
	(void)opaque;
	machine_ferr(pc);
}

static void ignne(void *opaque)
{
	(void)opaque;
	dbt_ignne();
}

static bool set_apic_base(void *opaque, u64 base)
{
	(void)opaque;
	return !lapic_set_base(irqchip_lapic(machine_irqchip(pc)), 0, base);
}

/* Loam's own memory: what is in use but for the guest's RAM and the code cache. */
static void report_memory(void)
{
	u64 own = page_used() * PAGE_SIZE + (u64)(image_end - image_start) - lent;
	u64 allowed = OWN_MEMORY + OWN_MEMORY_FRAME * guest_frames;

	printk("counters: memory %lu allowed %lu\n", own, allowed);
}

static void guest_off(int status)
{
	printk_quiet(false);
	printk_log_note();
	dbt_report();
	machine_report(pc);
	report_memory();
	printk("guest: power off, status %d\n", status);
	power_off(status);
}

/* A character end with nobody behind it. */
static int nobody_read(void *opaque) { (void)opaque; return -1; }
static bool nobody_write(void *opaque, u8 byte) { (void)opaque, (void)byte; return true; }
static const struct chardev nobody = { .read = nobody_read, .write = nobody_write };

/* Is `name` in the list `console = a,b`? */
static bool console_has(const struct boot_config *cfg, const char *name)
{
	size_t size = strlen(name);

	for (const char *at = cfg->console; *at; at += *at == ',') {
		size_t n = strcspn(at, ",");

		if (n == size && !memcmp(at, name, n))
			return true;
		at += n;
	}
	return false;
}

static struct chardev console_if(const struct boot_config *cfg, const char *name)
{
	return console_has(cfg, name) ? console_end() : nobody;
}

/* From here on the console is the guest's, but for who asked to see what Loam says. */
static void console_to_guest(const struct boot_config *cfg)
{
	printk_quiet(!console_has(cfg, "log") && !trace_mask);
}

/* The guest asked for it, so it is shown; it comes back once the line is out. */
static void counters_print(void *opaque, u32 tag)
{
	const struct boot_config *cfg = opaque;

	printk_quiet(false);
	dbt_counters_print(tag);
	console_to_guest(cfg);
}

static u64 counters_get(void *opaque, unsigned n)
{
	(void)opaque;
	return dbt_counter(n);
}

/* -- Set-up -- */

static void memory_init(const struct boot_config *cfg, struct bus *bus)
{
	struct gpa_config g = {
		.ram = pages(cfg->memory, 2 * MIB, PAGE_ANYWHERE, "the guest's RAM"),
		.ram_size = cfg->memory,
		.low_end = cfg->memory < LOW_RAM_MAX ? cfg->memory : LOW_RAM_MAX,
		.firmware = phys_to_ptr(hpa(cfg->firmware.start)),
		.firmware_size = cfg->firmware.size, .bus = bus,
	};
	u32 frames = gpa_frames(&g);

	lent += cfg->memory;
	guest_frames = frames;
	memset(g.ram, 0, g.ram_size);
	frame_init(pages(frame_memory(frames), PAGE_SIZE, PAGE_ANYWHERE, "the frame table"),
			frames);
	if (gpa_init(&g))
		panic("%s: firmware must be a multiple of 4 KiB up to 16 MiB, it has %lu bytes",
		      cfg->firmware.name, cfg->firmware.size);
	shadow_init(&shadow, 0, pages(shadow_memory(SHADOW_TABLES), PAGING_ROOT_ALIGN,
				      PAGE_ANYWHERE, "shadow tables"), SHADOW_TABLES);
}

static const struct blockdev *disk(unsigned n, const struct boot_file *f)
{
	if (!f->size)
		return NULL;
	disk_end[n] = ramdisk_end(&disk_state[n], f);
	if (!f->readonly && n < BOOT_DISKS)
		printk("disk%u: %s is kept in memory: what the guest writes is lost at power off\n",
		       n, f->name);
	return &disk_end[n];
}

static void machine_init(const struct boot_config *cfg, struct bus *bus)
{
	struct machine_config m = {
		.cores = 1, .bus = bus,
		.ram_below_4g = cfg->memory < LOW_RAM_MAX ? cfg->memory : LOW_RAM_MAX,
		.ram_above_4g = cfg->memory < LOW_RAM_MAX ? 0 : cfg->memory - LOW_RAM_MAX,
		.cpu = { .raise = raise_intr, .nmi = raise_nmi, .init = raise_init },
		.reset_request = reset_request, .ignne = ignne, .power = { guest_off },
		.com = { console_if(cfg, "com1"), console_if(cfg, "com2") },
		.wall = rtc_end(), .serial_console = true, .debug = console_if(cfg, "debug"),
		.counters = { .opaque = (void *)cfg, .print = counters_print, .get = counters_get },
		.cdrom = disk(BOOT_DISKS, &cfg->cdrom), .cmdline = cfg->cmdline,
	};

	for (unsigned n = 0; n < BOOT_DISKS; n++)
		m.disk[n] = disk(n, &cfg->disk[n]);
	if (cfg->kernel.size) {
		m.kernel = phys_to_ptr(hpa(cfg->kernel.start));
		m.kernel_size = (u32)cfg->kernel.size;
	}
	if (cfg->initrd.size) {
		m.initrd = phys_to_ptr(hpa(cfg->initrd.start));
		m.initrd_size = (u32)cfg->initrd.size;
	}
	if (machine_create(&m, &pc))
		panic("the machine cannot be built as loam.cfg asks");
}

static u32 tsc_mul(void) { return clock_hz() < TSC_HZ ? (u32)(TSC_HZ / clock_hz()) : 1; }

static void cpu_init(const struct boot_config *cfg)
{
	u64 size = cfg->code_cache ? cfg->code_cache : CODE_CACHE;
	struct dbt_platform p = {
		.bus = machine_bus(pc), .intr_pending = intr_pending, .intr_ack = intr_ack,
		.host_events = host_events, .reset = reset_machine, .init = init_cpu, .ferr = ferr,
		.set_apic_base = set_apic_base,
	};
	struct dbt_config d = {
		.passes_off = cfg->passes_off, .verify = cfg->verify,
		.code_pool = phys_to_code(ptr_to_phys(pages(size, 65536, CODE_REACH,
							    "the code cache"))),
		.code_size = size,
		.shadow = &shadow, .model = &model, .tsc_mul = tsc_mul(),
	};
	char err[CPUID_ERR_SIZE];

	lent += size;
	if (cpuid_configure(&model, cfg->cpu[0] ? cfg->cpu : "n270", err))
		panic("cpu = %s: %s", cfg->cpu, err);
	if (dbt_init(&d, &p))
		panic("no memory for the translator");
}

/* -- Signs of life: a guest can hang as it likes, but never the run loop -- */

static struct {
	struct timer timer;
	u64 beats;
} heart;

static void beat(void *opaque)
{
	(void)opaque;
	printk("Loam: alive %lu\n", ++heart.beats);
	timer_set(&heart.timer, clock_ns() + HEARTBEAT_NS);
}

void machine_run(const struct boot_info *info)
{
	struct bus *bus = bus_create();

	memory_init(&info->config, bus);	/* guest RAM, ROM, frames, shadow tables */
	machine_init(&info->config, bus);	/* devices */
	cpu_init(&info->config);		/* code cache, CPU at reset */
	heart.timer.fn = beat;
	if (info->config.heartbeat)
		beat(NULL);
	printk("Loam: starting the guest: %lu MiB, cpu %s\n",
			(unsigned long)(info->config.memory / MIB), model.name);
	console_to_guest(&info->config);
	dbt_run();
}
