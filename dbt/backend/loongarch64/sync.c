/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * New and changed code made visible to fetches. Apart from what makes code, which native tests
 * compile for the build machine.
 */
#include "dbt/backend/backend.h"

/* By a number (ASID) that no page has: the windows have no entries, an emulator's are all gone. */
void backend_forget_page(const u32 *at)
{
	(void)at;
	asm volatile("invtlb 0x4, $zero, $zero" : : : "memory");
}

void backend_run_anchor(const u32 *anchor)
{
	backend_sync(anchor, anchor + HOST_ANCHOR_WORDS);
	((void (*)(void))(uintptr_t)anchor)();
}

void backend_sync(const u32 *start, const u32 *end)
{
	(void)start, (void)end;
	asm volatile("dbar 0; ibar 0" ::: "memory");
}
