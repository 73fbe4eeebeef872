/* SPDX-License-Identifier: BSD-2-Clause */
/* Sizes of the tables that this host's refill walk reads (kernel/paging.h); reach. Numbers only. */
#ifndef KERNEL_ARCH_LOONGARCH64_LIMITS_H
#define KERNEL_ARCH_LOONGARCH64_LIMITS_H

#define PAGING_ROOT_ENTRIES 2048	/* of 8 bytes: addresses 31:21 */
#define PAGING_ROOT_ALIGN 16384		/* the walk ORs the index into the base */
#define PAGING_LEAF_ENTRIES 512		/* addresses 20:12 */
#define PAGING_SLOT_SHIFT 21		/* address space of one root entry */
#define PAGING_DIR_ENTRIES 512		/* of the wide form's directories */
#define PAGING_ASID_MAX 1023		/* CSR.ASID */

/* Code below this host physical address reaches the image's text by a branch. */
#define CODE_REACH (128ull << 20)

#endif
