/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is behind a guest's disk: the name in loam.cfg, a host disk or its partition, and the view
 * of it that becomes the guest's end. Invariant: what is asked for and cannot be stops Loam here,
 * before the guest has run.
 */
#include "kernel/machine/guest.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/host/disks.h"
#include "drivers/host/partition.h"
#include "drivers/host/power.h"
#include "kernel/cpu.h"
#include "kernel/irq.h"
#include "kernel/panic.h"
#include "kernel/phys.h"
#include "kernel/printk.h"
#include "kernel/timer.h"

#define WAIT_NS 60000000000ull		/* the disk's own limits are shorter */
#define CD_BLOCK 2048

static const char *const key_of[GUEST_DISKS] = { "disk0", "disk1", "disk2", "disk3", "cdrom" };

/* The name of a guest's disk in loam.cfg. */
static const struct boot_file *file_of(const struct guest *g, unsigned n)
{
	return n < BOOT_DISKS ? &g->cfg->disk[n] : &g->cfg->cdrom;
}

static __attribute__((noreturn)) void refuse(const struct guest *g, unsigned n, const char *why)
{
	struct disk *d;

	if (file_of(g, n)->line)
		printk("Loam: loam.cfg:%u: ", (unsigned)file_of(g, n)->line);
	else
		printk("Loam: load options: ");
	printk("%s = %s: %s\n", key_of[n], file_of(g, n)->name, why);
	if (!disks_get(0))
		printk("Loam: no disk was found\n");
	for (unsigned k = 0; (d = disks_get(k)); k++)
		printk("Loam: found: %s\n", d->name);
	printk("Loam: power off\n");
	power_off(1);
}

/* -- Reading a block before there is a run loop ------------------------------ */

static void read_done(struct block_request *r, int rc)
{
	int *result = r->opaque;

	*result = rc;
}

/* For partition_find: `opaque` is the whole disk's end. */
static int read_block(void *opaque, u64 block, void *to)
{
	const struct blockdev *whole = opaque;
	const struct disk_view *v = whole->opaque;
	u32 per = v->disk->block / DISK_SECTOR;
	u64 end = clock_ns() + WAIT_NS;
	void *buf = malloc(v->disk->block);	/* a stack is no place for a device */
	int rc = BLOCK_LATER;
	struct block_request r = {
		.op = BLOCK_READ, .lba = block * per, .count = per, .buf = buf,
		.done = read_done, .opaque = &rc,
	};
	int now;

	must(buf);
	now = whole->submit(whole->opaque, &r);
	rc = now == BLOCK_LATER ? rc : now;
	while (rc == BLOCK_LATER) {
		u32 events;

		cpu_idle();
		events = irq_take_events();
		if (events & CPU_EVENT_TIMER)
			timer_run();
		disks_poll();
		if (clock_ns() > end)
			panic("disk: %s never answers", v->disk->name);
	}
	memcpy(to, buf, v->disk->block);
	free(buf);
	return rc;
}

/* -- From a name to an extent -------------------------------------------------- */

/* Cut "nvme0p2" into its disk and 2; 0: the whole disk. */
static struct disk *find(const char *name, unsigned *number)
{
	char disk[sizeof(((struct disk *)0)->name)];
	size_t n = strcspn(name, "0123456789");

	n += strspn(name + n, "0123456789");
	*number = name[n] == 'p' ? (unsigned)strtoul(name + n + 1, NULL, 10) : 0;
	if (n >= sizeof(disk))
		return NULL;
	memcpy(disk, name, n);
	disk[n] = 0;
	return disks_find(disk);
}

/* Is it the disk, or a part that has any of the volume, that Loam itself was loaded from? */
static bool is_own(const struct guest *g, const struct disk *d, const struct disk_extent *e)
{
	const struct boot_medium *m = &g->info->medium;
	u64 end = m->count ? m->start + m->count : d->sectors;

	return m->known && d == disks_at(m->path, m->path_count, m->unit) &&
	       e->start < end && m->start < e->start + e->count;
}

/* A file that stays on its medium. */
static const struct blockdev *end_in_place(struct guest *g, unsigned n, const struct boot_file *f)
{
	const struct boot_medium *m = &g->info->medium;
	const struct boot_extent *from = phys_to_ptr(hpa(f->extents));
	struct disk_extent *e = calloc(f->extent_count, sizeof(*e));
	struct guest_disk *gd = &g->disk[n];
	struct disk *d;

	must(e);
	disks_init(hpa(g->info->acpi_rsdp));
	d = disks_at(m->path, m->path_count, m->unit);
	if (!d)
		refuse(g, n, "the disk that it is on was not found; ,ram keeps it in memory");
	if (d->readonly && !f->readonly)
		refuse(g, n, "its disk can only be read: write ,ro or ,ram after its name");
	for (u32 k = 0; k < f->extent_count; k++) {
		e[k] = (struct disk_extent){ m->start + from[k].start, from[k].count };
		if (e[k].start > d->sectors || e[k].count > d->sectors - e[k].start)
			refuse(g, n, "its disk is smaller than the firmware told");
	}
	gd->view = (struct disk_view){ .disk = d, .extent = e, .extents = f->extent_count };
	gd->end = disk_end(&gd->view, f->name, f->readonly);
	printk("%s: %s stays on %s, in %u piece%s\n", key_of[n], f->name, d->name,
	       (unsigned)f->extent_count, f->extent_count == 1 ? "" : "s");
	return &gd->end;
}

static const struct blockdev *end_of_device(struct guest *g, unsigned n, const struct boot_file *f)
{
	struct guest_disk *gd = &g->disk[n];
	const char *why = NULL;
	struct partition p;
	unsigned number;
	struct disk *d;
	u32 per;

	disks_init(hpa(g->info->acpi_rsdp));
	d = find(f->name, &number);
	if (!d)
		refuse(g, n, "there is no such disk");
	per = d->block / DISK_SECTOR;
	gd->extent = (struct disk_extent){ 0, d->sectors };
	gd->view = (struct disk_view){ .disk = d, .extent = &gd->extent, .extents = 1 };
	gd->end = disk_end(&gd->view, f->name, f->readonly);
	if (number) {
		const struct partition_disk table = {
			.opaque = &gd->end, .blocks = d->sectors / per, .block = d->block,
			.read = read_block,
		};

		if (partition_find(&table, number, &p, &why))
			refuse(g, n, why);
		gd->extent = (struct disk_extent){ p.start * per, p.count * per };
		gd->end = disk_end(&gd->view, f->name, f->readonly);
	}
	if (!f->readonly && !f->force && is_own(g, d, &gd->extent))
		refuse(g, n, "Loam's own files are on it: ,force after its name gives it away");
	if (d->readonly && !f->readonly)
		refuse(g, n, "the disk can only be read: write ,ro after its name");
	if (n == BOOT_DISKS && gd->end.sectors % (CD_BLOCK / DISK_SECTOR))
		refuse(g, n, "its size is not a multiple of 2048 bytes");
	return &gd->end;
}

const struct blockdev *guest_disk(struct guest *g, unsigned n)
{
	const struct boot_file *f = file_of(g, n);

	if (f->device)
		return end_of_device(g, n, f);
	if (f->extent_count)
		return end_in_place(g, n, f);
	if (!f->size)
		return NULL;
	g->disk[n].end = ramdisk_end(&g->disk[n].ram, f);
	if (!f->readonly && n < BOOT_DISKS)
		printk("disk%u: %s is kept in memory: what the guest writes is lost at power off\n",
		       n, f->name);
	return &g->disk[n].end;
}
