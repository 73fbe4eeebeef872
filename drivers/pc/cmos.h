/* SPDX-License-Identifier: BSD-2-Clause */
/* MC146818 real-time clock with 128 bytes of CMOS RAM (ports 0x70, 0x71). */
#ifndef DRIVERS_PC_CMOS_H
#define DRIVERS_PC_CMOS_H

#include "drivers/ends.h"
#include "mm/bus.h"

struct cmos;

/* The clock starts at wall->now(); NULL starts it at 2000-01-01. Both ends are copied. */
struct cmos *cmos_create(struct bus *bus, const struct irq_line *irq8,
			 const struct wallclock *wall);
void cmos_reset(struct cmos *c);

/* A RAM byte as the board's set-up would store it; index 0x0e…0x7f. */
void cmos_set(struct cmos *c, u8 index, u8 value);

/* Fill 0x10…0x60 as a BIOS set-up does: memory sizes, equipment, boot order, checksum. */
struct cmos_setup {
	u64 ram_below_4g, ram_above_4g;		/* bytes */
	unsigned cpus;
	u8 boot[3];		/* 1 floppy, 2 hard disk, 3 CD-ROM, 0 none */
	u64 disk_sectors[4];	/* 0: no hard disk in this place */
};
void cmos_setup(struct cmos *c, const struct cmos_setup *s);

/* Bit 7 of port 0x70: NMI is off. */
bool cmos_nmi_masked(struct cmos *c);

#endif
