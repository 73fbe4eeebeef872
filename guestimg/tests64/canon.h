/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the program `canon` share: addresses, and what an access there ends with. */
#ifndef GUESTIMG_TESTS64_CANON_H
#define GUESTIMG_TESTS64_CANON_H

#include "guestimg/tests64/access.h"

extern const u64 places[];	/* none of them, nor what lies around, is mapped */
extern const u32 places_count;

/*
 * Run r, whose first instruction accesses `size` bytes at `at`: #GP or #SS if one of them is not
 * canonical, else #PF. The registers must be as they were.
 */
void run_access(const struct regs *r, u64 at, u64 size, u32 flags);
/* The same, but what accesses is so many bytes behind r->rip. */
void run_access_after(const struct regs *r, u64 behind, u64 at, u64 size, u32 flags);

/* A place ± 2 GiB, too. */
enum { SHIFTS = 3 };
static inline u64 shifted(u64 place, u32 n)
{
	return place + (n ? n == 1 ? 1ul << 31 : -1ul << 31 : 0);
}

void test_forms(void);		/* canon_forms.c */
void test_known(void);		/* canon_known.c */
void test_branches(void);	/* canon_code.c */
void test_kicks(void);		/* canon_kick.c */
void test_pages(void);		/* canon_pages.c */
void test_images(void);		/* canon_images.c */

#endif
