/* SPDX-License-Identifier: BSD-2-Clause */
/* The x87's state between translated code, its helpers and its images (dbt/rt/x87state.c). */
#ifndef DBT_RT_X87STATE_H
#define DBT_RT_X87STATE_H

#include "dbt/ir/helpers.h"

/* Where the instruction of a helper's third argument is; page: vcpu.page when it ran. */
static inline u64 x87_fip(const struct vcpu *c, u64 at, u64 page)
{
	bool relative = at >> X87_AT_RELATIVE & 1;

	if (!(at >> X87_AT_LONG & 1))
		return (u32)(at + (relative ? page - 2048 : 0));
	return relative ? page - 2048 + (u32)at : c->help[X87_HELP_RIP];
}

/* Where its operand is in a segment of that base: 0 in 64-bit code, but for FS and GS. */
static inline u64 x87_fdp(u64 linear, u64 at, u64 base)
{
	return at >> X87_AT_LONG & 1 ? linear - base : (u32)(linear - base);
}

/* What leaves have noted of instruction and operand goes to x87's own fields. */
void x87_settle(struct vcpu *c);

#endif
