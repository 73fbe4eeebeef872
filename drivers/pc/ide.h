/* SPDX-License-Identifier: BSD-2-Clause */
/* Two IDE channels at the legacy addresses, with disks and a CD-ROM, PIO and bus master. */
#ifndef DRIVERS_PC_IDE_H
#define DRIVERS_PC_IDE_H

#include "drivers/ends.h"
#include "mm/bus.h"

struct ide;

/* Channels at 0x1f0/0x3f6 and 0x170/0x376; irq[0] and irq[1] are their INTRQ. Copied. */
struct ide *ide_create(struct bus *bus, const struct irq_line irq[2]);
void ide_reset(struct ide *ide);

/*
 * For the board's PCI function: the bus master's registers, which are BAR 4 (16 bytes of ports),
 * and whether its command register lets it be one. Without this there is no bus master.
 */
struct bus_region *ide_master_region(struct ide *ide);
void ide_master_enable(void *ide, bool on);

/* Is a request in flight? Until it is over the end may write guest RAM, even after a reset. */
bool ide_busy(struct ide *ide);

/*
 * Put a drive in `place` 0…3 (primary master, slave, secondary master, slave), which must
 * be empty. *b is copied, its sectors are used up to 2^48. A read-only end is a
 * write-protected disk. A CD-ROM's end has 4 sectors of 512 bytes to each of its own.
 */
void ide_attach_disk(struct ide *ide, unsigned place, const struct blockdev *b);
void ide_attach_cdrom(struct ide *ide, unsigned place, const struct blockdev *b);

#endif
