/* SPDX-License-Identifier: BSD-2-Clause */
/* What the test of constants (konst.c) wants of a host (konst_HOST.c). */
#ifndef QEMU_TEST_ENC_KONST_H
#define QEMU_TEST_ENC_KONST_H

#include "kernel/lib/types.h"

struct words {
	u32 *p, *end;		/* p: the next word; moves on */
	bool overflow;
};

/* The constant's words are appended; those of a nop. */
void host_li(struct words *w, int rd, s64 v);
void host_nop(struct words *w);

#define HOST_LI_MAX 8		/* no constant takes more words on any host */

/* Run one word on the registers. False: none of the instructions that make constants. */
bool host_step(u64 r[32], u32 word);

/* Can fewer than n of those instructions make v? As far as the host's search goes. */
bool host_shorter(s64 v, unsigned n);

/* Lengths read off the manual: one known constant for each shape. */
struct known { s64 v; unsigned n; };
extern const struct known host_known[];
extern const unsigned host_known_count;

#endif
