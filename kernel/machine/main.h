/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's two entries for boot code. */
#ifndef KERNEL_MACHINE_MAIN_H
#define KERNEL_MACHINE_MAIN_H

#include "boot/boot_info.h"

/* Traps, console and power off, so that boot code can print and panic. May be called twice. */
void kernel_early(hpa_t uart);

/* Everything else, in order; `info` must stay. Never returns. */
__attribute__((noreturn)) void kernel_main(const struct boot_info *info);

/*
 * Build the guest's machine as info->config says and run it until the guest or an error ends it.
 * A weak form in kernel/machine/main.c stands in while an image has no machine.
 */
void machine_run(const struct boot_info *info);

/* The console: drivers/pc's serial port is joined to its character end. */
struct chardev;
struct chardev kernel_console(void);

#endif
