/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The board that a LoongArch64 is assumed to sit on where firmware does not tell: QEMU's `virt`
 * (its include/hw/loongarch/virt.h), with an LS7A bridge. Host physical addresses and inputs of the
 * interrupt controller, nothing else.
 */
#ifndef BOOT_LOONGARCH64_BOARD_H
#define BOOT_LOONGARCH64_BOARD_H

#include "boot/board_kinds.h"

#define BOARD_UART 0x1fe001e0		/* 16550, stride 1 */
#define BOARD_UART_INPUT 2
#define BOARD_PCH_PIC 0x10000000	/* interrupt controller of the LS7A */
#define BOARD_PCH_MSI 0x2ff00000	/* where devices write their interrupts' messages */
#define BOARD_FW_CFG 0x1e020000

/* Power off: ACPI's generic event device (ACPI 6.4, 4.8.3.7): SLP_EN with sleep type 5. */
#define BOARD_POWER_OFF 0x100e001c
#define BOARD_POWER_OFF_VALUE (1 << 5 | 5 << 2)

/* PCI: configuration space of all buses, what BARs may be given, where pin A of slot 0 ends. */
#define BOARD_ECAM 0x20000000
#define BOARD_ECAM_BUSES 128
#define BOARD_PCI_WINDOW 0x40000000
#define BOARD_PCI_WINDOW_SIZE 0x40000000
#define BOARD_PCI_INPUT 16

#define BOARD_RTC_KIND RTC_LS7A
#define BOARD_RTC 0x100d0100

#endif
