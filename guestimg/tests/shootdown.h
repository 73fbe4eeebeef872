/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of shootdown.rom share. */
#ifndef GUESTIMG_TESTS_SHOOTDOWN_H
#define GUESTIMG_TESTS_SHOOTDOWN_H

#include "guestimg/tests/cpus.h"

enum { V_SHOOT = 0x61, V_CALL = 0x62, V_WAKE = 0x63 };

void test_storm(void);			/* shootdown_more.c */
void test_sleep(void);
void test_restarts(void);

#endif
