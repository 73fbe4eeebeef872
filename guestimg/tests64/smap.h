/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the program `smap` share: pages of both kinds, and the flag. */
#ifndef GUESTIMG_TESTS64_SMAP_H
#define GUESTIMG_TESTS64_SMAP_H

#include "guestimg/tests64/lib.h"

enum { CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21 };

/*
 * The program itself lies on supervisor pages. Linear: an alias of it by user pages, where user
 * code and its stack are; two user pages, and right before them and right behind a supervisor's.
 */
#define ALIAS 0x50000000ul
#define USER (WINDOW + PAGE)
extern u64 user_frame;		/* of USER */

/* Code at CPL 3, in the alias. */
struct regs alias_regs(const void *rip);
/* Run r with AC clear, which is #PF with `error` for address `at`, and set, which is none. */
void with_ac_only(struct regs *r, u64 error, u64 at);
/* The same of code that no AC helps. */
void never(struct regs *r, u64 error, u64 at);
/* Vectors 0 … 0x30 by IST, as the code's stack may be any. */
void gates_by_ist(void);

void test_forms(void);		/* smap_forms.c */
void test_implicit(void);	/* smap_tables.c */

#endif
