/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's disks by name: nvme0, sata0, virtio0 …, counted for each kind in the order of PCI's
 * numbers. Not a driver.
 */
#ifndef DRIVERS_HOST_DISKS_H
#define DRIVERS_HOST_DISKS_H

#include "drivers/host/disk.h"

enum { DISKS_MAX = 32 };

/* Look for disks on PCI and bring them up, once; later calls do nothing. rsdp: ACPI's, or 0. */
void disks_init(hpa_t rsdp);

/* The n-th disk in the order they were found, NULL after the last. */
struct disk *disks_get(unsigned n);

/* By name; NULL if there is none. */
struct disk *disks_find(const char *name);

/*
 * By its place: slots and functions (slot << 3 | fn) from the first bus on, through bridges, and
 * the port or namespace there. NULL if there is none.
 */
struct disk *disks_at(const u8 *path, unsigned count, u32 unit);

/* The run loop, after a device's interrupt: end what is over on any disk. */
void disks_poll(void);

/*
 * Before power off: wait for what is in flight and flush what was written to any disk, at most ten
 * seconds. Their time limits run on meanwhile, by timer_run().
 */
void disks_flush(void);

#endif
