/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the program `syscall` share. */
#ifndef GUESTIMG_TESTS64_SYSCALL_H
#define GUESTIMG_TESTS64_SYSCALL_H

#include "guestimg/tests64/lib.h"

void syscall_init(void);	/* the MSRs as the tests expect them */
void test_bases(void);		/* syscall_bases.c */
void test_registers(void);	/* syscall_regs.c */
void test_mix(void);		/* syscall_mix.c */

#endif
