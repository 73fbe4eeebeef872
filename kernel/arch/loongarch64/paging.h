/* SPDX-License-Identifier: BSD-2-Clause */
/* paging_activate (kernel/paging.h) for assembly. Nothing for C. */
#ifndef KERNEL_ARCH_LOONGARCH64_PAGING_H
#define KERNEL_ARCH_LOONGARCH64_PAGING_H

#include "kernel/arch/loongarch64/csr.h"

#ifdef __ASSEMBLER__
/* Both registers are changed. */
	.macro	activate_paging asid, root
	csrwr	\asid, CSR_ASID
	csrwr	\root, CSR_ROOT
	.endm
#endif

#endif
