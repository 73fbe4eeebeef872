/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Loam needs of the host's CPU, asked before anything relies on it. Each host folder
 * implements it. Not a description of the CPU: that is arch_describe's.
 */
#ifndef BOOT_HOSTCPU_H
#define BOOT_HOSTCPU_H

#include "kernel/lib/types.h"

/* The first thing that this core lacks, in a few words; NULL if it has all. */
const char *hostcpu_lacks(void);

#endif
