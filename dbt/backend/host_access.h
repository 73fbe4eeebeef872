/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A faulting host load or store, taken apart: all of them are ours, so only the
 * forms that the back end and guest_access.S emit are known.
 */
#ifndef DBT_BACKEND_HOST_ACCESS_H
#define DBT_BACKEND_HOST_ACCESS_H

#include "kernel/trap.h"

struct host_access {
	hva_t addr;		/* of the first byte */
	u8 size;		/* bytes: 1, 2, 4, 8, 16 */
	u8 reg;			/* general or vector register */
	bool store, sign, vector;
	bool atomic;		/* its caller's: a part of a LOCKed instruction (INTENT_ATOMIC) */
};

/* False: the frame's instruction is none of them. */
bool host_access_decode(const struct trap_frame *f, struct host_access *a);
/* The bytes that a store would write; what a load has read, into its register. */
void host_access_value(const struct trap_frame *f, const struct host_access *a, u8 bytes[16]);
void host_access_result(struct trap_frame *f, const struct host_access *a, const u8 bytes[16]);

#endif
