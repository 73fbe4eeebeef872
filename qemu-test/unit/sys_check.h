/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting checks shared by the files of one system-side test program (unlike
 * check.h, whose counters are per file). Not a framework.
 */
#ifndef UNIT_SYS_CHECK_H
#define UNIT_SYS_CHECK_H

#include <stdio.h>

#include "kernel/lib/types.h"

/* `what` says which aspect of `name` is looked at. */
void check_eq(u64 got, u64 want, const char *name, const char *what, int line);
int check_done(void);

#define EQ(got, want) check_eq((u64)(got), (u64)(want), #got, "value", __LINE__)
#define TRUE(cond) check_eq(!!(cond), 1, #cond, "true", __LINE__)

#endif
