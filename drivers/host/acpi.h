/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables that the firmware left in memory (ACPI 6.4, 5.2), for drivers of the host. Not AML.
 * Nothing is believed of a table but what its length and checksum cover.
 */
#ifndef DRIVERS_HOST_ACPI_H
#define DRIVERS_HOST_ACPI_H

#include "kernel/lib/types.h"

struct acpi_ecam {
	u64 base;		/* of bus 0's configuration space */
	u8 first_bus, last_bus;
};

/* Segment 0 of MCFG (PCI Firmware 3.2, 4.1.2). Returns false if there is none. */
bool acpi_ecam(hpa_t rsdp, struct acpi_ecam *e);

#endif
