/* SPDX-License-Identifier: BSD-2-Clause */
/* The board's ACPI tables, for the firmware's table loader. */
#ifndef DRIVERS_PC_ACPI_TABLES_H
#define DRIVERS_PC_ACPI_TABLES_H

#include "drivers/pc/acpi_pm.h"
#include "drivers/pc/fw_cfg.h"

/*
 * Adds etc/acpi/tables, etc/acpi/rsdp and etc/table-loader. ram_below_4g in bytes. The FADT
 * names the PM block where `pm` has it when the firmware reads the tables; pm outlives f.
 */
void acpi_tables_add(struct fw_cfg *f, unsigned cores, u64 ram_below_4g,
		     const struct acpi_pm *pm);

#endif
