/* SPDX-License-Identifier: BSD-2-Clause */
/* PIIX4 power management at 00:01.3: ACPI registers, PM timer, APM ports, soft off. */
#ifndef DRIVERS_PC_ACPI_PM_H
#define DRIVERS_PC_ACPI_PM_H

#include "drivers/ends.h"
#include "drivers/pc/pci.h"

struct acpi_pm;

/* `sci` is IRQ 9, level; power->off(power->opaque, 0) is called on soft off. Both are copied. */
struct acpi_pm *acpi_pm_create(struct bus *bus, struct pci *pci, const struct irq_line *sci,
			       const struct power *power);
void acpi_pm_reset(struct acpi_pm *a);

/* The port of the PM block as the guest has programmed it (PMBASE), 0 if it has not. */
u16 acpi_pm_base(const struct acpi_pm *a);

/* The power button was pressed. */
void acpi_pm_power_button(struct acpi_pm *a);

/* The FADT's choices: values of SMI_CMD that switch SCI_EN, and the GPE block. */
enum { ACPI_SMI_PORT = 0xb2, ACPI_ENABLE = 0xf1, ACPI_DISABLE = 0xf0, ACPI_GPE_PORT = 0xafe0,
	ACPI_GPE_LEN = 4, ACPI_SCI_IRQ = 9 };

#endif
