/* SPDX-License-Identifier: BSD-2-Clause */
/* The self-test of the host's disks (`selftest = disks`), on disks that tools/mkdisk.py made. */
#ifndef KERNEL_MACHINE_DISK_TEST_H
#define KERNEL_MACHINE_DISK_TEST_H

struct boot_info;

/* What the boot path tells: the self-tests have no arguments. Before the first test. */
void disk_test_init(const struct boot_info *info);

/* NULL, or what is wrong. */
const char *disk_test(void);

#endif
