/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of security.rom share: addresses whose host forms would be the monitor's. */
#ifndef GUESTIMG_TESTS_SECURITY_H
#define GUESTIMG_TESTS_SECURITY_H

#include "guestimg/tests/lib.h"

/* Around 2 GiB, the tops of the host's windows (0x8… to 0xb…, if extended wrongly), and 4 GiB. */
#define TARGETS { 0x7ffffff8, 0x7ffffffc, 0x7fffffff, 0x80000000, 0x80000010, 0x8fffffff, \
	0x90000000, 0x90200000, 0x9ffffffd, 0xa0000000, 0xaffffffe, 0xb0000000, 0xbffffff8, \
	0xbfffffff, 0xc0000000, 0xfffffff8, 0xfffffffc, 0xffffffff }

/*
 * Window n: three pages around a linear address, each in a frame of its own that is no neighbour
 * of the others. Placed at one address at a time.
 */
enum { SPOTS = 6, HALF = 640 };
void spot_place(u32 n, u32 at);
void spot_remove(u32 n);
/* Bytes HALF before `at` to HALF behind it, from or to RAM, not by the linear address. */
void spot_copy(u32 n, u32 at, u8 *bytes, bool to_ram);
void spots_init(void);
/* Has any frame between and around the windows' been written to? */
void expect_nothing_else(void);

u32 fault_address(void);

/* Code in security_sys.c. */
extern char load_fs[], gdt_at[], idt_at[], push_trap[];

void test_rows(void);			/* security.c */
void test_forms(void);			/* security_forms.c */
void test_tables(void);			/* security_sys.c */
void test_physical(void);

#endif
