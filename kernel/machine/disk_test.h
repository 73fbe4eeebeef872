/* SPDX-License-Identifier: BSD-2-Clause */
/* The self-test of the host's disks (`selftest = disks`), on disks that tools/mkdisk.py made. */
#ifndef KERNEL_MACHINE_DISK_TEST_H
#define KERNEL_MACHINE_DISK_TEST_H

/* Where ACPI's root is (0: none): the self-tests have no arguments. Before the first test. */
void disk_test_init(unsigned long rsdp);

/* NULL, or what is wrong. */
const char *disk_test(void);

#endif
