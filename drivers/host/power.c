/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power off through the sleep control register of ACPI's generic event device (ACPI 6.4, 4.8.3.7):
 * SLP_EN with sleep type 5. At the address where QEMU's virt board has it; other boards'
 * addresses are in their FADT, which is not read yet.
 */
#include "drivers/host/power.h"

#include "kernel/arch.h"
#include "kernel/cpu.h"

#define GED_SLEEP_CONTROL 0x100e001c
enum { SLP_EN = 1 << 5, SLP_TYP_S5 = 5 << 2 };

void power_off(int status)
{
	(void)status;
	*(volatile u8 *)phys_ptr_uncached(hpa(GED_SLEEP_CONTROL)) = SLP_EN | SLP_TYP_S5;
	cpu_halt();
}
