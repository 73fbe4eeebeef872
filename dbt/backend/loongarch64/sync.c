/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * New and changed code made visible to fetches. Apart from what makes code, which native tests
 * compile for the build machine.
 */
#include "dbt/backend/backend.h"

void backend_forget_page(const u32 *at)
{
	asm volatile("invtlb 0x5, $zero, %0" : : "r"(at) : "memory");
}

void backend_sync(const u32 *start, const u32 *end)
{
	(void)start, (void)end;
	asm volatile("dbar 0; ibar 0" ::: "memory");
}
