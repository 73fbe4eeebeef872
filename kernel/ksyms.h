/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of the kernel's functions, for dumps and backtraces. */
#ifndef KERNEL_KSYMS_H
#define KERNEL_KSYMS_H

#include "kernel/lib/types.h"

/*
 * The function that pc lies in. Returns its name, with the distance from its start in *offset; or
 * NULL outside the kernel's text, or if the image was linked without its table.
 */
const char *ksyms_name(u64 pc, u64 *offset);

/* Is pc in the kernel's text? */
bool ksyms_is_text(u64 pc);

#endif
