/* SPDX-License-Identifier: BSD-2-Clause */
/* The board's other cores (cores.c): their start, and what they do before the guest runs. */
#ifndef KERNEL_MACHINE_CORES_H
#define KERNEL_MACHINE_CORES_H

#include "boot/boot_info.h"

/* Start those that boot_info names; of one that does not come a line is told. Interrupts are on. */
void machine_cores(const struct boot_info *info);

/* host_clear (kernel/lib/clear.h) by all cores, of memory that nobody uses. */
void machine_clear(void *p, u64 size);

#endif
