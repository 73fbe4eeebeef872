/* SPDX-License-Identifier: BSD-2-Clause */
/* The self-test "patch": code that one core replaces while another runs it. Wants two cores. */
#ifndef KERNEL_MACHINE_PATCH_TEST_H
#define KERNEL_MACHINE_PATCH_TEST_H

const char *patch_test(void);

#endif
