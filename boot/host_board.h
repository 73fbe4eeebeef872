/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's board.h: where UART, clock, power switch and interrupt controllers are, for drivers
 * and boot code. Not for what firmware tells (boot_info.h), which goes before it.
 */
#ifndef BOOT_HOST_BOARD_H
#define BOOT_HOST_BOARD_H

#if defined(__mips64)
#include "boot/mips64/board.h"
#else
#include "boot/loongarch64/board.h"
#endif

#endif
