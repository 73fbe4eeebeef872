/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of hostile.rom share. */
#ifndef GUESTIMG_TESTS_HOSTILE_H
#define GUESTIMG_TESTS_HOSTILE_H

#include "guestimg/tests/lib.h"

void test_tables(void);		/* hostile_tables.c */

#endif
