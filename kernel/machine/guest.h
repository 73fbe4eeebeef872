/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One guest and all that it stands on: the room's one struct. Made once, by machine_run; never
 * freed, since the machine ends by power off.
 */
#ifndef KERNEL_MACHINE_GUEST_H
#define KERNEL_MACHINE_GUEST_H

#include "boot/boot_info.h"
#include "dbt/dbt.h"
#include "dbt/sys/cpuid.h"
#include "drivers/host/disk.h"
#include "drivers/host/ramdisk.h"
#include "drivers/pc/machine.h"
#include "kernel/timer.h"
#include "kernel/work.h"
#include "mm/shadow.h"

#define GUEST_DISKS (BOOT_DISKS + 1)	/* the last one: the CD-ROM */

/* What is behind one of the guest's disks: a file in memory, or a part of a host disk. */
struct guest_disk {
	struct ramdisk ram;
	struct disk_extent extent;
	struct disk_view view;
	struct blockdev end;
};

/* What the platform's functions of one CPU are called with (dbt/core/core.h). */
struct guest_cpu {
	struct guest *guest;
	struct irqchip *irqchip;
	struct lapic *lapic;
	unsigned id;			/* of the core that runs it, and of its local APIC */
	u64 timers;			/* so often its host timer went off */
	struct shadow shadow;
	struct timer beat;		/* watch.c */
	u32 beats;
	u32 next_beats, unchanged;	/* what the next CPU had, for so many of this one's beats */
};

/* devices.c: the core that does the devices' work, if one is spare. */
struct guest_devices {
	unsigned core;			/* its number; 0: none, since CPU 0 runs on that */
	struct work run;
	bool has_come, begins;		/* it has its timers; all is sent to it */
	u64 events, timers, requests;	/* its own: host devices' interrupts; what was over */
	struct block_request *over;	/* for CPU 0, if it is the only one: the newest first */
	u64 taken, requests_cpus;	/* of these; and what CPUs found over themselves */
};

struct guest {
	const struct boot_info *info;
	const struct boot_config *cfg;	/* of it */
	struct machine *pc;
	unsigned cpus;
	struct guest_cpu cpu[LAPIC_MAX_CORES];
	struct cpu_model model;
	struct guest_devices devices;
	struct guest_disk disk[GUEST_DISKS];
	u64 lent;			/* bytes of guest RAM and code cache: not Loam's own */
	u64 frames;
	struct timer heart;		/* signs of life, if loam.cfg asks for them */
	u64 beats;
};

/*
 * join.c: the ends and callbacks of the machine's configuration; those of the platform of CPU `id`,
 * which core `id` runs.
 */
void guest_join_machine(struct guest *g, struct machine_config *m);
struct dbt_platform guest_join_cpu(struct guest *g, unsigned id);

/*
 * cpus.c, in this order: how many CPUs the guest gets (says so, if it asked for more); memory for
 * what frames know of each, after gpa_init; all else that they are, after the devices; run them.
 */
unsigned guest_cpus(const struct boot_config *cfg);
void guest_cpus_memory(struct guest *g);
void guest_cpus_init(struct guest *g);
__attribute__((noreturn)) void guest_cpus_run(struct guest *g);

/*
 * watch.c: the guest's clock stands still while a core of a CPU does not run. Begun on each of
 * several CPUs' cores, by itself; ended before Loam waits for what may take long.
 */
void guest_watch_begin(struct guest_cpu *c);
void guest_watch_end(void);

/*
 * devices.c, in this order: is a core spare for devices; what it needs, once the CPUs are set up,
 * and it begins; what CPU 0 does when it is interrupted; what is told at the end.
 */
void guest_devices_find(struct guest *g);
void guest_devices_run(struct guest *g);
void guest_devices_over(struct guest *g);
void guest_devices_report(const struct guest *g);

/* guest.c: memory for good, zeroed by nobody; a panic that names `what` if there is none. */
void *guest_pages(u64 size, u64 align, u64 limit, const char *what);

/*
 * disks.c: the end of disk n (BOOT_DISKS: the CD-ROM), NULL if there is none. What cannot be is
 * told in one line, and Loam switches off.
 */
const struct blockdev *guest_disk(struct guest *g, unsigned n);

/* From here on the console is the guest's, but for who asked to see what Loam says. */
void guest_console_begin(const struct guest *g);

#endif
