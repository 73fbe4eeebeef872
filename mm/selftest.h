/* SPDX-License-Identifier: BSD-2-Clause */
/* The shadow tables on the host's real MMU. For kernel/machine/main.c's list of self-tests. */
#ifndef MM_SELFTEST_H
#define MM_SELFTEST_H

/*
 * A small guest's tables at random, accesses at guest linear addresses by plain loads and stores,
 * each compared with a walk. Returns NULL, or why it failed (struct selftest). Takes some 3 MiB
 * of pages and gives them back; must not run beside a machine, as it sets up mm/gpa.
 */
const char *shadow_selftest(void);

#endif
