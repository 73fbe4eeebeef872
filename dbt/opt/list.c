/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of passes, in order. */
#include "dbt/opt/opt.h"

#include "kernel/lib/bits.h"

static void (*const passes[])(struct ir *) = { opt_getput, opt_fold, opt_same, opt_dead };

void opt_run(struct ir *ir, u32 off)
{
	for (unsigned n = 0; n < ARRAY_LEN(passes); n++)
		if (!(off >> n & 1))
			passes[n](ir);
}
