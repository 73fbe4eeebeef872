/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The board that a MIPS64 is assumed to sit on: QEMU's `loongson3-virt`, with a Loongson-3A4000.
 * Host physical addresses and inputs of the interrupt controller, nothing else.
 */
#ifndef BOOT_MIPS64_BOARD_H
#define BOOT_MIPS64_BOARD_H

#include "boot/board_kinds.h"

#define BOARD_UART 0x1fe001e0		/* 16550, stride 1; LEFI's system table may tell another */
#define BOARD_UART_INPUT 0
#define BOARD_LIOINTC 0x3ff01400	/* the 3A4000's interrupt controller, and its IPI block */
#define BOARD_IPI 0x3ff01000

#define BOARD_POWER_OFF 0x10080010
#define BOARD_POWER_OFF_VALUE 0xff

/* PCI: configuration space of all buses, what BARs may be given, where pin A of slot 0 ends. */
#define BOARD_ECAM 0x1a000000
#define BOARD_ECAM_BUSES 32
#define BOARD_PCI_WINDOW 0x40000000
#define BOARD_PCI_WINDOW_SIZE 0x40000000
#define BOARD_PCI_INPUT 2

#define BOARD_RTC_KIND RTC_GOLDFISH
#define BOARD_RTC 0x10081000

#endif
