/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's limits.h, for neutral code: sizes of page tables, number of address spaces, reach.
 * Natively built tests, whose MMU is a fake, have LoongArch64's.
 */
#ifndef KERNEL_HOST_LIMITS_H
#define KERNEL_HOST_LIMITS_H

#if defined(__mips64)
#include "kernel/arch/mips64/limits.h"
#else
#include "kernel/arch/loongarch64/limits.h"
#endif

#endif
