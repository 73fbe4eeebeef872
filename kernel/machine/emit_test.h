/* SPDX-License-Identifier: BSD-2-Clause */
/* The self-test of the back end (`selftest = emit`). */
#ifndef KERNEL_MACHINE_EMIT_TEST_H
#define KERNEL_MACHINE_EMIT_TEST_H

#include "kernel/lib/types.h"

/* NULL, or why it failed. Before the guest's machine is made: it uses the core's struct vcpu. */
const char *emit_test(void);
/* Its part in emit_x87.c; false: the reason is in t.why. */
bool emit_test_x87(void);
/* The same in emit_mix.c. */
bool emit_test_mix(void);

#endif
