/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's pte.h: leaves of its tables, as values (pte_t). Natively built tests, whose MMU is a
 * fake, have LoongArch64's.
 *
 * pte_make	a valid leaf for the 4 KiB page at `page` (a multiple of 4 KiB below 2^48); never
 *		global; cached; executable is not expressed
 * pte_hidden	the same page, but not valid
 * pte_valid, pte_writable
 * pte_page	hpa(0) of 0
 */
#ifndef KERNEL_HOST_PTE_H
#define KERNEL_HOST_PTE_H

#if defined(__mips64)
#include "kernel/arch/mips64/pte.h"
#else
#include "kernel/arch/loongarch64/pte.h"
#endif

static inline pte_t pte_hidden(pte_t p) { return p & ~(PTE_V | PTE_D); }
static inline bool pte_valid(pte_t p) { return p & PTE_V; }
static inline bool pte_writable(pte_t p) { return (p & (PTE_V | PTE_D)) == (PTE_V | PTE_D); }

#endif
