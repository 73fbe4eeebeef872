/* SPDX-License-Identifier: BSD-2-Clause */
/* See kick.h. */
#include "dbt/rt/kick.h"

#include "dbt/backend/host.h"
#include "dbt/cache/cache.h"
#include "dbt/cache/jump_cache.h"

static bool in_glue(u64 pc)
{
	return pc >= (u64)(uintptr_t)glue_text_start && pc < (u64)(uintptr_t)glue_text_end;
}

void kick_frame(struct trap_frame *f)
{
	f->gpr[R_KICK] = 1;
	if (cache_holds(f->pc) || in_glue(f->pc))
		f->gpr[R_CTX] = (u64)(uintptr_t)jump_nothing;
}
