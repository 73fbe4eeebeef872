/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's entry for boot code (console.h has what may be called before). */
#ifndef KERNEL_MACHINE_MAIN_H
#define KERNEL_MACHINE_MAIN_H

#include "boot/boot_info.h"

/* Everything else, in order; `info` must stay. Never returns. */
__attribute__((noreturn)) void kernel_main(const struct boot_info *info);

/*
 * Build the guest's machine as info->config says and run it until the guest or an error ends it.
 */
void machine_run(const struct boot_info *info);

#endif
