/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power off by one byte, where the board has the register for it (boot/HOST/board.h). Other boards'
 * registers are in their ACPI tables, which are not read yet.
 */
#include "drivers/host/power.h"

#include "boot/host_board.h"
#include "kernel/arch.h"
#include "kernel/cpu.h"

void power_off(int status)
{
	(void)status;
	*(volatile u8 *)phys_ptr_uncached(hpa(BOARD_POWER_OFF)) = BOARD_POWER_OFF_VALUE;
	cpu_halt();
}
