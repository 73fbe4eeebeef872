/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the program `hostile` (hostile.c). */
#ifndef GUESTIMG_TESTS_HOSTILE_H
#define GUESTIMG_TESTS_HOSTILE_H

void test_seen(void);		/* hostile_seen.c */
void test_tables(void);		/* hostile_tables.c */

#endif
