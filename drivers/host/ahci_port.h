/* SPDX-License-Identifier: BSD-2-Clause */
/* What ahci.c (requests, port states) and ahci_identify.c (what is at the port) share. */
#ifndef DRIVERS_HOST_AHCI_PORT_H
#define DRIVERS_HOST_AHCI_PORT_H

#include "drivers/host/disk.h"

enum { AHCI_PORTS = 32, AHCI_ACMD = 12 };

struct ahci_header { u32 flags, done, table, table_high, reserved[4]; };
struct ahci_table {
	u8 cfis[64], acmd[16], reserved[48];
	struct { u32 at, at_high, reserved, bytes; } prd[DISK_PIECES];	/* 1,152 bytes in all */
};

struct ahci_shared {			/* with the device */
	struct ahci_header header[DISK_SLOTS];	/* 1 KiB, aligned so */
	u8 received[256];
	u8 fill[768];
	struct ahci_table table[DISK_SLOTS];
	u8 data[4096];			/* of commands that bring the port up, and of trims */
};

struct ahci_port {
	struct disk disk;
	hpa_t reg;
	unsigned step, tries;
	u64 since;			/* clock_ns() at the begin of the step */
	u32 issued, queued;		/* slots; those of them that are NCQ's */
	u32 events;			/* interrupt status, gathered by the handler */
	bool packet;			/* a CD-ROM */
	bool ncq;
	unsigned controller_slots;
	bool controller_ncq;
	volatile struct ahci_shared *s;
};

/* From IDENTIFY DEVICE's data: NULL, or what the driver cannot do. */
const char *ahci_identify_disk(struct ahci_port *p, const volatile u8 *data);

/* From READ CAPACITY (10)'s. */
const char *ahci_identify_cd(struct ahci_port *p, const volatile u8 *data);

#endif
