/* SPDX-License-Identifier: BSD-2-Clause */
/* Kinds of devices that a board.h chooses from. Names only. */
#ifndef BOOT_BOARD_KINDS_H
#define BOOT_BOARD_KINDS_H

#define RTC_LS7A 1		/* drivers/host/rtc_ls7a.c */
#define RTC_GOLDFISH 2		/* drivers/host/rtc_goldfish.c */

#endif
