/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port 0x402 (SeaBIOS's debug console) and port 0x80 (POST codes), and two ports that no PC has,
 * for tests and benchmarks:
 *	0x403, 1 byte	write: print the monitor's counters, tagged with the byte (1000 times at
 *			most). read: 0xec
 *	0x404, 4 bytes	write: choose a counter by its number (dbt/counters.def), and latch it;
 *			read: the low 32 bits of what was latched. Each CPU core has a latch of its
 *			own, and is told of its own counters
 */
#ifndef DRIVERS_PC_DEBUGPORT_H
#define DRIVERS_PC_DEBUGPORT_H

#include "drivers/ends.h"
#include "drivers/pc/lapic.h"
#include "mm/bus.h"

struct debugport;

/*
 * `sink` gets what the guest writes to 0x402; NULL drops it. Without `counters` (NULL or empty),
 * 0x403 and 0x404 are not there. `cpu` tells which core accesses them. All are copied.
 */
struct debugport *debugport_create(struct bus *bus, const struct chardev *sink,
				   const struct counters *counters, const struct cpu_intr *cpu);

#endif
