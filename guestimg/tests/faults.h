/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of faults.rom share. */
#ifndef GUESTIMG_TESTS_FAULTS_H
#define GUESTIMG_TESTS_FAULTS_H

#include "guestimg/tests/lib.h"

enum { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI };

/* A window: pages with a guard of missing ones on each side, not next to each other in RAM. */
#define WINDOW_PAGES 4
u32 window_at(u32 n);			/* its first page's linear address */
u8 *window_byte(u32 va);		/* the byte in RAM that va is mapped to */
/* Rights of a window's page from now on. */
void window_set(u32 va, u32 bits);
void windows_init(void);

/* Page of user code; what is put there is at the returned linear address. */
#define CODE_PAGES (WINDOW + 0x800000)
u32 code_put(u32 off, const void *bytes, u32 n);

void test_insns(void);			/* faults_insn.c */
void test_strings(void);		/* faults_more.c */
void test_fetches(void);
void test_demand(void);

#endif
