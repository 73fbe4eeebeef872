/* SPDX-License-Identifier: BSD-2-Clause */
/* The counters of counters.def, one by one and as one line of name=value. Counts nothing itself. */
#include "dbt/dbt.h"

#include "dbt/core/this.h"
#include "kernel/cpu.h"
#include "kernel/lib/bits.h"
#include "kernel/printk.h"

#include <stdio.h>

static const char *const names[] = {
#define COUNTER(name, where) #name,
#include "dbt/counters.def"
#undef COUNTER
};

static u64 value(const struct dbt *d, unsigned n)
{
	const u64 *const at[] = {
#define COUNTER(name, where) &where,
#include "dbt/counters.def"
#undef COUNTER
	};

	return n < ARRAY_LEN(at) ? *at[n] : ~0ull;
}

u64 dbt_counter(unsigned n) { return value(dbt_this(), n); }

void dbt_counters_print(u32 tag)
{
	char line[2048];
	int at = snprintf(line, sizeof(line), "COUNTERS tag=%u", (unsigned)tag);

	for (unsigned n = 0; n < ARRAY_LEN(names) && at < (int)sizeof(line) - 48; n++)
		at += snprintf(line + at, sizeof(line) - (size_t)at, " %s=%lu", names[n],
			       (unsigned long)dbt_counter(n));
	line[at++] = '\n';
	printk_text(line, (size_t)at);	/* longer than what printk takes */
}
