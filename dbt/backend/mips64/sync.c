/* SPDX-License-Identifier: BSD-2-Clause */
/* New code becomes visible to fetches (MIPS64 Architecture, Volume II-A: SYNCI). */
#include "dbt/backend/mips64/prims.h"

#define LINE 16			/* no core's step is smaller: 16 on a 3A4000, 32 before */

/* Only for several guest CPUs, which this host does not have yet (HOST_MANY_CPUS). */
void backend_forget_page(const u32 *at) { (void)at; }

void backend_run_anchor(const u32 *anchor) { ((void (*)(void))(uintptr_t)anchor)(); }

void backend_sync(const u32 *start, const u32 *end)
{
	for (uintptr_t at = (uintptr_t)start & ~(uintptr_t)(LINE - 1); at < (uintptr_t)end;
	     at += LINE)
		asm volatile("synci 0(%0)" : : "r"(at) : "memory");
	asm volatile("sync; ehb" ::: "memory");
}
