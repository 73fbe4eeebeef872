/* SPDX-License-Identifier: BSD-2-Clause */
/* See disks.h. Invariant: the list only grows, and only while disks_init runs. */
#include "drivers/host/disks.h"

#include <stdio.h>
#include <string.h>

#include "drivers/host/ahci.h"
#include "drivers/host/nvme.h"
#include "drivers/host/pci.h"
#include "drivers/host/virtio_blk.h"
#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/host_cpu.h"
#include "kernel/irq.h"
#include "kernel/lib/bits.h"
#include "kernel/printk.h"

#define FLUSH_S 10

static struct pci pci;
static struct disk *found[DISKS_MAX];
static unsigned found_count, sata_count;
static bool looked;

/* The kinds of controllers each of which is one disk. */
static struct kind {
	const char *name;
	bool (*match)(const struct pci_function *f);
	struct disk *(*create)(struct pci *p, const struct pci_function *f, const char *name);
	unsigned count;
} kinds[] = {
	{ "nvme", nvme_match, nvme_create, 0 },
	{ "virtio", virtio_blk_match, virtio_blk_create, 0 },
};

static u16 now_at;		/* the function that is looked at */

static void add(struct disk *d)
{
	if (!d)
		return;
	d->pci = now_at;
	printk("%s: %lu MiB in blocks of %u bytes%s%s\n", d->name,
	       (unsigned long)(d->sectors / 2048), (unsigned)d->block,
	       d->readonly ? ", read-only" : "", d->cached ? ", write cache" : "");
	if (found_count < DISKS_MAX)
		found[found_count++] = d;
}

static void look_at(void *opaque, const struct pci_function *f)
{
	char name[sizeof(((struct disk *)0)->name)];

	now_at = (u16)(f->bus << 8 | f->slot << 3 | f->fn);
	if (ahci_match(f))
		ahci_create(opaque, f, &sata_count, add);
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		if (!kinds[k].match(f))
			continue;
		snprintf(name, sizeof(name), "%s%u", kinds[k].name, kinds[k].count++);
		add(kinds[k].create(opaque, f, name));
	}
}

void disks_init(hpa_t rsdp)
{
	if (looked)
		return;
	looked = true;
	pci_init(&pci, rsdp);
	pci_each(&pci, look_at, &pci);
}

struct disk *disks_get(unsigned n) { return n < found_count ? found[n] : NULL; }

struct disk *disks_find(const char *name)
{
	for (unsigned n = 0; n < found_count; n++)
		if (!strcmp(found[n]->name, name))
			return found[n];
	return NULL;
}

struct disk *disks_at(const u8 *path, unsigned count, u32 unit)
{
	int at = pci_walk(&pci, path, count);

	for (unsigned n = 0; at >= 0 && n < found_count; n++)
		if (found[n]->pci == at && found[n]->unit == unit)
			return found[n];
	return NULL;
}

void disks_poll(void)
{
	for (unsigned n = 0; n < found_count; n++)
		disk_poll(found[n]);
}

static bool flush_all(void)
{
	bool busy = false;

	for (unsigned n = 0; n < found_count; n++)
		busy |= disk_flush(found[n]);
	return busy;
}

/* Until something came; but with several cores it may come to another. */
static void wait_a_while(void)
{
	if (cores_count() > 1)
		cpu_pause();
	else
		cpu_idle();
	if (irq_take_events() & CPU_EVENT_TIMER)
		timer_run();
	disks_poll();
}

void disks_flush(void)
{
	u64 end = clock_ticks() + FLUSH_S * clock_hz();	/* clock_ns may stand still */

	while (flush_all() && clock_ticks() < end)
		wait_a_while();
}
