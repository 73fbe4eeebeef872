/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a simple instruction does to the arithmetic flags and the general registers, found before
 * anything is lifted. Not what it computes (dbt/lift). Law: what is not known to be simple is not.
 */
#ifndef DBT_X86_EFFECTS_H
#define DBT_X86_EFFECTS_H

#include "dbt/x86/ir1.h"

struct effects {
	/* It does what is said here and no more; then comes the next one. All else is 0 if not. */
	bool simple;
	bool sets_flags;	/* all six, whatever they were */
	bool wants_flags;	/* what they were matters: some are read or kept */
	bool may_fault;		/* it has changed nothing then */
	u16 writes;		/* general registers, a bit for each */
};

struct effects ir1_effects(const struct ir1 *i);

#endif
